#include "engine/capture/reading/older_images.h"

#include "engine/base/error.h"

namespace engine::capture {

namespace {

std::string_view without_trailing_zeros(std::string_view number) {
  if (number.find('.') == std::string_view::npos) return number;
  number = number.substr(0, number.find_last_not_of('0') + 1);
  return number.ends_with('.') ? number.substr(0, number.size() - 1) : number;
}

bool differs(model::ColumnType type, std::string_view before, std::string_view after) {
  if (type == model::ColumnType::decimal) return without_trailing_zeros(before) != without_trailing_zeros(after);
  return before != after;
}

}  // namespace

const model::OlderLayout& OlderImages::of(std::int64_t layout_id) {
  const auto known = known_.find(layout_id);
  if (known != known_.end()) return known->second;
  const auto layout = journal_.read()->tables.layout(layout_id);
  if (!layout) throw Error(ErrorCode::journal_failed, "the journal holds a row image of a layout that is not there");
  return known_.emplace(layout_id, model::OlderLayout(*layout, table_.layout)).first->second;
}

std::vector<std::string> OlderImages::changed_columns(const model::OlderLayout& older, model::RowView before, model::RowView after) const {
  std::vector<std::string> changed;
  for (std::size_t column = 0; column < table_.layout.columns.size(); ++column) {
    const model::Column& each = table_.layout.columns[column];
    if (!older.has(column)) continue;
    if (before.is_null(column) != after.is_null(column) || differs(each.type, before.text(column), after.text(column))) changed.push_back(each.name);
  }
  return changed;
}

}  // namespace engine::capture
