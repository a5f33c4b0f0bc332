#include "engine/pipeline/echo/comparable.h"

#include <charconv>

#include "engine/base/text/base64.h"

namespace engine::pipeline {

using model::ColumnType;

namespace {

/// "1.50" and "1.5", "2.0" and "2", "-0" and "0".
std::string number_text(std::string text) {
  if (text.find_first_not_of("+-0123456789.") != std::string::npos) return text;
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  const bool negative = text.starts_with('-');
  std::string digits = text.substr(text.find_first_not_of("+-") == std::string::npos ? text.size() : text.find_first_not_of("+-"));
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return "0";
  if (digits.front() == '.') digits.insert(0, 1, '0');
  return negative ? "-" + digits : digits;
}

std::string real_text(const std::string& text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return text;
  char buffer[40];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

std::string time_text(std::string text) {
  if (const std::size_t t = text.find('T'); t == 10) text[t] = ' ';
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  if (text.ends_with(" 00:00:00")) text.erase(text.size() - 9);
  return text;
}

std::string text_in_form(ColumnType type, std::string text) {
  switch (type) {
    case ColumnType::integer:
    case ColumnType::decimal: return number_text(std::move(text));
    case ColumnType::real: return real_text(text);
    case ColumnType::date:
    case ColumnType::time:
    case ColumnType::timestamp: return time_text(std::move(text));
    default: text.erase(text.find_last_not_of(' ') + 1); return text;
  }
}

struct ScalarText {
  ColumnType type;
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    char buffer[400];
    const bool exact = type == ColumnType::decimal || type == ColumnType::integer;
    return {buffer, exact ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr
                          : std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
  }
  std::string operator()(const model::NumberText& value) const { return value.digits; }
  std::string operator()(const model::JsonText& value) const { return value.json; }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(bool value) const { return type == ColumnType::text ? (value ? "true" : "false") : (value ? "1" : "0"); }
};

}  // namespace

std::string comparable_text(ColumnType type, std::string_view canonical) {
  if (type != ColumnType::binary) return text_in_form(type, std::string(canonical));
  std::string base64;
  append_base64(canonical, base64);
  return base64;
}

std::optional<std::string> comparable_text(ColumnType type, const model::FieldValue& written) {
  const auto* scalar = std::get_if<model::FieldScalar>(&written);
  if (scalar == nullptr) {
    const std::string object = model::fields_json({{"x", written}});
    return object.substr(5, object.size() - 6);
  }
  if (std::holds_alternative<std::monostate>(*scalar)) return std::nullopt;
  return text_in_form(type, std::visit(ScalarText{type}, *scalar));
}

bool holds_what_was_written(const model::Layout& layout, const model::RowView& row, const model::FieldMap& written) {
  for (const auto& [name, value] : written) {
    const auto column = layout.find(name);
    if (!column) continue;
    const ColumnType type = layout.columns[*column].type;
    const auto sent = comparable_text(type, value);
    if (row.is_null(*column) ? sent && !sent->empty() : !sent || *sent != comparable_text(type, row.text(*column))) return false;
  }
  return true;
}

}  // namespace engine::pipeline
