#include "engine/capture/tracked_table.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/capture/schema_drift.h"

namespace engine::capture {

namespace {

struct Known {
  std::optional<journal::SourceTable> row;
  std::optional<std::string> checkpoint;
  std::optional<model::Layout> layout;
  std::optional<journal::Cycle> open_cycle;
};

Known look_up(journal::Journal& journal, const std::string& name) {
  auto lease = journal.read();
  Known known;
  known.row = lease->tables.find(name);
  if (!known.row) return known;
  known.checkpoint = lease->tables.checkpoint(known.row->id);
  if (known.row->layout_id) known.layout = lease->tables.layout(*known.row->layout_id);
  known.open_cycle = lease->cycles.open_of(known.row->id);
  return known;
}

TrackedTable start_snapshot(journal::Journal& journal, std::int64_t now_ms, const std::string& name,
                            const model::Layout& described) {
  TrackedTable table{.layout = described};
  journal.write([&](journal::Records& records) {
    table.row = records.tables.ensure(name);
    table.layout_id = records.tables.put_layout(table.row.id, described, now_ms);
    table.open_cycle = records.cycles.start(table.row.id, "snapshot", now_ms);
    records.tables.save_checkpoint(table.row.id, position_text(table.position), now_ms);
    records.tables.set_state(table.row.id, "snapshot", "");
  });
  table.row.state = "snapshot";
  return table;
}

/// The new layout and the need to read all rows are one commit: equal digests say nothing about rows of two layouts, where a column may have
/// got another name.
void change_layout(journal::Journal& journal, std::int64_t now_ms, TrackedTable& table, const std::string& drift) {
  table.row.renewing = true;
  journal.write([&](journal::Records& records) {
    table.layout_id = records.tables.put_layout(table.row.id, table.layout, now_ms);
    records.tables.set_renewing(table.row.id, true);
    if (!drift.empty() && table.row.state == "watching") {
      records.tables.set_state(table.row.id, "watching", "columns changed on " + utc_text(now_ms) + ": " + drift);
    }
  });
  if (!drift.empty()) log_event(LogLevel::warning, "capture.columns_changed", {{"table", table.row.name}, {"changes", drift}});
}

}  // namespace

TrackedTable track_table(journal::Journal& journal, const Clock& clock, const std::string& name,
                         const model::Layout& described) {
  const Known known = look_up(journal, name);
  if (!known.checkpoint) return start_snapshot(journal, clock.wall_ms(), name, described);
  if (!known.layout) throw Error(ErrorCode::journal_failed, "the journal has a checkpoint of the table but no layout");
  const std::string drift = drift_between(*known.layout, described);
  TrackedTable table{.row = *known.row,
                     .layout = described,
                     .layout_id = *known.row->layout_id,
                     .position = position_from(*known.checkpoint)};
  if (known.open_cycle) table.open_cycle = known.open_cycle->id;
  if (!drift.empty() || is_reordered(*known.layout, described)) change_layout(journal, clock.wall_ms(), table, drift);
  return table;
}

}  // namespace engine::capture
