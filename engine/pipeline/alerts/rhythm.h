// How long tables are usually silent, by hour of the week, and which is silent for longer than it ever is.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/pipeline/alerts/conditions.h"

namespace engine::pipeline {

/// For each hour of the week the longest silence seen in it, of the last four weeks: an office that closes from Friday to
/// Monday is silent for 62 hours on Monday at eight and for minutes at eleven. A silence is unusual when it lasts more
/// than twice as long as any of this hour and its two neighbours, and ten minutes more. Where fewer than two weeks are
/// known of an hour nothing is said. Hours are UTC: the neighbours cover the change to summer time.
///
/// Pure; the caller keeps its JSON over restarts. Times are wall milliseconds.
class Rhythm {
 public:
  /// A look at a table that is read as planned. `last_change_ms`: of this process; 0: none yet.
  void observe(const std::string& table, std::int64_t last_change_ms, std::int64_t now_ms);
  std::optional<Silence> unusual_silence(const std::string& table, std::int64_t now_ms) const;

  std::string json() const;
  /// Text that cannot be read leaves no history.
  void restore(const std::string& json);

 private:
  static constexpr std::size_t hours_of_week = 168;
  struct Table {
    std::int64_t silent_since_ms = 0;
    std::int64_t hour = -1;           ///< since 1970: the one under way
    std::int64_t hour_seen_from_ms = 0;
    std::int64_t longest_ms = 0;      ///< silence in the hour under way
    std::array<std::vector<std::int64_t>, hours_of_week> minutes;  ///< the newest last
  };
  static void end_hour(Table& table, std::int64_t now_ms);

  std::map<std::string, Table> tables_;
};

}  // namespace engine::pipeline
