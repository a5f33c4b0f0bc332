#include "engine/model/older_layout.h"

#include <algorithm>

#include "engine/model/row_json.h"

namespace engine::model {

OlderLayout::OlderLayout(const Layout& made_with, const Layout& now) : readable_(now) {
  for (Column& column : readable_.columns) {
    const auto same = [&](const Column& other) { return other.name == column.name && other.type == column.type; };
    has_.push_back(std::ranges::any_of(made_with.columns, same));
    // No column of a database is called nothing: no member of the image is taken for it.
    if (!has_.back()) column.name.clear();
  }
}

void OlderLayout::append_row(std::string_view image, RowBatch& into) const { append_row_from_json(readable_, image, into); }

Layout key_layout(const Layout& layout) {
  Layout keys;
  for (const std::size_t column : layout.key) {
    keys.key.push_back(keys.columns.size());
    keys.columns.push_back(layout.columns[column]);
  }
  return keys;
}

}  // namespace engine::model
