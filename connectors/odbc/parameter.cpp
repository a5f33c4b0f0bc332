#include "connectors/odbc/parameter.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include <sql.h>
#include <sqlext.h>

#include "engine/base/text/characters.h"

namespace connectors::odbc {

using engine::model::ColumnType;

namespace {

/// Beyond these bytes a server's VARCHAR need not reach.
constexpr SQLULEN long_from = 4000;

unsigned number_at(std::string_view text, std::size_t at, std::size_t digits) {
  unsigned value = 0;
  if (at + digits <= text.size()) std::from_chars(text.data() + at, text.data() + at + digits, value);
  return value;
}

std::string timestamp_struct(std::string_view text) {
  SQL_TIMESTAMP_STRUCT stamp{};
  stamp.year = static_cast<SQLSMALLINT>(number_at(text, 0, 4));
  stamp.month = static_cast<SQLUSMALLINT>(number_at(text, 5, 2));
  stamp.day = static_cast<SQLUSMALLINT>(number_at(text, 8, 2));
  stamp.hour = static_cast<SQLUSMALLINT>(number_at(text, 11, 2));
  stamp.minute = static_cast<SQLUSMALLINT>(number_at(text, 14, 2));
  stamp.second = static_cast<SQLUSMALLINT>(number_at(text, 17, 2));
  std::string fraction(text.size() > 20 ? text.substr(20, 9) : "");
  fraction.resize(9, '0');
  stamp.fraction = number_at(fraction, 0, 9);
  return std::string(reinterpret_cast<const char*>(&stamp), sizeof stamp);
}

std::string date_struct(std::string_view text) {
  SQL_DATE_STRUCT date{};
  date.year = static_cast<SQLSMALLINT>(number_at(text, 0, 4));
  date.month = static_cast<SQLUSMALLINT>(number_at(text, 5, 2));
  date.day = static_cast<SQLUSMALLINT>(number_at(text, 8, 2));
  return std::string(reinterpret_cast<const char*>(&date), sizeof date);
}

/// The types that the driver is told.
struct Binding {
  SQLSMALLINT c_type = SQL_C_CHAR;
  SQLSMALLINT sql_type = SQL_VARCHAR;
  SQLULEN size = 0;
  SQLSMALLINT scale = 0;
};

/// As many digits behind the point as the value has: a server refuses more than its type holds (seven at SQL Server, six at many).
Binding timestamp_binding(const std::string& bytes) {
  SQL_TIMESTAMP_STRUCT stamp;
  std::memcpy(&stamp, bytes.data(), sizeof stamp);
  SQLSMALLINT scale = stamp.fraction == 0 ? 0 : 9;
  for (auto rest = stamp.fraction; scale > 0 && rest % 10 == 0; rest /= 10) --scale;
  return {SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, static_cast<SQLULEN>(scale == 0 ? 19 : 20 + scale), scale};
}

Binding binding_of(const ColumnPlan& plan, const std::string& bytes) {
  const SQLULEN size = std::max<SQLULEN>(1, bytes.size());
  switch (plan.type) {
    case ColumnType::decimal: {
      const std::size_t point = bytes.find('.');
      const auto scale = static_cast<SQLSMALLINT>(point == std::string::npos ? 0 : bytes.size() - point - 1);
      const auto digits = static_cast<SQLULEN>(std::count_if(bytes.begin(), bytes.end(), [](char c) { return c >= '0' && c <= '9'; }));
      return {SQL_C_CHAR, SQL_DECIMAL, digits, scale};
    }
    case ColumnType::real: return {SQL_C_CHAR, SQL_DOUBLE, 17, 0};
    case ColumnType::binary:
      return {SQL_C_BINARY, static_cast<SQLSMALLINT>(size > long_from ? SQL_LONGVARBINARY : SQL_VARBINARY), size, 0};
    case ColumnType::date:
      if (plan.wire == Wire::date) return {SQL_C_TYPE_DATE, SQL_TYPE_DATE, 10, 0};
      break;
    case ColumnType::timestamp:
      if (plan.wire == Wire::timestamp) return timestamp_binding(bytes);
      break;
    default: break;
  }
  if (plan.wide_text) return {SQL_C_CHAR, static_cast<SQLSMALLINT>(size > long_from ? SQL_WLONGVARCHAR : SQL_WVARCHAR), size, 0};
  return {SQL_C_CHAR, static_cast<SQLSMALLINT>(size > long_from ? SQL_LONGVARCHAR : SQL_VARCHAR), size, 0};
}

/// What the driver reads: the text itself, or the bytes and structs that it stands for.
std::string bytes_of(const ColumnPlan& column, const std::string& text) {
  if (column.wire == Wire::binary) return engine::bytes_of_hex(text).value_or(std::string());
  if (column.wire == Wire::date) return date_struct(text);
  if (column.wire == Wire::timestamp) return timestamp_struct(text);
  return text;
}

std::optional<std::int64_t> integer_of(const ColumnPlan& column, const std::string& text) {
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  const bool is_one = column.type == ColumnType::integer && error == std::errc{} && end == text.data() + text.size();
  return is_one ? std::optional(integer) : std::nullopt;
}

/// One that has room for the values of both: digits before the point and behind it are looked at apart.
Binding widest(const Binding& one, const Binding& other) {
  Binding all = one.size >= other.size ? one : other;
  all.scale = std::max(one.scale, other.scale);
  if (all.sql_type != SQL_DECIMAL) return all;
  const auto before_point = [](const Binding& each) { return each.size - std::min<SQLULEN>(each.size, static_cast<SQLULEN>(each.scale)); };
  all.size = std::max(before_point(one), before_point(other)) + static_cast<SQLULEN>(all.scale);
  return all;
}

}  // namespace

bool Parameter::bind(Handle statement, std::size_t number, const ColumnPlan& column, const std::string& text) {
  const auto marker = static_cast<SQLUSMALLINT>(number);
  auto* const size = reinterpret_cast<SQLLEN*>(&size_);
  if (const auto integer = integer_of(column, text)) {
    integer_ = *integer;
    size_ = sizeof integer_;
    return SQL_SUCCEEDED(SQLBindParameter(statement, marker, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 19, 0, &integer_, sizeof integer_, size));
  }
  bytes_ = bytes_of(column, text);
  size_ = static_cast<std::int64_t>(bytes_.size());
  const Binding binding = binding_of(column, bytes_);
  return SQL_SUCCEEDED(SQLBindParameter(statement, marker, SQL_PARAM_INPUT, binding.c_type, binding.sql_type, binding.size, binding.scale,
                                        bytes_.data(), size_, size));
}

bool Parameter::bind_null(Handle statement, std::size_t number, const ColumnPlan& column) {
  size_ = SQL_NULL_DATA;
  bytes_.assign(1, '\0');
  const Binding binding = binding_of(column, bytes_);
  return SQL_SUCCEEDED(SQLBindParameter(statement, static_cast<SQLUSMALLINT>(number), SQL_PARAM_INPUT, binding.c_type, binding.sql_type,
                                        std::max<SQLULEN>(1, binding.size), binding.scale, bytes_.data(), 0,
                                        reinterpret_cast<SQLLEN*>(&size_)));
}

bool ParameterArray::bind(Handle statement, std::size_t number, const ColumnPlan& column, std::span<const std::optional<std::string>* const> texts) {
  const auto marker = static_cast<SQLUSMALLINT>(number);
  const bool integers = std::all_of(texts.begin(), texts.end(), [&](const auto* text) { return !*text || integer_of(column, **text); });
  sizes_.assign(texts.size(), SQL_NULL_DATA);
  auto* const sizes = reinterpret_cast<SQLLEN*>(sizes_.data());
  if (column.type == ColumnType::integer && integers) {
    integers_.assign(texts.size(), 0);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!*texts[i]) continue;
      integers_[i] = *integer_of(column, **texts[i]);
      sizes_[i] = sizeof(std::int64_t);
    }
    return SQL_SUCCEEDED(SQLBindParameter(statement, marker, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 19, 0, integers_.data(),
                                          sizeof(std::int64_t), sizes));
  }
  std::vector<std::string> values(texts.size(), std::string(1, '\0'));
  Binding binding = binding_of(column, values.front());
  std::size_t width = 1;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!*texts[i]) continue;
    values[i] = bytes_of(column, **texts[i]);
    sizes_[i] = static_cast<std::int64_t>(values[i].size());
    binding = widest(binding, binding_of(column, values[i]));
    width = std::max(width, values[i].size());
  }
  bytes_.assign(width * texts.size(), '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) std::copy(values[i].begin(), values[i].end(), bytes_.begin() + static_cast<std::ptrdiff_t>(i * width));
  return SQL_SUCCEEDED(SQLBindParameter(statement, marker, SQL_PARAM_INPUT, binding.c_type, binding.sql_type, binding.size, binding.scale,
                                        bytes_.data(), static_cast<SQLLEN>(width), sizes));
}

}  // namespace connectors::odbc
