#include "engine/map/nested_rows.h"

#include "engine/model/json_text.h"
#include "engine/model/row_json.h"

namespace engine::map {

namespace {

void add_nested(const model::Layout& document, const std::vector<model::Column>& columns, const std::vector<std::size_t>& path,
                std::vector<NestedRows>& into) {
  for (std::size_t column = 0; column < columns.size(); ++column) {
    if (!columns[column].is_table()) continue;
    std::vector<std::size_t> own = path;
    own.push_back(column);
    into.emplace_back(document, own);
    add_nested(document, columns[column].columns, own, into);
  }
}

}  // namespace

NestedRows::NestedRows(const model::Layout& document, std::vector<std::size_t> path) : path_(std::move(path)) {
  const std::vector<model::Column>* columns = &document.columns;
  for (const std::size_t step : path_) {
    const model::Column& column = (*columns)[step];
    layouts_.push_back(model::rows_of(column));
    name_ = column.name;
    columns = &column.columns;
  }
}

const model::RowBatch& NestedRows::rows(Side& side, const std::optional<model::RowView>& image, std::uint64_t number) {
  if (side.number == number) return side.rows;
  side.rows.begin(layout().columns.size());
  if (image && !image->is_null(path_.front())) read(image->text(path_.front()), 0, side.rows);
  side.number = number;
  return side.rows;
}

void NestedRows::read(std::string_view json, std::size_t level, model::RowBatch& into) const {
  const bool is_last = level + 1 == path_.size();
  const model::Layout& layout = layouts_[level];
  model::RowBatch row;
  model::JsonScanner scanner(json);
  if (scanner.value().kind != model::JsonKind::begin_array) scanner.malformed("the rows of a nested table were expected");
  for (bool first = true; scanner.element(first);) {
    if (scanner.value().kind != model::JsonKind::begin_object) scanner.malformed("a row was expected");
    const std::string_view object = scanner.container();
    if (is_last) {
      model::append_row_from_json(layout, object, into);
      continue;
    }
    row.begin(layout.columns.size());
    model::append_row_from_json(layout, object, row);
    const std::size_t next = path_[level + 1];
    if (!row.row(0).is_null(next)) read(row.row(0).text(next), level + 1, into);
  }
}

std::vector<NestedRows> nested_rows_of(const model::Layout& layout) {
  std::vector<NestedRows> all;
  add_nested(layout, layout.columns, {}, all);
  return all;
}

}  // namespace engine::map
