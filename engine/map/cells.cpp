#include "engine/map/cells.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <cmath>
#include <set>

#include "engine/base/text/characters.h"
#include "engine/map/check/lexer.h"

namespace engine::map {
namespace {

const char* declared_type(model::ColumnType type) {
  switch (type) {
    case model::ColumnType::integer:
      return "INTEGER";
    case model::ColumnType::real:
      return "REAL";
    case model::ColumnType::binary:
      return "BLOB";
    default:
      return "TEXT";
  }
}

std::string in_quotes(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

void give_number(sqlite3_context* context, std::string_view cell, const model::Column& column) {
  if (column.type == model::ColumnType::integer) {
    std::int64_t value = 0;
    if (std::from_chars(cell.data(), cell.data() + cell.size(), value).ec == std::errc{}) {
      return sqlite3_result_int64(context, value);
    }
  } else {
    double value = 0;
    const auto read = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    // SQLite would turn NaN into NULL without a word.
    if (read.ec == std::errc{} && !std::isnan(value)) return sqlite3_result_double(context, value);
  }
  sqlite3_result_error(context, fmt::format("the column '{}' holds no number: '{}'", column.name, cell).c_str(), -1);
}

}  // namespace

std::string declaration(const model::Layout& layout) {
  std::string sql = "CREATE TABLE x(";
  std::set<std::string> names;
  for (const model::Column& column : layout.columns) {
    const bool is_new = names.insert(lower_case(column.name)).second;
    const std::string name = is_new ? column.name : fmt::format("{} ({})", column.name, names.size() + sql.size());
    sql += fmt::format("{} {}, ", in_quotes(name), declared_type(column.type));
  }
  std::string key = " ";
  while (names.contains(key)) key += ' ';
  return sql + fmt::format("{0} INTEGER HIDDEN, PRIMARY KEY({0})) WITHOUT ROWID", in_quotes(key));
}

void give_cell(sqlite3_context* context, const model::Column& column, std::string_view cell) {
  switch (column.type) {
    case model::ColumnType::integer:
    case model::ColumnType::real:
      give_number(context, cell, column);
      break;
    case model::ColumnType::binary:
      sqlite3_result_blob64(context, cell.data(), cell.size(), SQLITE_STATIC);
      break;
    default:
      sqlite3_result_text64(context, cell.data(), cell.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
}

}  // namespace engine::map
