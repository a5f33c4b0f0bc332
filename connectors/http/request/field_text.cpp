#include "connectors/http/request/field_text.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "engine/model/json_text.h"
#include "engine/model/row_json.h"

namespace connectors::http {

using engine::model::FieldScalar;
using engine::model::FieldValue;
using engine::model::NumberText;

namespace {

template <typename Number>
std::string digits_of(Number value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string scalar_text(const FieldScalar& scalar) {
  struct Visitor {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(std::int64_t value) const { return digits_of(value); }
    std::string operator()(double value) const { return digits_of(value); }
    std::string operator()(const NumberText& value) const { return value.digits; }
    std::string operator()(const engine::model::JsonText& value) const { return value.json; }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
  };
  return std::visit(Visitor{}, scalar);
}

void append_scalar_json(const FieldScalar& scalar, std::string& into) {
  const auto* real = std::get_if<double>(&scalar);
  if (std::holds_alternative<std::monostate>(scalar) || (real != nullptr && !std::isfinite(*real))) {
    into += "null";
  } else if (const auto* text = std::get_if<std::string>(&scalar)) {
    engine::model::append_json_string(*text, into);
  } else if (const auto* number = std::get_if<NumberText>(&scalar);
             number && !engine::model::is_json_number(number->digits)) {
    engine::model::append_json_string(number->digits, into);
  } else {
    into += scalar_text(scalar);
  }
}

}  // namespace

std::string text_of(const FieldValue& value) {
  if (const auto* scalar = std::get_if<FieldScalar>(&value)) return scalar_text(*scalar);
  std::string out;
  for (const FieldScalar& item : std::get<std::vector<FieldScalar>>(value)) {
    if (!out.empty()) out += ',';
    out += scalar_text(item);
  }
  return out;
}

void append_json(const FieldValue& value, std::string& into) {
  if (const auto* scalar = std::get_if<FieldScalar>(&value)) return append_scalar_json(*scalar, into);
  into += '[';
  bool first = true;
  for (const FieldScalar& item : std::get<std::vector<FieldScalar>>(value)) {
    if (!std::exchange(first, false)) into += ',';
    append_scalar_json(item, into);
  }
  into += ']';
}

}  // namespace connectors::http
