// What an expression may ask about the change itself.
#include <fmt/format.h>

#include <chrono>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/functions/state.h"

namespace engine::map {
namespace {

/// Position of the column, remembered by the text that was asked for. nullopt: no such column.
std::optional<std::size_t> column_named(FunctionState& state, std::string_view name) {
  for (const auto& [known, position] : state.changed_columns) {
    if (known == name) return position;
  }
  const auto position = state.layout->find(name);
  if (position) state.changed_columns.emplace_back(name, *position);
  return position;
}

void changed(sqlite3_context* context, int, sqlite3_value** values) {
  FunctionState& state = state_of(context);
  const auto column = column_named(state, text_of(values[0]));
  if (!column) return give_error(context, fmt::format("changed: no such column: {}", shown(values[0])));
  const RowState& row = state.row;
  if (!row.before || !row.after) return give_integer(context, 1);
  const bool same = row.before->is_null(*column) == row.after->is_null(*column) &&
                    row.before->text(*column) == row.after->text(*column);
  give_integer(context, same ? 0 : 1);
}

void change_time(sqlite3_context* context, int, sqlite3_value**) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(state_of(context).row.time_ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  give_text(context, fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", int{date.year()}, unsigned{date.month()},
                                 unsigned{date.day()}, clock.hours().count(), clock.minutes().count(),
                                 clock.seconds().count(), clock.subseconds().count()));
}

constexpr FunctionEntry entries[] = {
    {"changed", "('COLUMN')",
     "1 when the column differs between the before and the after image, and on an insert; else 0. The name is a "
     "literal, "
     "checked before any row comes.",
     "changed('fido')", "1", 1, 1, changed},
    {"change_time", "()",
     "When the change was made, where the source tells, else when it was captured; in UTC. Stands in for 'now', which "
     "is refused: a replay must give what was given before.",
     "change_time()", R"("2024-01-31 10:20:30.000")", 0, 0, change_time},
};

}  // namespace

FunctionGroup change_functions() {
  return {"The change", "Beside them, `old.X` is column X before the change; on an insert it is NULL.", entries};
}

}  // namespace engine::map
