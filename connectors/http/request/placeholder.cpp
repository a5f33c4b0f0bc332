#include "connectors/http/request/placeholder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/error.h"

namespace connectors::http {

using engine::Error;
using engine::ErrorCode;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::FieldValue;

namespace {

using Name = Placeholder::Name;

constexpr std::array<std::pair<std::string_view, Name>, 18> plain_names{{
    {"match", Name::match},
    {"match_value", Name::match},
    {"match_field", Name::match_field},
    {"remote_id", Name::remote_id},
    {"idempotency_key", Name::idempotency_key},
    {"text", Name::text},
    {"marker", Name::marker},
    {"object", Name::object},
    {"job", Name::job},
    {"changed_field_names", Name::changed_field_names},
    {"association", Name::association},
    {"to", Name::to},
    {"item", Name::item},
    {"name", Name::name},
    {"index", Name::index},
    {"fields", Name::fields},
    {"changed_fields", Name::changed_fields},
    {"records", Name::records},
}};

std::optional<Placeholder> named(std::string_view name) {
  for (const auto& [prefix, kind] :
       {std::pair<std::string_view, Name>{"match.", Name::match}, {"field.", Name::field}, {"auth.", Name::auth}}) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      return Placeholder{.name = kind, .part = std::string(name.substr(prefix.size()))};
    }
  }
  for (const auto& [plain, kind] : plain_names) {
    if (plain == name) return Placeholder{.name = kind};
  }
  return std::nullopt;
}

Placeholder parsed(std::string_view inside, const engine::settings::Origin& origin) {
  const std::size_t bar = inside.find('|');
  std::string_view name = inside.substr(0, bar);
  const bool optional = name.ends_with('?');
  if (optional) name.remove_suffix(1);
  auto placeholder = named(name);
  if (!placeholder) refuse_template(fmt::format("nothing is called {{{}}} in a template", name), origin);
  if (optional && placeholder->name != Name::field) {
    refuse_template(fmt::format("{} cannot be left out: only {{field.x?}} can", placeholder->shown()), origin);
  }
  placeholder->optional = optional;
  if (bar != std::string_view::npos) {
    const auto filter = filter_of(inside.substr(bar + 1));
    if (!filter) refuse_template(fmt::format("there is no filter '{}'", inside.substr(bar + 1)), origin);
    placeholder->filter = *filter;
  }
  return *placeholder;
}

[[noreturn]] void refuse_call(const Placeholder& placeholder, const CallValues& values, const std::string& why) {
  throw Error(ErrorCode::config_invalid,
              fmt::format("the request template of '{}' on '{}' needs {}, {}", name_of(values.call.kind),
                          values.call.object, placeholder.shown(), why));
}

const FieldMap::value_type& only_match(const Placeholder& placeholder, const CallValues& values) {
  const FieldMap& match = values.call.match;
  if (match.size() != 1) refuse_call(placeholder, values, fmt::format("but there are {} match fields", match.size()));
  return *match.begin();
}

const FieldValue& found_in(const FieldMap& fields, const Placeholder& placeholder, const CallValues& values) {
  const auto found = fields.find(placeholder.part);
  if (found == fields.end()) refuse_call(placeholder, values, "which the pipeline does not map");
  return found->second;
}

FieldValue auth_value(const Placeholder& placeholder, const CallValues& values) {
  if (values.auth == nullptr) refuse_call(placeholder, values, "which joins it only when it is sent");
  const auto found = values.auth->find(placeholder.part);
  if (found == values.auth->end()) refuse_call(placeholder, values, "which the login does not have");
  return found->second;
}

/// "address.city" and "address.zip" are one: "address".
std::string outermost_names(const FieldMap& fields) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : fields) {
    const std::string_view outermost = std::string_view(name).substr(0, name.find('.'));
    // Maps are in name order, but "a-b" stands between "a" and "a.c".
    if (std::find(names.begin(), names.end(), outermost) == names.end()) names.push_back(outermost);
  }
  return fmt::format("{}", fmt::join(names, ","));
}

FieldValue text_value(const std::string& text, const Placeholder& placeholder, const CallValues& values) {
  if (text.empty()) refuse_call(placeholder, values, "which this call does not have");
  return FieldScalar(text);
}

FieldValue item_value(const Placeholder& placeholder, const CallValues& values) {
  if (values.item == nullptr) refuse_call(placeholder, values, "which is known below a $each only");
  if (placeholder.name == Name::item) return values.item->value;
  if (placeholder.name == Name::name) return FieldScalar(values.item->name);
  return FieldScalar(values.item->index);
}

}  // namespace

std::string Placeholder::shown() const {
  if (!part.empty()) {
    return fmt::format("{{{}.{}}}", name == Name::match ? "match" : name == Name::field ? "field" : "auth", part);
  }
  for (const auto& [plain, kind] : plain_names) {
    if (kind == name) return fmt::format("{{{}}}", plain);
  }
  return "{}";
}

/// The last piece has no placeholder: what stands behind the last one.
std::vector<Piece> pieces_of(std::string_view text, const engine::settings::Origin& origin) {
  std::vector<Piece> pieces(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool opens = text[i] == '{' && i + 1 < text.size() && text[i + 1] >= 'a' && text[i + 1] <= 'z';
    const std::size_t end = opens ? text.find('}', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      pieces.back().literal += text[i];
      continue;
    }
    pieces.back().placeholder = parsed(text.substr(i + 1, end - i - 1), origin);
    pieces.emplace_back();
    i = end;
  }
  return pieces;
}

std::vector<std::string> auth_names_of(const std::vector<Piece>& pieces) {
  std::vector<std::string> names;
  for (const Piece& piece : pieces) {
    if (piece.placeholder && piece.placeholder->name == Name::auth) names.push_back(piece.placeholder->part);
  }
  return names;
}

FieldValue value_of(const Placeholder& placeholder, const CallValues& values) {
  const auto& call = values.call;
  switch (placeholder.name) {
    case Name::match:
      return placeholder.part.empty() ? only_match(placeholder, values).second
                                      : found_in(call.match, placeholder, values);
    case Name::field:
      return found_in(values.fields, placeholder, values);
    case Name::match_field:
      return FieldScalar(only_match(placeholder, values).first);
    case Name::remote_id:
      return text_value(call.remote_id.value_or(""), placeholder, values);
    case Name::idempotency_key:
      return text_value(call.idempotency_key, placeholder, values);
    case Name::text:
      return text_value(call.comment, placeholder, values);
    case Name::marker:
      return text_value(call.marker, placeholder, values);
    case Name::object:
      return text_value(call.object, placeholder, values);
    case Name::job:
      return text_value(values.job, placeholder, values);
    case Name::auth:
      return auth_value(placeholder, values);
    case Name::changed_field_names:
      return FieldScalar(outermost_names(values.changed_fields));
    case Name::association:
      return text_value(call.association, placeholder, values);
    case Name::to:
      return text_value(call.to, placeholder, values);
    case Name::item:
    case Name::name:
    case Name::index:
      return item_value(placeholder, values);
    case Name::fields:
    case Name::changed_fields:
    case Name::records:
      break;
  }
  refuse_call(placeholder, values, "which only stands as a whole JSON value in a body");
}

void refuse_template(const std::string& problem, const engine::settings::Origin& origin) {
  throw Error(ErrorCode::config_invalid, problem, {{"file", origin.text()}});
}

}  // namespace connectors::http
