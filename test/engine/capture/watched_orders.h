// A table that is read by a watermark, with a database whose clock is turned by hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/capture/watermark/moment.h"
#include "test/engine/capture/captured_table.h"

namespace test {

/// Key `k`, a text, a time of the last change and a counter.
inline engine::model::Layout orders(engine::model::ColumnType stamp = engine::model::ColumnType::timestamp, engine::model::ColumnType counter = engine::model::ColumnType::integer) {
  engine::model::Layout layout;
  layout.columns = {{"k", engine::model::ColumnType::integer, 10, 0, false, "int"}, {"a", engine::model::ColumnType::text, 10, 0, true, "text"},
                    {"ts", stamp, 26, 0, true, "stamp"}, {"id", counter, 10, 0, true, "counter"}};
  layout.key = {0};
  return layout;
}

/// The table with a database whose clock is turned by hand; it runs as ours does.
class Orders : public CapturedTable {
 public:
  explicit Orders(std::vector<std::string> columns = {"ts"}, engine::model::Layout layout = orders(), std::size_t chunk_rows = 4)
      : CapturedTable(std::move(layout), chunk_rows) {
    definition.capture.mode = "watermark";
    watch(columns);
    definition.capture.full_every_ms = 6 * 3'600'000;
    pass(0);
  }

  void watch(const std::vector<std::string>& columns) {
    definition.capture.columns.clear();
    for (const std::string& column : columns) definition.capture.columns.push_back({column, {"tables/orders.yaml", 6, 20}});
  }
  /// Both clocks go on.
  void pass(std::int64_t seconds) {
    clock.advance(seconds * 1'000);
    set_back(-seconds);
  }
  /// The database's alone.
  void set_back(std::int64_t seconds) {
    database_us -= seconds * 1'000'000;
    source.database_clock = engine::capture::moment_text(database_us, engine::model::Growth::moment);
  }
  std::string stamp(std::int64_t seconds_ago = 0) const { return engine::capture::moment_text(database_us - seconds_ago * 1'000'000, engine::model::Growth::moment); }
  void put(int k, const std::string& a, std::optional<std::string> ts, std::optional<std::string> id = {}) {
    source.put({std::to_string(k), a, std::move(ts), std::move(id)});
  }
  /// Cycles once; what the journal was told by it.
  std::vector<std::string> news() {
    pass(2);
    const std::int64_t before = journal ? last_seq() : 0;
    result = cycle();
    return told(changes_after(before));
  }
  /// Time passes, and with it the overlap over what is there.
  void rest() {
    pass(3'600);
    news();
  }
  /// `news` with all rows read.
  std::vector<std::string> full_news() {
    pass(definition.capture.full_every_ms / 1'000);
    return news();
  }

  std::int64_t database_us = *engine::capture::moment_of("2026-11-22 10:00:00");
  engine::capture::CycleResult result;
};

}  // namespace test
