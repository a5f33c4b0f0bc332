// Counts changes as they are read from the journal, each once. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/model/change.h"
#include "engine/operate/inspect/assess/watch_plan.h"

namespace engine::operate {

/// Within so long after a row's last change, another one is a repetition.
inline constexpr std::array<std::int64_t, 4> repeat_windows_ms{10'000, 60'000, 600'000, 3'600'000};
inline constexpr std::int64_t tally_slot_ms = 10'000;

/// What one cycle found.
struct CycleTally {
  std::int64_t id = 0;
  std::int64_t first_seq = 0;
  std::int64_t at_ms = 0;    ///< of its first change
  std::int64_t last_ms = 0;  ///< and of its last one
  Counts counts;
  std::map<std::uint32_t, std::int64_t> columns;  ///< by the position of the name
};

struct ColumnTally {
  std::int64_t changed = 0;
  std::int64_t alone = 0;
};

class TableTally {
 public:
  /// `zone_ms`: how far local time is ahead of UTC; nights are counted by it.
  TableTally(std::string user_column, std::int64_t zone_ms) : user_column_(std::move(user_column)), zone_ms_(zone_ms) {}

  /// In the order of the journal. `stretches` says when the table was watched up to now, and `begin_ms` when the whole began.
  void add(const model::Change& change, const std::vector<Stretch>& stretches, std::int64_t begin_ms);

  Counts counts, between;
  CountsByTime by_slot;
  std::vector<CycleTally> cycles;
  std::vector<std::string> column_names;  ///< by position
  std::vector<ColumnTally> columns;
  std::map<std::string, std::int64_t> users;
  std::array<std::int64_t, repeat_windows_ms.size()> repeats{};
  std::int64_t updates_of_known = 0;              ///< that could have been repetitions
  std::map<std::int64_t, std::int64_t> rows_of_day;  ///< distinct rows that changed, by days since the beginning
  std::int64_t copy_delay_sum_ms = 0;             ///< until the next night

 private:
  struct Row {
    std::int64_t changed_ms = 0;
    std::int64_t day = -1;
  };
  void count_columns(const model::Change& change, CycleTally* cycle);
  void count_user(const model::Change& change);
  std::uint32_t position_of(std::string_view column);

  std::string user_column_;
  std::int64_t zone_ms_;
  std::unordered_map<std::uint64_t, Row> rows_;  ///< by a hash of the key: two keys with one hash cost one count
};

/// The text of a top-level member of an image; nullopt: NULL, no such member, or no scalar.
std::optional<std::string> member_of_image(const std::string& image, std::string_view name);

}  // namespace engine::operate
