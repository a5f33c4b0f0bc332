#include "engine/capture/watermark/watermark.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/capture/reading/reading.h"
#include "engine/capture/watermark/growth_pass.h"
#include "engine/capture/watermark/moment.h"
#include "engine/settings/diagnostics.h"

namespace engine::capture {

namespace {

using model::Growth;

/// A mark that only went on with the clock is stored as often; a process that is killed reads so much more again.
constexpr std::int64_t store_every_ms = 60'000;

std::optional<std::int64_t> number_of(std::string_view text, Growth growth) { return growth == Growth::counter ? count_of(text) : moment_of(text); }

std::string text_of(std::int64_t number, Growth growth) { return growth == Growth::counter ? std::to_string(number) : moment_text(number, growth); }

[[noreturn]] void refuse(const settings::GrowingColumn& column, const std::string& why, const std::string& hint) {
  throw Error(ErrorCode::source_refused, "column " + column.name + " cannot be the watermark: " + why, {{"column", column.name}, {"file", column.origin.text()}}, hint);
}

}  // namespace

std::vector<WatchedColumn> Watermark::watched_columns(const model::Layout& layout) const {
  std::vector<WatchedColumn> watched;
  for (const settings::GrowingColumn& column : table_.capture.columns) {
    const auto position = layout.find(column.name);
    if (!position) {
      std::vector<std::string> names;
      for (const model::Column& each : layout.columns) names.push_back(each.name);
      refuse(column, "the table has no such column", settings::did_you_mean(column.name, names));
    }
    const Growth growth = model::growth_of(layout.columns[*position]);
    if (growth == Growth::none) {
      refuse(column, "it is a " + std::string(name_of(layout.columns[*position].type)),
             "name a date, a time with its date, an integer or an exact decimal; a `query:` may make one of it");
    }
    watched.push_back({*position, layout.columns[*position].name, growth});
  }
  return watched;
}

Finding Watermark::look(Reading& reading) {
  const CycleScope& scope = reading.scope;
  watched_ = watched_columns(scope.shape.layout);
  const Position& position = scope.table.position;
  stored_ = position.mode == table_.capture.mode ? position.mark : std::string();
  if (!stood_ && !stored_.empty()) stood_ = mark_from(stored_);
  // Other columns than those of the mark: it says nothing about them.
  if (stood_ && !stood_->fits(watched_)) stood_.reset();
  highest_.assign(watched_.size(), std::nullopt);
  from_.assign(watched_.size(), std::nullopt);
  drifted_ = false;
  marks_ = ask_clocks(reading, watched_);
  if (!marks_) return Finding::everything;
  for (std::size_t i = 0; stood_ && i < watched_.size(); ++i) {
    from_[i] = lower_bound(stood_->columns[i], stood_->ours_ms, now_us_[i], ours_ms_, table_.capture);
  }
  if (stood_ && !reading.whole) return Finding::part;
  begin_anew(reading, watched_);
  return Finding::everything;
}

/// False when the database cannot tell its time at this moment.
bool Watermark::ask_clocks(Reading& reading, const std::vector<WatchedColumn>& watched) {
  const CycleScope& scope = reading.scope;
  ours_ms_ = scope.clock.wall_ms();
  now_us_.assign(watched.size(), 0);
  for (std::size_t i = 0; i < watched.size(); ++i) {
    if (watched[i].growth == Growth::counter) continue;
    const model::Column& column = scope.shape.layout.columns[watched[i].position];
    const auto now = scope.source.now(scope.definition.request, column);
    if (!now) return false;
    const auto moment = moment_of(*now);
    if (!moment) refuse(table_.capture.columns[i], "the database's clock says '" + *now + "'", "correct `now:` of the connection's dialect");
    now_us_[i] = *moment;
  }
  return true;
}

/// All rows are read: the marks begin where the columns stand before that, so that what is stamped meanwhile lies beyond them.
void Watermark::begin_anew(Reading& reading, const std::vector<WatchedColumn>& watched) {
  const CycleScope& scope = reading.scope;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    std::optional<std::string> not_above;
    if (watched[i].growth != Growth::counter) not_above = moment_text(now_us_[i], watched[i].growth);
    const auto highest = scope.source.highest(scope.definition.request, scope.shape, watched[i].position, not_above);
    if (!highest) continue;
    highest_[i] = number_of(*highest, watched[i].growth);
    const bool is_text = scope.shape.layout.columns[watched[i].position].type == model::ColumnType::text;
    if (!highest_[i] && (is_text || watched[i].growth == Growth::counter)) {
      refuse(table_.capture.columns[i], "it holds '" + *highest + "'", "it must hold times as YYYY-MM-DD HH:MM:SS, or numbers of up to 18 digits");
    }
  }
  if (!stood_) return;
  reading.writer.watch([this](const model::RowView& row) {
    const bool visible = is_visible(row);
    drifted_ = drifted_ || !visible;
    return visible;
  });
}

