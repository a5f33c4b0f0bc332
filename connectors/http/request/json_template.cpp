#include "connectors/http/request/json_template.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "connectors/http/request/auth_marks.h"
#include "connectors/http/request/field_text.h"
#include "connectors/http/request/json_flattening.h"
#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace connectors::http {

namespace json = boost::json;

using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::FieldValue;

namespace {

void append_inside_string(std::string_view text, std::string& into) {
  std::string quoted;
  engine::model::append_json_string(text, quoted);
  into.append(quoted, 1, quoted.size() - 2);
}

/// The id of a record is a text to us, and an integer to many APIs.
void append_number(const Placeholder& placeholder, const std::string& text, std::string& into) {
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
                         (digits.size() == 1 || digits[0] != '0');
  if (!is_number) {
    throw engine::Error(engine::ErrorCode::config_invalid,
                        fmt::format("{} is '{}', which is no whole number", placeholder.shown(), text));
  }
  into += text;
}

FieldScalar as_text(const FieldScalar& scalar) {
  if (std::holds_alternative<std::monostate>(scalar)) return scalar;
  return text_of(FieldValue(scalar));
}

/// For APIs that take texts alone: numbers and booleans are told as texts, null stays.
FieldMap as_texts(FieldMap fields) {
  for (auto& [name, value] : fields) {
    if (auto* scalar = std::get_if<FieldScalar>(&value)) {
      *scalar = as_text(*scalar);
    } else {
      for (FieldScalar& item : std::get<std::vector<FieldScalar>>(value)) item = as_text(item);
    }
  }
  return fields;
}

void append_whole(const Placeholder& placeholder, const CallValues& values, std::string& into) {
  if (placeholder.name == Placeholder::Name::records) {
    into += values.records.empty() ? "[]" : values.records;
  } else {
    const bool changed = placeholder.name == Placeholder::Name::changed_fields;
    const FieldMap& fields = changed ? values.changed_fields : values.fields;
    into += engine::model::nested_json(placeholder.filter == Filter::text ? as_texts(fields) : fields);
  }
}

/// What a pipeline made as JSON is given on digit by digit.
void append_checked_json(const Placeholder& placeholder, std::string_view text, std::string& into) {
  json::error_code error;
  json::parse({text.data(), text.size()}, error);
  if (error) {
    throw engine::Error(engine::ErrorCode::config_invalid,
                        fmt::format("{} is no JSON: {}", placeholder.shown(), error.message()));
  }
  into += text;
}

void append_value(const JsonPart& part, const CallValues& values, std::string& into) {
  const Placeholder& placeholder = *part.placeholder;
  if (placeholder.is_whole_json()) return append_whole(placeholder, values, into);
  if (placeholder.name == Placeholder::Name::auth && values.auth == nullptr) {
    return append_auth_mark(placeholder.part, into);
  }
  const auto value = value_of(placeholder, values);
  if (part.inside_string) {
    append_inside_string(filtered(placeholder.filter, text_of(value)), into);
  } else if (placeholder.filter == Filter::number) {
    append_number(placeholder, text_of(value), into);
  } else if (placeholder.filter == Filter::json) {
    append_checked_json(placeholder, text_of(value), into);
  } else if (placeholder.filter != Filter::none) {
    engine::model::append_json_string(filtered(placeholder.filter, text_of(value)), into);
  } else {
    append_json(value, into);
  }
}

bool fits(const JsonForm& form, const CallValues& values) {
  const auto holds = [&](const FieldPattern& pattern) { return pattern.holds(values); };
  if (!std::all_of(form.when.begin(), form.when.end(), holds)) return false;
  if (!form.unless.empty() && std::all_of(form.unless.begin(), form.unless.end(), holds)) return false;
  return !form.each || form.each->holds(values);
}

void append_parts(const JsonParts& parts, const CallValues& values, std::string& into);

void append_choice(const JsonChoice& choice, const CallValues& values, std::string& into) {
  for (const JsonForm& form : choice.forms) {
    if (!fits(form, values)) continue;
    if (!form.refusal.empty()) throw engine::Error(engine::ErrorCode::config_invalid, form.refusal);
    if (!form.each) return append_parts(form.parts, values, into);
    for (const TemplateItem& item : form.each->items(values)) {
      CallValues turn = values;
      turn.item = &item;
      append_parts(form.parts, turn, into);
    }
    return;
  }
  if (!choice.is_needed) return;
  throw engine::Error(engine::ErrorCode::config_invalid,
                      fmt::format("no form of the request of '{}' on '{}' fits the fields that the pipeline maps",
                                  name_of(values.call.kind), values.call.object));
}

void append_parts(const JsonParts& parts, const CallValues& values, std::string& into) {
  for (const JsonPart& part : parts) {
    into += part.before;
    // A value never ends with an opening bracket, so one in front of us is that of our own object or list.
    if (part.comma && into.back() != '{' && into.back() != '[') into += ',';
    if (part.placeholder) append_value(part, values, into);
    if (part.choice) append_choice(*part.choice, values, into);
  }
}

/// Every placeholder with its part, those of all forms included.
template <typename See>
void for_each_hole(const JsonParts& parts, const See& see) {
  for (const JsonPart& part : parts) {
    if (part.placeholder) see(part);
    if (!part.choice) continue;
    for (const JsonForm& form : part.choice->forms) for_each_hole(form.parts, see);
  }
}

}  // namespace

JsonTemplate::JsonTemplate(std::string_view text, const engine::settings::Origin& origin) {
  boost::system::error_code error;
  const json::value tree = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) refuse_template("the body is not JSON: " + error.message(), origin);
  JsonFlattening(parts_, origin).append(tree);
}

std::vector<std::string> JsonTemplate::auth_names() const {
  std::vector<std::string> names;
  for_each_hole(parts_, [&names](const JsonPart& part) {
    if (part.placeholder->name == Placeholder::Name::auth) names.push_back(part.placeholder->part);
  });
  return names;
}

bool JsonTemplate::has_auth_inside_text() const {
  bool has = false;
  for_each_hole(parts_, [&has](const JsonPart& part) {
    const bool is_auth = part.placeholder->name == Placeholder::Name::auth;
    has = has || (is_auth && (part.inside_string || part.placeholder->filter != Filter::none));
  });
  return has;
}

void JsonTemplate::render(const CallValues& values, std::string& into) const { append_parts(parts_, values, into); }

}  // namespace connectors::http
