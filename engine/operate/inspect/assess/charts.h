// Charts as SVG inside a page: bars over time, a map of tables and hours, shares. Pure. Colours come from the page's style.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/operate/inspect/assess/assess.h"

namespace engine::operate {

/// `<`, `&` and quotes as HTML has them.
std::string escaped(std::string_view text);
/// In local time: "Mon 23 Nov 08:00"; with `seconds` "08:00:10".
std::string moment_text(std::int64_t ms);

/// The time that a chart shows, cut into equal slots.
struct TimeAxis {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t slot_ms = 1;
  std::size_t slots() const { return static_cast<std::size_t>((end_ms - begin_ms + slot_ms - 1) / slot_ms); }
};
TimeAxis axis_of(const Assessment& assessment);

/// Inserts, updates and deletes stacked. A few very high bars are cut and labelled, since the rest would be flat beside them.
std::string bars_over_time(const CountsByTime& counts, const TimeAxis& axis);

/// One row a table, one cell a slot; the stronger its colour, the more.
std::string map_of_tables(const std::vector<AssessedTable>& tables, std::size_t limit, const TimeAxis& axis);

/// A bar whose filled part is `share`; what is more than nothing is seen.
std::string share_bar(double share, std::string_view style, std::string_view title);

}  // namespace engine::operate
