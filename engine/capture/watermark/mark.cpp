#include "engine/capture/watermark/mark.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/capture/watermark/moment.h"
#include "engine/model/kept_json.h"

namespace engine::capture {

namespace json = boost::json;

namespace {

using model::Growth;

constexpr std::array<std::string_view, 4> growth_names{"none", "counter", "day", "moment"};

std::string_view name_of(Growth growth) { return growth_names[static_cast<std::size_t>(growth)]; }

Growth growth_named(std::string_view name) {
  const auto found = std::ranges::find(growth_names, name);
  return found == growth_names.end() ? Growth::none : static_cast<Growth>(found - growth_names.begin());
}

// People read checkpoints: times stand there as times.
std::string shown(const ColumnMark& column) {
  return column.growth == Growth::counter ? std::to_string(*column.reached) : moment_text(*column.reached, Growth::moment);
}

std::optional<std::int64_t> number_of(const json::value* text, Growth growth) {
  if (text == nullptr) return std::nullopt;
  const std::string_view shown = text->as_string();
  return growth == Growth::counter ? count_of(shown) : moment_of(shown);
}

}  // namespace

bool Mark::fits(const std::vector<WatchedColumn>& watched) const {
  return std::ranges::equal(columns, watched, [](const ColumnMark& mark, const WatchedColumn& column) {
    return mark.column == column.name && mark.growth == column.growth;
  });
}

std::string mark_text(const Mark& mark) {
  json::array columns;
  for (const ColumnMark& column : mark.columns) {
    json::object one{{"column", column.column}, {"growth", name_of(column.growth)}};
    if (column.reached) one["reached"] = shown(column);
    if (column.growth != Growth::counter) one["at"] = moment_text(column.at, Growth::moment);
    columns.push_back(std::move(one));
  }
  return json::serialize(json::object{{"columns", std::move(columns)}, {"ours_ms", mark.ours_ms}});
}

Mark mark_from(std::string_view text) {
  return model::read_kept(text, "a watermark", [](const json::value& parsed) {
    Mark mark{.columns = {}, .ours_ms = parsed.at("ours_ms").to_number<std::int64_t>()};
    for (const json::value& each : parsed.at("columns").as_array()) {
      const json::object& one = each.as_object();
      ColumnMark column{.column = std::string(one.at("column").as_string()), .growth = growth_named(one.at("growth").as_string()), .reached = {}};
      column.reached = number_of(one.if_contains("reached"), column.growth);
      column.at = number_of(one.if_contains("at"), column.growth).value_or(0);
      mark.columns.push_back(std::move(column));
    }
    return mark;
  });
}

std::optional<std::int64_t> lower_bound(const ColumnMark& column, std::int64_t ours_then_ms, std::int64_t now_us, std::int64_t ours_ms,
                                        const settings::CaptureDefinition& capture) {
  if (!column.reached) return std::nullopt;
  if (column.growth == Growth::counter) return *column.reached - capture.overlap_ids;
  // A clock that was set back by an hour gives stamps an hour below the mark. When it runs on from there for longer than that before it
  // is asked, only another clock tells. That one is only believed as far as it widens the range.
  const std::int64_t theirs_us = now_us - column.at;
  const std::int64_t ours_us = (ours_ms - ours_then_ms) * 1'000;
  const std::int64_t set_back_us = std::max<std::int64_t>({0, -theirs_us, ours_us - theirs_us});
  const std::int64_t from = *column.reached - set_back_us - capture.overlap_ms * 1'000;
  // Whole seconds: many columns hold no more.
  return from - (from % second_us + second_us) % second_us;
}

ColumnMark advanced(const ColumnMark& column, std::int64_t ours_then_ms, std::int64_t now_us, std::int64_t ours_ms) {
  ColumnMark later = column;
  if (column.growth == Growth::counter) return later;
  later.at = now_us;
  const std::int64_t ours_us = std::max<std::int64_t>(0, ours_ms - ours_then_ms) * 1'000;
  if (later.reached) later.reached = std::min(*column.reached + std::min(now_us - column.at, ours_us), now_us);
  return later;
}

}  // namespace engine::capture
