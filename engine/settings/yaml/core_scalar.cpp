// YAML 1.2's core schema. Only what it names is anything but text: `yes`, `no`, `on`, `off` stay words.
#include <charconv>
#include <cmath>

#include "engine/settings/yaml_node.h"

namespace engine::settings {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  return !text.empty() && (text[0] == '-' || text[0] == '+') ? text.substr(1) : text;
}

std::optional<model::FieldScalar> based_integer(std::string_view text) {
  const int base = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : 0;
  std::int64_t value = 0;
  if (base == 0 || text.size() == 2) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || text[2] == '-') return std::nullopt;
  return value;
}

std::optional<model::FieldScalar> integer(std::string_view text) {
  const std::string_view digits = without_sign(text);
  if (!all_digits(digits)) return std::nullopt;
  const std::string_view number = text[0] == '+' ? digits : text;
  std::int64_t value = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc{}) return value;
  const std::string_view significant = digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return model::NumberText{(text[0] == '-' ? "-" : "") + std::string(significant)};
}

std::optional<model::FieldScalar> real(std::string_view text) {
  // The schema's form: digits with an optional point and exponent; std::from_chars alone would also take "inf" and hex.
  const std::string_view unsigned_text = without_sign(text);
  const std::string_view mantissa = unsigned_text.substr(0, unsigned_text.find_first_of("eE"));
  const std::size_t point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : mantissa.substr(point + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if ((!whole.empty() && !all_digits(whole)) || (!fraction.empty() && !all_digits(fraction))) return std::nullopt;
  const std::string_view number = text[0] == '+' ? unsigned_text : text;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

model::FieldScalar core_scalar(const YamlNode& scalar) {
  const std::string& text = scalar.text();
  if (!scalar.is_plain()) return text;
  if (scalar.is_null()) return std::monostate{};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (const auto value = based_integer(text)) return *value;
  if (const auto value = integer(text)) return *value;
  if (const auto value = real(text)) return *value;
  return text;
}

}  // namespace engine::settings
