// How far the capture of a table has come: what a diff keeps as its checkpoint.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/model/key.h"

namespace engine::capture {

/// {"phase":"snapshot"}, {"phase":"snapshot","after":["C001"]} or {"phase":"watching"}. A table without a checkpoint is new.
struct DiffPosition {
  bool snapshot = true;                   ///< the first snapshot is not complete
  std::optional<model::SourceKey> after;  ///< snapshot: the key up to which rows are in the journal

  bool operator==(const DiffPosition&) const = default;
};

std::string position_text(const DiffPosition& position);
/// Throws Error journal_failed for a text that is none, such as another capture mode's.
DiffPosition position_from(std::string_view text);

}  // namespace engine::capture
