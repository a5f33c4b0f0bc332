// `mode: watermark`: a cycle reads the rows whose growing column lies beyond the mark less its overlap.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/capture/lookout.h"
#include "engine/capture/watermark/mark.h"
#include "engine/model/source/growth.h"
#include "engine/model/source.h"

namespace engine::capture {

/// What it cannot see, the reading of all rows finds: deletes, changes that leave the column alone, NULL in it, and what was committed later
/// than the overlap after its stamp. Those are counted as healed.
class Watermark final : public Lookout {
 public:
  explicit Watermark(const settings::TableDefinition& table) : table_(table) {}

  Finding look(Reading& reading) override;
  void read_part(Reading& reading) override;
  std::string settle(Finding read) override;

 private:
  std::vector<WatchedColumn> watched_columns(const model::Layout& layout) const;
  bool ask_clocks(Reading& reading, const std::vector<WatchedColumn>& watched);
  void begin_anew(Reading& reading, const std::vector<WatchedColumn>& watched);
  void see(const model::RowView& row);
  bool is_visible(const model::RowView& row) const;
  bool begins_anew(std::size_t column, Finding read) const;

  settings::TableDefinition table_;
  std::optional<Mark> stood_;  ///< of the last cycle that was settled, or of the checkpoint
  std::string stored_;         ///< what the checkpoint holds of it
  // Of the cycle under way:
  std::vector<WatchedColumn> watched_;
  std::vector<std::int64_t> now_us_;  ///< by column
  std::int64_t ours_ms_ = 0;
  std::vector<std::optional<std::int64_t>> from_;
  std::vector<std::optional<std::int64_t>> highest_;  ///< seen, not above the clock
  bool marks_ = false;    ///< the clocks were told
  bool drifted_ = false;  ///< the reading of all rows found a change that was passed by
};

}  // namespace engine::capture
