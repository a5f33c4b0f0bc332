#include "engine/pipeline/alerts/rhythm.h"

#include <algorithm>
#include <boost/json.hpp>

#include "engine/base/text/durations.h"

namespace engine::pipeline {

namespace json = boost::json;

namespace {

constexpr std::int64_t hour_seen_ms_min = 50 * minute_ms;  ///< an hour seen for less says little of its silences
constexpr std::size_t weeks_kept = 4;
constexpr std::size_t weeks_needed = 2;
constexpr std::int64_t beyond_usual_ms = 10 * minute_ms;

}  // namespace

void Rhythm::end_hour(Table& table, std::int64_t now_ms) {
  const std::int64_t seen_until_ms = std::min(now_ms, (table.hour + 1) * hour_ms);
  if (table.hour >= 0 && seen_until_ms - table.hour_seen_from_ms >= hour_seen_ms_min) {
    auto& minutes = table.minutes[static_cast<std::size_t>(table.hour) % hours_of_week];
    minutes.push_back((table.longest_ms + minute_ms - 1) / minute_ms);
    if (minutes.size() > weeks_kept) minutes.erase(minutes.begin());
  }
  table.hour = now_ms / hour_ms;
  table.hour_seen_from_ms = now_ms;
  table.longest_ms = 0;
}

void Rhythm::observe(const std::string& name, std::int64_t last_change_ms, std::int64_t now_ms) {
  Table& table = tables_[name];
  if (table.silent_since_ms == 0 || table.silent_since_ms > now_ms) table.silent_since_ms = now_ms;
  if (now_ms / hour_ms != table.hour) end_hour(table, now_ms);
  // The silence that this change ended counts in full.
  const std::int64_t silence_ends_ms = last_change_ms > table.silent_since_ms ? last_change_ms : now_ms;
  table.longest_ms = std::max(table.longest_ms, silence_ends_ms - table.silent_since_ms);
  table.silent_since_ms = std::max(table.silent_since_ms, last_change_ms);
}

std::optional<Silence> Rhythm::unusual_silence(const std::string& name, std::int64_t now_ms) const {
  const auto found = tables_.find(name);
  if (found == tables_.end()) return std::nullopt;
  const Table& table = found->second;
  const auto hour = static_cast<std::size_t>(now_ms / hour_ms);
  if (table.minutes[hour % hours_of_week].size() < weeks_needed) return std::nullopt;
  std::int64_t usual_ms = 0;
  for (const std::size_t near : {hour - 1, hour, hour + 1}) {
    for (const std::int64_t minutes : table.minutes[near % hours_of_week]) usual_ms = std::max(usual_ms, minutes * minute_ms);
  }
  const std::int64_t lasts_ms = now_ms - table.silent_since_ms;
  if (lasts_ms <= std::max(2 * usual_ms, usual_ms + beyond_usual_ms)) return std::nullopt;
  return Silence{name, lasts_ms, usual_ms};
}

std::string Rhythm::json() const {
  json::object tables;
  for (const auto& [name, table] : tables_) {
    json::array hours;
    for (const auto& minutes : table.minutes) hours.push_back(json::value_from(minutes));
    tables[name] = json::object{{"silent_since_ms", table.silent_since_ms}, {"minutes", std::move(hours)}};
  }
  return json::serialize(tables);
}

void Rhythm::restore(const std::string& text) {
  try {
    const json::value value = json::parse(text);
    for (const auto& item : value.as_object()) {
      const json::object& object = item.value().as_object();
      Table table;
      table.silent_since_ms = object.at("silent_since_ms").to_number<std::int64_t>();
      const json::array& hours = object.at("minutes").as_array();
      for (std::size_t i = 0; i < hours.size() && i < hours_of_week; ++i) {
        table.minutes[i] = json::value_to<std::vector<std::int64_t>>(hours[i]);
      }
      tables_[std::string(item.key())] = std::move(table);
    }
  } catch (const std::exception&) {
    tables_.clear();
  }
}

}  // namespace engine::pipeline
