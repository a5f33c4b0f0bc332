#include "engine/operate/inspect/assess/tally.h"

#include <algorithm>
#include <functional>

#include "engine/base/text/durations.h"
#include "engine/model/json_text.h"

namespace engine::operate {

namespace {

constexpr std::size_t users_max = 1'000;
/// The end of a stretch is written down every ten seconds: what was found shortly behind it belongs to it.
constexpr std::int64_t unwritten_ms = 15'000;
/// When nightly copies run, in local time.
constexpr std::int64_t night_ms = 2LL * 3'600'000;

Counts one(model::Operation operation) {
  switch (operation) {
    case model::Operation::update: return {.updates = 1};
    case model::Operation::delete_: return {.deletes = 1};
    default: return {.inserts = 1};
  }
}

/// Found by the first cycle after a pause: nobody knows when it was made.
bool is_between(std::int64_t at_ms, const std::vector<Stretch>& stretches) {
  bool behind = false;
  for (const Stretch& each : stretches) {
    if (at_ms < each.begin_ms) return behind;
    behind = at_ms > each.end_ms + unwritten_ms;
  }
  return behind;
}

std::int64_t until_night(std::int64_t at_ms, std::int64_t zone_ms) { return day_ms - (at_ms + zone_ms - night_ms) % day_ms; }

std::vector<std::string> names_in(const std::string& array) {
  std::vector<std::string> names;
  model::JsonScanner scanner(array);
  scanner.value();
  for (bool first = true; scanner.element(first);) names.push_back(model::unescaped(scanner.value()));
  return names;
}

}  // namespace

std::optional<std::string> member_of_image(const std::string& image, std::string_view name) {
  model::JsonScanner scanner(image);
  scanner.value();
  model::JsonToken member;
  for (bool first = true; scanner.member(first, member);) {
    const bool is_it = member.escaped ? model::unescaped(member) == name : member.raw == name;
    const model::JsonToken value = scanner.value();
    if (value.kind == model::JsonKind::begin_array || value.kind == model::JsonKind::begin_object) {
      scanner.container();
      continue;
    }
    if (!is_it) continue;
    if (value.kind == model::JsonKind::text) return model::unescaped(value);
    return value.kind == model::JsonKind::number ? std::optional(std::string(value.raw)) : std::nullopt;
  }
  return std::nullopt;
}

void TableTally::add(const model::Change& change, const std::vector<Stretch>& stretches, std::int64_t begin_ms) {
  const Counts single = one(change.operation);
  counts += single;
  count_user(change);
  const std::int64_t at = change.captured_ms;
  Row& row = rows_[std::hash<std::string>{}(change.key)];
  const std::int64_t day = std::max<std::int64_t>(0, at - begin_ms) / day_ms;
  if (row.day != day) ++rows_of_day[day];
  row.day = day;
  if (is_between(at, stretches)) {
    between += single;
    count_columns(change, nullptr);
    return;
  }
  copy_delay_sum_ms += until_night(at, zone_ms_);
  by_slot[at / tally_slot_ms * tally_slot_ms] += single;
  if (cycles.empty() || cycles.back().id != change.cycle_id) cycles.push_back({.id = change.cycle_id, .first_seq = change.seq, .at_ms = at});
  cycles.back().last_ms = at;
  cycles.back().counts += single;
  count_columns(change, &cycles.back());
  if (change.operation == model::Operation::update) {
    ++updates_of_known;
    for (std::size_t i = 0; i < repeat_windows_ms.size(); ++i) {
      if (row.changed_ms > 0 && at - row.changed_ms <= repeat_windows_ms[i]) ++repeats[i];
    }
  }
  row.changed_ms = at;
}

void TableTally::count_columns(const model::Change& change, CycleTally* cycle) {
  if (change.operation != model::Operation::update) return;
  const std::vector<std::string> names = names_in(change.changed_columns);
  for (const std::string& name : names) {
    const std::uint32_t position = position_of(name);
    ++columns[position].changed;
    if (names.size() == 1) ++columns[position].alone;
    if (cycle != nullptr) ++cycle->columns[position];
  }
}

std::uint32_t TableTally::position_of(std::string_view column) {
  const auto found = std::find(column_names.begin(), column_names.end(), column);
  if (found != column_names.end()) return static_cast<std::uint32_t>(found - column_names.begin());
  column_names.emplace_back(column);
  columns.emplace_back();
  return static_cast<std::uint32_t>(columns.size() - 1);
}

/// Of a deleted row its column says who changed it before.
void TableTally::count_user(const model::Change& change) {
  std::optional<std::string> user = change.source_user;
  if (!user && !user_column_.empty() && change.after) user = member_of_image(*change.after, user_column_);
  if (!user || user->empty()) return;
  if (users.size() < users_max || users.contains(*user)) ++users[*user];
}

}  // namespace engine::operate
