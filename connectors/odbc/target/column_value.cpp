#include "connectors/odbc/target/column_value.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "connectors/odbc/canonical_text.h"
#include "engine/base/text/base64.h"
#include "engine/base/text/characters.h"

namespace connectors::odbc {

using engine::model::Column;
using engine::model::ColumnType;
using engine::model::FieldScalar;

namespace {

bool is_number(ColumnType type) { return type == ColumnType::integer || type == ColumnType::decimal || type == ColumnType::real; }

/// Digits without an exponent where the column is exact: no server reads 1e-05 as a DECIMAL in every place.
std::string digits_of(double value, ColumnType type) {
  char buffer[400];
  const bool exact = type == ColumnType::decimal || type == ColumnType::integer;
  const auto result = exact && std::isfinite(value) ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed)
                                                    : std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, result.ptr);
}

std::string hex_of_base64(const std::string& text, const Column& column) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const auto size = engine::decode_base64(text, bytes.data());
  if (!size) throw Unwritable(fmt::format("column '{}' is binary, and the mapped text is no base64", column.name));
  return engine::hex({bytes.data(), *size});
}

struct ScalarText {
  const Column& column;
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return digits_of(value, column.type); }
  std::string operator()(const engine::model::NumberText& value) const { return value.digits; }
  std::string operator()(const engine::model::JsonText& value) const { return value.json; }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(bool value) const { return is_number(column.type) ? (value ? "1" : "0") : (value ? "true" : "false"); }
};

}  // namespace

std::optional<std::string> column_value(const engine::model::FieldValue& value, const Column& column, bool as_text) {
  const auto* scalar = std::get_if<FieldScalar>(&value);
  if (scalar == nullptr) {
    const std::string object = engine::model::fields_json({{"x", value}});
    return object.substr(5, object.size() - 6);  // what stands behind {"x":
  }
  if (std::holds_alternative<std::monostate>(*scalar)) return std::nullopt;
  std::string text = std::visit(ScalarText{column}, *scalar);
  if (column.type == ColumnType::text || column.type == ColumnType::time) return text;
  if (column.type == ColumnType::binary) return hex_of_base64(text, column);
  std::string scratch;
  const auto canonical = canonical_text(column.type, text, scratch);
  if (canonical) return std::string(*canonical);
  // What a date may look like, a server that takes text knows better than this side: 'infinity', a zero date.
  if (!is_number(column.type) && as_text) return text;
  throw Unwritable(fmt::format("column '{}' takes {}, and the mapped value is '{}'", column.name, name_of(column.type), text));
}

}  // namespace connectors::odbc
