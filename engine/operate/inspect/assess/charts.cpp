#include "engine/operate/inspect/assess/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "engine/base/text/characters.h"
#include "engine/base/text/durations.h"

namespace engine::operate {

namespace {

constexpr double width = 960, left = 52, bar_height = 180;

std::tm local(std::int64_t ms) {
  const std::time_t seconds = ms / 1'000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

std::string formatted(std::int64_t ms, const char* format) {
  const std::tm parts = local(ms);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

/// Round values that divide an axis into about four.
double tick_for(double top) {
  const double rough = std::max(1.0, top / 4), power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

/// The axis ends at the highest bar, unless a few tower above all others.
double top_of(const CountsByTime& counts) {
  std::vector<std::int64_t> sums;
  for (const auto& [at, each] : counts) sums.push_back(each.all());
  if (sums.empty()) return 1;
  std::sort(sums.begin(), sums.end());
  const std::int64_t most = sums.back(), usual = sums[sums.size() * 8 / 10];
  const bool towers = sums.size() >= 5 && most > 5 * usual;
  return static_cast<double>(towers ? 2 * usual : most);
}

std::string counts_text(const Counts& counts) {
  return fmt::format("{} inserted, {} updated, {} deleted", grouped(counts.inserts), grouped(counts.updates), grouped(counts.deletes));
}

std::string shortened(std::string name) {
  constexpr std::size_t bytes_max = 24;
  if (name.size() <= bytes_max) return name;
  std::size_t end = bytes_max - 1;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name.append("…");
}

/// Labels at round times of day, at most a dozen.
std::string time_labels(const TimeAxis& axis, double slot_width, double y) {
  std::int64_t step = axis.slot_ms;
  for (const std::int64_t each : {10 * second_ms, minute_ms, 5 * minute_ms, 15 * minute_ms, hour_ms, 3 * hour_ms, 6 * hour_ms, 12 * hour_ms, day_ms, 7 * day_ms}) {
    step = each;
    if ((axis.end_ms - axis.begin_ms) / each <= 12) break;
  }
  const std::int64_t zone = local(axis.begin_ms).tm_gmtoff * second_ms;
  std::string svg;
  for (std::int64_t at = (axis.begin_ms + zone + step - 1) / step * step - zone; at < axis.end_ms; at += step) {
    const double x = left + static_cast<double>(at - axis.begin_ms) / static_cast<double>(axis.slot_ms) * slot_width;
    const bool midnight = (at + zone) % day_ms == 0;
    const char* format = midnight || step >= day_ms ? "%a %d" : step < minute_ms ? "%H:%M:%S" : "%H:%M";
    svg += fmt::format("<line class=tick x1={0:.1f} x2={0:.1f} y1={1:.1f} y2={2:.1f} /><text class=label x={0:.1f} y={3:.1f} text-anchor=middle>{4}</text>", x, y,
                       y + 4, y + 16, formatted(at, format));
  }
  return svg;
}

std::string value_lines(double top) {
  std::string svg;
  const double tick = tick_for(top);
  for (double value = tick; value <= top; value += tick) {
    const double y = 14 + bar_height - value / top * bar_height;
    svg += fmt::format("<line class=grid x1={0} x2={1} y1={2:.1f} y2={2:.1f} /><text class=label x={3} y={4:.1f} text-anchor=end>{5}</text>", left, width, y,
                       left - 6, y + 4, grouped(static_cast<std::int64_t>(value)));
  }
  return svg;
}

/// From the axis upwards: updates, inserts, deletes. What passes the top is cut.
std::string stacked_bar(double x, double bar_width, const Counts& counts, double top) {
  std::string svg;
  double below = 0;
  const std::pair<const char*, std::int64_t> parts[] = {{"updates", counts.updates}, {"inserts", counts.inserts}, {"deletes", counts.deletes}};
  for (const auto& [style, count] : parts) {
    const double from = std::min(top, below), to = std::min(top, below + static_cast<double>(count));
    below += static_cast<double>(count);
    if (to <= from) continue;
    const double height = std::max(1.0, (to - from) / top * bar_height);
    svg += fmt::format("<rect class={} x={:.1f} y={:.1f} width={:.1f} height={:.1f} />", style, x, 14 + bar_height - from / top * bar_height - height, bar_width, height);
  }
  if (below > top) {
    svg += fmt::format("<path class=cut d='M{:.1f} 22 l{:.1f} -6' /><text class=value x={:.1f} y=10 text-anchor=middle>{}</text>", x - 1, bar_width + 2,
                       x + bar_width / 2, grouped(counts.all()));
  }
  return svg;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '&': result += "&amp;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string moment_text(std::int64_t ms) { return formatted(ms, "%a %d %b %H:%M"); }

TimeAxis axis_of(const Assessment& assessment) {
  const std::int64_t slot = assessment.slot_ms, begin = assessment.begin_ms / slot * slot;
  return {begin, std::max(begin + slot, (assessment.end_ms + slot - 1) / slot * slot), slot};
}

std::string bars_over_time(const CountsByTime& counts, const TimeAxis& axis) {
  const double slot_width = (width - left) / static_cast<double>(axis.slots()), top = std::max(1.0, top_of(counts));
  std::string svg = fmt::format("<svg viewBox='0 0 {} {}' role=img aria-label='changes over time'>{}", width, bar_height + 36, value_lines(top));
  for (const auto& [at, each] : counts) {
    if (at < axis.begin_ms || at >= axis.end_ms) continue;
    const double x = left + static_cast<double>((at - axis.begin_ms) / axis.slot_ms) * slot_width;
    svg += fmt::format("<g><title>{}, {}: {}</title>{}</g>", moment_text(at), span_text(axis.slot_ms), counts_text(each),
                       stacked_bar(x + slot_width * 0.1, slot_width * 0.8, each, top));
  }
  svg += fmt::format("<line class=axis x1={0} x2={1} y1={2} y2={2} />", left, width, 14 + bar_height);
  return svg + time_labels(axis, slot_width, 14 + bar_height) + "</svg>";
}

std::string map_of_tables(const std::vector<AssessedTable>& tables, std::size_t limit, const TimeAxis& axis) {
  constexpr double row = 20, names = 180;
  const std::size_t shown = std::min(limit, tables.size());
  std::int64_t most = 1;
  for (std::size_t i = 0; i < shown; ++i) {
    for (const auto& [at, counts] : tables[i].by_time) most = std::max(most, counts.all());
  }
  const double slot_width = (width - names) / static_cast<double>(axis.slots());
  const double bottom = row * static_cast<double>(shown);
  std::string svg = fmt::format("<svg viewBox='0 0 {} {:.0f}' role=img aria-label='when each table changes'>", width, bottom + 24);
  for (std::size_t i = 0; i < shown; ++i) {
    const double y = row * static_cast<double>(i);
    const std::string name = shortened(tables[i].name);
    svg += fmt::format("<text class=name x={} y={:.0f} text-anchor=end>{}</text><rect class=empty x={} y={:.0f} width={:.1f} height={} />", names - 8, y + 14,
                       escaped(name), names, y + 1, width - names, row - 2);
    for (const auto& [at, counts] : tables[i].by_time) {
      if (at < axis.begin_ms || at >= axis.end_ms) continue;
      const double x = names + static_cast<double>((at - axis.begin_ms) / axis.slot_ms) * slot_width;
      // By orders of magnitude: one row and ten thousand are both to be seen.
      const double strength = 0.18 + 0.82 * std::log1p(static_cast<double>(counts.all())) / std::log1p(static_cast<double>(most));
      svg += fmt::format("<rect class=cell x={:.1f} y={:.0f} width={:.1f} height={} opacity={:.2f}><title>{}, {}: {}</title></rect>", x, y + 1,
                         std::max(1.0, slot_width - 1), row - 2, strength, escaped(tables[i].name), moment_text(at), counts_text(counts));
    }
  }
  // The labels' own left edge is that of the bars.
  std::string labels = time_labels(axis, slot_width, bottom);
  return svg + fmt::format("<g transform='translate({} 0)'>{}</g></svg>", names - left, labels);
}

std::string share_bar(double share, std::string_view style, std::string_view title) {
  const double filled = share <= 0 ? 0 : std::clamp(share * 200, 2.0, 200.0);
  return fmt::format("<svg class=share viewBox='0 0 200 12' preserveAspectRatio=none role=img aria-label='{0}'><title>{0}</title>"
                     "<rect class=rest width=200 height=12 rx=2 /><rect class={1} width={2:.1f} height=12 rx=2 /></svg>",
                     escaped(title), style, filled);
}

}  // namespace engine::operate
