// How far the capture of a table has come: what stands in its checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/key.h"

namespace engine::capture {

/// {"phase":"snapshot","after":["C001"]} or {"phase":"watching","whole_ms":…,"mode":"watermark","mark":{…}}; what is not known
/// is left out. A table without a checkpoint is new.
struct Position {
  bool snapshot = true;                   ///< the first snapshot is not complete
  std::optional<model::SourceKey> after;  ///< snapshot: the key up to which rows are in the journal
  std::int64_t whole_ms = 0;  ///< when the last reading of all rows began; 0 where every reading is one
  std::string mode;           ///< whose mark it is: another mode does not understand it
  std::string mark;           ///< JSON: from where the next look at the source goes on; empty: from nowhere

  bool operator==(const Position&) const = default;
};

std::string position_text(const Position& position);
/// Throws Error journal_failed for a text that is none.
Position position_from(std::string_view text);

}  // namespace engine::capture
