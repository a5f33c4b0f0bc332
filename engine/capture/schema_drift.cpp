#include "engine/capture/schema_drift.h"

#include <algorithm>

#include "engine/base/error.h"

namespace engine::capture {

namespace {

const model::Column* column_named(const model::Layout& layout, const std::string& name) {
  const auto found = std::ranges::find(layout.columns, name, &model::Column::name);
  return found == layout.columns.end() ? nullptr : &*found;
}

std::string key_text(const model::Layout& layout) {
  std::string text;
  for (const std::size_t column : layout.key) text += (text.empty() ? "" : ", ") + layout.columns[column].name;
  return "[" + text + "]";
}

struct Differences {
  std::string text;
  std::string added;  ///< for the hint
  void add(const std::string& one) { text += (text.empty() ? "" : "; ") + one; }
};

Differences differences(const model::Layout& stored, const model::Layout& described) {
  Differences found;
  for (const model::Column& column : described.columns) {
    if (column_named(stored, column.name) != nullptr) continue;
    found.add("column " + column.name + " was added");
    found.added += (found.added.empty() ? "" : ", ") + column.name;
  }
  for (const model::Column& column : stored.columns) {
    const model::Column* now = column_named(described, column.name);
    if (now == nullptr) {
      found.add("column " + column.name + " is missing");
    } else if (now->type != column.type) {
      found.add("column " + column.name + " was " + std::string(name_of(column.type)) + " and is " +
                std::string(name_of(now->type)));
    }
  }
  if (key_text(stored) != key_text(described)) {
    found.add("the key was " + key_text(stored) + " and is " + key_text(described));
  }
  return found;
}

}  // namespace

void require_same_columns(const model::Layout& stored, const model::Layout& described) {
  const Differences found = differences(stored, described);
  if (found.text.empty()) return;
  throw Error(ErrorCode::source_schema_changed, "the table's columns changed: " + found.text, {},
              found.added.empty() ? "bring the columns back, or declare the table under a new name to take a new first snapshot"
                                  : "write `exclude: [" + found.added +
                                        "]` in the table's file to go on without the new columns, or declare the table "
                                        "under a new name to take a new first snapshot");
}

bool is_reordered(const model::Layout& stored, const model::Layout& described) {
  return !std::ranges::equal(stored.columns, described.columns, [](const model::Column& was, const model::Column& is) {
    // How a nested table looks is a part of what its column is.
    return was.name == is.name && was.columns == is.columns && was.key == is.key;
  });
}

}  // namespace engine::capture
