#include "engine/capture/schema_drift.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/source/row_identity.h"

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

/// Empty: the column's values are written as before. Exact decimals are written with all their digits.
std::string retyped_text(const model::Column& was, const model::Column& is) {
  if (was.type != is.type) return "column " + is.name + " was " + std::string(name_of(was.type)) + " and is " + std::string(name_of(is.type));
  if (is.type != model::ColumnType::decimal || was.scale == is.scale) return {};
  return "column " + is.name + " had " + std::to_string(was.scale) + " digits behind its point and has " + std::to_string(is.scale);
}

void require_same_key(const model::Layout& stored, const model::Layout& described) {
  std::string text;
  if (key_text(stored) != key_text(described)) text = "the key was " + key_text(stored) + " and is " + key_text(described);
  for (std::size_t i = 0; text.empty() && i < described.key.size(); ++i) {
    const model::Column& was = stored.columns[stored.key[i]];
    const model::Column& is = described.columns[described.key[i]];
    if (const std::string retyped = retyped_text(was, is); !retyped.empty()) text = "the key's " + retyped;
  }
  if (text.empty()) return;
  throw Error(ErrorCode::source_schema_changed, "the table's key changed: " + text, {},
              "bring the key back, or declare the table under a new name to take a new first snapshot");
}

}  // namespace

std::string drift_between(const model::Layout& stored, const model::Layout& described) {
  require_same_key(stored, described);
  std::string drift;
  const auto add = [&drift](const std::string& one) { drift += (drift.empty() || one.empty() ? "" : "; ") + one; };
  for (const model::Column& column : described.columns) {
    if (column_named(stored, column.name) == nullptr) add("column " + column.name + " was added");
  }
  for (const model::Column& column : stored.columns) {
    const model::Column* now = column_named(described, column.name);
    add(now == nullptr ? "column " + column.name + " is missing" : retyped_text(column, *now));
  }
  if (!drift.empty() && model::is_row_identity(stored)) {
    throw Error(ErrorCode::source_schema_changed, "the table's columns changed: " + drift + "; it has no key, so that all of them tell its rows apart", {},
                "leave a new column out by `exclude:`, bring the others back, or declare the table under a new name to take a new first snapshot");
  }
  return drift;
}

bool is_reordered(const model::Layout& stored, const model::Layout& described) {
  return !std::ranges::equal(stored.columns, described.columns, [](const model::Column& was, const model::Column& is) {
    // How a nested table looks is a part of what its column is.
    return was.name == is.name && was.columns == is.columns && was.key == is.key;
  });
}

}  // namespace engine::capture
