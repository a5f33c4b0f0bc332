// Tables as the journal knows them: identity, layout, state, checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/layout.h"

namespace engine::journal {

class Connection;

struct SourceTable {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int64_t> layout_id;
  std::string state;  ///< new, snapshot, watching, paused
  std::string state_reason;
  std::int64_t last_cycle_ms = 0;
  std::int64_t rows = 0;
  bool renewing = false;  ///< images of other columns than today's may be left: all rows are to be read
};

class SourceTables {
 public:
  explicit SourceTables(Connection& connection) : connection_(connection) {}

  std::optional<SourceTable> find(const std::string& name);
  std::vector<SourceTable> all();
  /// Creates it in state `new` when it is not there.
  SourceTable ensure(const std::string& name);
  /// The table goes on under another name. False when there is none called `from`. Throws config_invalid when both names
  /// are known: which of the two is meant cannot be told.
  bool rename(const std::string& from, const std::string& to);
  void set_state(std::int64_t table_id, const std::string& state, const std::string& reason);
  void set_renewing(std::int64_t table_id, bool renewing);
  void cycle_done(std::int64_t table_id, std::int64_t at_ms, std::int64_t rows);

  /// Stores the layout when it differs from the current one and makes it current; returns its id.
  std::int64_t put_layout(std::int64_t table_id, const model::Layout& layout, std::int64_t now_ms);
  std::optional<model::Layout> layout(std::int64_t layout_id);
  /// Ids of the table's newest layouts, the current one first.
  std::vector<std::int64_t> layouts(std::int64_t table_id, std::size_t limit = 50);

  std::optional<std::string> checkpoint(std::int64_t table_id);
  void save_checkpoint(std::int64_t table_id, const std::string& position, std::int64_t now_ms);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
