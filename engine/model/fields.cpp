#include "engine/model/fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/model/json_text.h"
#include "engine/model/row_json.h"

namespace engine::model {

namespace {

/// The shortest digits, with ".0" where they would read as an integer: the text tells the type.
std::string double_text(double value) {
  char buffer[40];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

struct ScalarWriter {
  std::string& into;
  void operator()(std::monostate) const { into += "null"; }
  void operator()(std::int64_t value) const { into += std::to_string(value); }
  void operator()(double value) const {
    const std::string text = double_text(value);
    std::isfinite(value) ? void(into += text) : append_json_string(text, into);
  }
  void operator()(const NumberText& value) const {
    is_json_number(value.digits) ? void(into += value.digits) : append_json_string(value.digits, into);
  }
  void operator()(const std::string& value) const { append_json_string(value, into); }
  void operator()(bool value) const { into += value ? "true" : "false"; }
  void operator()(const JsonText& value) const { into += value.json; }
};

void append_value(const FieldValue& value, std::string& into) {
  if (const auto* scalar = std::get_if<FieldScalar>(&value)) return std::visit(ScalarWriter{into}, *scalar);
  into += '[';
  bool first = true;
  for (const FieldScalar& scalar : std::get<std::vector<FieldScalar>>(value)) {
    if (!first) into += ',';
    first = false;
    std::visit(ScalarWriter{into}, scalar);
  }
  into += ']';
}

/// A dot nests, but not behind an '@': OData's annotations are names as a whole (owner@odata.bind).
std::size_t nesting_dot(std::string_view name) {
  const std::size_t dot = name.find('.');
  return name.find('@') < dot ? std::string_view::npos : dot;
}

using Position = FieldMap::const_iterator;

/// Writes the fields of [at, end), which all begin with the same `depth` characters, as one object. In name order the
/// fields below one name stand together.
void append_nested(Position at, Position end, std::size_t depth, std::string& into) {
  into += '{';
  bool first = true;
  while (at != end) {
    const std::string_view rest = std::string_view(at->first).substr(depth);
    const std::size_t dot = nesting_dot(rest);
    const std::string_view name = rest.substr(0, dot);
    if (!first) into += ',';
    first = false;
    append_json_string(name, into);
    into += ':';
    if (dot == std::string_view::npos) {
      append_value(at->second, into);
      ++at;
      continue;
    }
    const std::string_view below = std::string_view(at->first).substr(0, depth + dot + 1);
    Position next = std::next(at);
    while (next != end && next->first.starts_with(below)) ++next;
    append_nested(at, next, below.size(), into);
    at = next;
  }
  into += '}';
}

/// A number that is neither an integer nor the shortest text of a double keeps its digits.
FieldScalar number_of(std::string_view raw) {
  const char* end = raw.data() + raw.size();
  std::int64_t integer = 0;
  const auto as_integer = std::from_chars(raw.data(), end, integer);
  if (as_integer.ec == std::errc{} && as_integer.ptr == end && std::to_string(integer) == raw) return integer;
  double real = 0;
  const auto as_real = std::from_chars(raw.data(), end, real);
  if (as_real.ec == std::errc{} && as_real.ptr == end && double_text(real) == raw) return real;
  return NumberText{std::string(raw)};
}

FieldScalar scalar_of(JsonScanner& scanner, const JsonToken& token) {
  switch (token.kind) {
    case JsonKind::null: return std::monostate{};
    case JsonKind::boolean: return token.raw == "true";
    case JsonKind::number: return number_of(token.raw);
    case JsonKind::text: return unescaped(token);
    default: return JsonText{std::string(scanner.container())};
  }
}

/// A list of plain values, or else JSON as a whole.
FieldValue list_of(std::string_view json) {
  JsonScanner scanner(json);
  scanner.value();
  std::vector<FieldScalar> list;
  for (bool first = true; scanner.element(first);) {
    list.push_back(scalar_of(scanner, scanner.value()));
    if (std::holds_alternative<JsonText>(list.back())) return FieldScalar(JsonText{std::string(json)});
  }
  return list;
}

}  // namespace

std::string fields_json(const FieldMap& fields) {
  std::string json = "{";
  for (const auto& [name, value] : fields) {
    if (json.size() > 1) json += ',';
    append_json_string(name, json);
    json += ':';
    append_value(value, json);
  }
  return json += '}';
}

std::string nested_json(const FieldMap& fields) {
  std::string json;
  append_nested(fields.begin(), fields.end(), 0, json);
  return json;
}

FieldMap fields_from_json(std::string_view json) {
  JsonScanner scanner(json);
  FieldMap fields;
  fields.reserve(static_cast<std::size_t>(std::count(json.begin(), json.end(), ':')));  // at least as many as fields
  if (scanner.value().kind != JsonKind::begin_object) scanner.malformed("an object was expected");
  bool first = true;
  JsonToken name;
  while (scanner.member(first, name)) {
    const JsonToken token = scanner.value();
    FieldValue& value = fields.try_emplace(fields.end(), unescaped(name))->second;  // they come in name order
    value = token.kind == JsonKind::begin_array ? list_of(scanner.container()) : FieldValue(scalar_of(scanner, token));
  }
  scanner.end();
  return fields;
}

std::string value_json(const FieldValue& value) {
  std::string text;
  append_value(value, text);
  return text;
}

bool has_associations(const FieldMap& fields) {
  const auto first = fields.lower_bound(association_prefix);
  return first != fields.end() && is_association(first->first);
}

FieldMap without_associations(const FieldMap& fields) {
  FieldMap others;
  others.reserve(fields.size());
  for (const auto& field : fields) {
    if (!is_association(field.first)) others.insert(others.end(), field);
  }
  return others;
}

FieldMap differing_fields(const FieldMap& now, const FieldMap& before) {
  // Compared as text: what was read back from the journal may hold 1000.00 where the mapping holds exact digits.
  FieldMap differing;
  for (const auto& [name, value] : now) {
    const auto found = before.find(name);
    if (found == before.end() || value_json(found->second) != value_json(value)) differing.emplace(name, value);
  }
  for (const auto& [name, value] : before) {
    if (!now.contains(name)) differing.emplace(name, FieldScalar{});
  }
  return differing;
}

}  // namespace engine::model
