// One pass over a table that found something (or the first): counts and state, so that a killed one goes on under its
// id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace engine::journal {

class Connection;

struct Cycle {
  std::int64_t id = 0;
  std::int64_t table_id = 0;
  std::string kind;   ///< snapshot, diff
  std::string state;  ///< open, closed
  std::int64_t started_ms = 0;
  std::optional<std::int64_t> ended_ms;
  std::int64_t rows_read = 0;
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
};

class Cycles {
 public:
  explicit Cycles(Connection& connection) : connection_(connection) {}

  /// The open cycle of a table, if a process was killed inside one or one is under way.
  std::optional<Cycle> open_of(std::int64_t table_id);
  std::int64_t start(std::int64_t table_id, const std::string& kind, std::int64_t now_ms);
  /// Adds to the counts.
  void add(std::int64_t cycle_id, std::int64_t rows_read, std::int64_t inserts, std::int64_t updates,
           std::int64_t deletes);
  void close(std::int64_t cycle_id, std::int64_t now_ms);
  std::optional<Cycle> find(std::int64_t cycle_id);
  /// The same row was changed by both before it was read. An empty one: by none that is known.
  void tie(std::int64_t cycle_id, const std::string& source_transaction, const std::string& tied_to);
  std::vector<std::pair<std::string, std::string>> ties(std::int64_t cycle_id);
  std::vector<Cycle> latest(std::int64_t table_id, std::size_t limit);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