void Watermark::read_part(Reading& reading) {
  std::vector<model::GrowthBound> bounds;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    const WatchedColumn& column = watched_[i];
    std::optional<std::string> from;
    if (from_[i]) from = text_of(*from_[i], column.growth);
    bounds.push_back({column.position, std::move(from)});
  }
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    // A counter's mark is what was seen. A time's goes on with the clock, so the end of the rows must be sure, or lie behind the clock.
    const auto is_end = [this, i](std::string_view last) {
      if (watched_[i].growth == Growth::counter) return true;
      const auto moment = moment_of(last);
      return !moment || *moment > now_us_[i];
    };
    // Each row once: those that an earlier column brought are left out.
    const model::GrowthRange range{bounds[i], {bounds.begin(), bounds.begin() + static_cast<std::ptrdiff_t>(i)}, std::nullopt};
    GrowthPass(reading, [this](const model::RowView& row) { see(row); }, is_end).run(range);
  }
}

/// A stamp of the future, by a mistake or another zone, moves no mark: what comes before it would never be read.
void Watermark::see(const model::RowView& row) {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (row.is_null(watched_[i].position)) continue;
    const auto number = number_of(row.text(watched_[i].position), watched_[i].growth);
    const bool counts = number && (watched_[i].growth == Growth::counter || *number <= now_us_[i]);
    if (counts && (!highest_[i] || *number > *highest_[i])) highest_[i] = number;
  }
}

/// The next cycle would have read it.
bool Watermark::is_visible(const model::RowView& row) const {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (row.is_null(watched_[i].position)) continue;
    const auto number = number_of(row.text(watched_[i].position), watched_[i].growth);
    if (!number || !from_[i] || *number >= *from_[i]) return true;
  }
  return false;
}

/// After a reading of all rows a counter may have been restarted; and changes that were passed by may mean that the column's time moved
/// against the clock's.
bool Watermark::begins_anew(std::size_t column, Finding read) const {
  return read == Finding::everything && (drifted_ || watched_[column].growth == Growth::counter);
}

std::string Watermark::settle(Finding read) {
  if (!marks_) {
    stood_.reset();
    return {};
  }
  Mark mark{.columns = {}, .ours_ms = ours_ms_};
  bool moved = read == Finding::everything || stored_.empty();
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    ColumnMark column{.column = watched_[i].name, .growth = watched_[i].growth, .reached = highest_[i], .at = now_us_[i]};
    if (stood_ && !begins_anew(i, read)) {
      const ColumnMark quiet = advanced(stood_->columns[i], stood_->ours_ms, now_us_[i], ours_ms_);
      const bool higher = highest_[i] && (!quiet.reached || *highest_[i] > *quiet.reached);
      if (!higher) column = quiet;
      moved = moved || higher;
    }
    mark.columns.push_back(std::move(column));
  }
  stood_ = std::move(mark);
  if (!moved) {
    const std::int64_t age_ms = ours_ms_ - mark_from(stored_).ours_ms;
    moved = age_ms < 0 || age_ms >= store_every_ms;
  }
  return moved ? mark_text(*stood_) : stored_;
}

}  // namespace engine::capture
