// Ranges of keys that a person wants to be read again between the cycles: how far each has come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace engine::journal {

class Connection;

/// One a table: a new one takes the place of one that ended. Keys are JSON arrays, as the source is asked for them.
struct RangeBackfill {
  std::int64_t table_id = 0;
  std::optional<std::string> first;  ///< the range begins with it; none: with the table
  std::string first_encoded;         ///< the same, as the images' index has it
  std::optional<std::string> last;   ///< and ends with it; none: with the table
  std::optional<std::string> at;     ///< up to there all is read, and its deliveries are planned; none: nothing is
  std::vector<std::string> pipelines;
  std::int64_t rows = 0;
  std::int64_t sent = 0;             ///< deliveries planned
  std::int64_t failed = 0;           ///< rows that cannot be mapped
  std::int64_t begun_ms = 0;
  std::optional<std::int64_t> ended_ms;
  std::string reason;                ///< why it ended before the range did

  bool is_open() const { return !ended_ms; }
};

class RangeBackfills {
 public:
  explicit RangeBackfills(Connection& connection) : connection_(connection) {}

  std::optional<RangeBackfill> find(std::int64_t table_id);
  void put(const RangeBackfill& backfill);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
