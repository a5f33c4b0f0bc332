// How far the growing columns of a table have come: the mark of `mode: watermark` in its checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/source/growth.h"
#include "engine/settings/table_definition.h"

namespace engine::capture {

/// A column of the table under watch.
struct WatchedColumn {
  std::size_t position = 0;  ///< in the layout
  std::string name;
  model::Growth growth = model::Growth::none;
};

/// How far one column had come when a cycle began. A time's mark goes on with the database's clock: `reached` stood when that clock said `at`, so a later
/// moment of the clock means a mark as much later. Whatever lies between the column's own time and the clock (another zone, clients whose
/// clocks differ) is in that difference.
struct ColumnMark {
  std::string column;
  model::Growth growth = model::Growth::none;
  std::optional<std::int64_t> reached;  ///< microseconds or a count; none: no row had a value
  std::int64_t at = 0;                  ///< microseconds; 0 for counters

  bool operator==(const ColumnMark&) const = default;
};

struct Mark {
  std::vector<ColumnMark> columns;
  std::int64_t ours_ms = 0;  ///< what this machine's clock said: only to see that the database's was set back in between

  /// Whether it was made of these columns, in this order.
  bool fits(const std::vector<WatchedColumn>& watched) const;
  bool operator==(const Mark&) const = default;
};

/// {"columns":[{"column":"ts_mod","growth":"moment","reached":"2026-11-22 10:00:00","at":"2026-11-22 10:00:01"}],"ours_ms":…}
std::string mark_text(const Mark& mark);
/// Throws Error journal_failed for a text that is none.
Mark mark_from(std::string_view text);

/// From where a column has to be read, when the clocks say `now_us` and `ours_ms`, so that nothing is passed by that was stamped at most
/// `overlap` before the mark: in microseconds or as a count. Without a mark nullopt: from the lowest.
std::optional<std::int64_t> lower_bound(const ColumnMark& column, std::int64_t ours_then_ms, std::int64_t now_us, std::int64_t ours_ms,
                                        const settings::CaptureDefinition& capture);
/// The mark as it stands at that moment, when nothing higher was seen; never ahead of the clock, and not further on than this machine's clock went: that
/// of a database which jumps forward takes no column with it that somebody else's clock stamps.
ColumnMark advanced(const ColumnMark& column, std::int64_t ours_then_ms, std::int64_t now_us, std::int64_t ours_ms);

}  // namespace engine::capture
