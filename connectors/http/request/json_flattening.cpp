#include "connectors/http/request/json_flattening.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "connectors/http/request/field_text.h"
#include "engine/model/row_json.h"

namespace connectors::http {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 6> directives{"$when", "$unless", "$each", "$value", "$first", "$refuse"};

std::string_view view_of(json::string_view text) { return {text.data(), text.size()}; }

bool is_directive(std::string_view key) { return key.starts_with('$') && !key.starts_with("$$"); }

const json::value* directive(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

/// A JSON string without its quotes, to stand inside one.
std::string inside_string(std::string_view text) {
  std::string quoted;
  engine::model::append_json_string(text, quoted);
  return quoted.substr(1, quoted.size() - 2);
}

void refuse_unknown_directives(const json::object& object, const engine::settings::Origin& origin) {
  for (const auto& member : object) {
    const std::string_view key = view_of(member.key());
    if (!is_directive(key) || std::find(directives.begin(), directives.end(), key) != directives.end()) continue;
    refuse_template(fmt::format("nothing is called '{}' in a body; a member of that name is written '${}'", key, key),
                    origin);
  }
}

std::string_view text_of(const json::value& value, std::string_view directive,
                         const engine::settings::Origin& origin) {
  if (!value.is_string()) refuse_template(fmt::format("'{}' must be a text", directive), origin);
  return view_of(value.get_string());
}

bool is_only_first(const json::value& value) {
  return value.is_object() && value.get_object().size() == 1 && directive(value.get_object(), "$first") != nullptr;
}

}  // namespace

void JsonFlattening::append(const json::value& value) {
  if (is_choice(value)) return append_choice({}, value);
  append_plain(value);
}

void JsonFlattening::append_plain(const json::value& value) {
  if (value.is_object()) {
    append_object(value.get_object());
  } else if (value.is_array()) {
    append_array(value.get_array());
  } else if (value.is_string()) {
    append_string(view_of(value.get_string()));
  } else if (value.is_double()) {
    append_json(engine::model::FieldScalar(value.get_double()), text());
  } else {
    text() += json::serialize(value);
  }
}

void JsonFlattening::append_object(const json::object& object) {
  text() += '{';
  Commas commas = Commas::no;
  append_members(object, commas);
  text() += '}';
}

void JsonFlattening::append_array(const json::array& array) {
  text() += '[';
  Commas commas = Commas::no;
  for (const json::value& item : array) append_entry(std::nullopt, item, commas);
  text() += ']';
}

/// In the template's order, since bodies of equal calls must be equal.
void JsonFlattening::append_members(const json::object& object, Commas& commas) {
  refuse_unknown_directives(object, origin_);
  for (const auto& member : object) {
    const std::string_view key = view_of(member.key());
    if (key == "$first") {
      append_choice({.as = Place::As::members, .commas = commas}, object);
      if (commas == Commas::no) commas = Commas::unknown;
    } else if (!is_directive(key)) {
      append_entry(key.starts_with("$$") ? key.substr(1) : key, member.value(), commas);
    }
  }
}

void JsonFlattening::append_entry(Key key, const json::value& value, Commas& commas) {
  if (!is_choice(value)) {
    begin_entry(key, commas);
    return append_plain(value);
  }
  append_choice({.as = Place::As::entry, .key = key, .commas = commas}, value);
  if (commas == Commas::no) commas = Commas::unknown;
}

/// Whether a comma is due may depend on what a choice before left out. Then the rendering decides, by a part of its
/// own.
void JsonFlattening::begin_entry(Key key, Commas& commas) {
  if (commas == Commas::yes) text() += ',';
  if (commas == Commas::unknown) {
    parts_.back().comma = true;
    parts_.emplace_back();
  }
  commas = Commas::yes;
  if (!key) return;
  append_mixed(*key);
  text() += ':';
}

void JsonFlattening::append_string(std::string_view string) {
  if (string == "fields") return open_hole({.name = Placeholder::Name::fields}, false);
  if (string == "changed_fields") return open_hole({.name = Placeholder::Name::changed_fields}, false);
  const auto pieces = pieces_of(string, origin_);
  const bool is_one_value = pieces.size() == 2 && pieces[0].literal.empty() && pieces[1].literal.empty();
  if (is_one_value) return open_hole(*pieces[0].placeholder, false);
  append_mixed(string);
}

void JsonFlattening::append_mixed(std::string_view string) {
  text() += '"';
  for (const Piece& piece : pieces_of(string, origin_)) {
    text() += inside_string(piece.literal);
    if (!piece.placeholder) continue;
    const Placeholder& placeholder = *piece.placeholder;
    if (placeholder.is_whole_json() || placeholder.optional || placeholder.filter == Filter::json) {
      refuse_template(placeholder.shown() + " must stand alone, not inside a text", origin_);
    }
    open_hole(placeholder, true);
  }
  text() += '"';
}

void JsonFlattening::open_hole(Placeholder placeholder, bool inside_string) {
  parts_.back().placeholder = std::move(placeholder);
  parts_.back().inside_string = inside_string;
  parts_.emplace_back();
}

std::optional<Placeholder> JsonFlattening::optional_field(const json::value& value) const {
  if (!value.is_string()) return std::nullopt;
  auto pieces = pieces_of(view_of(value.get_string()), origin_);
  const bool is_one_value = pieces.size() == 2 && pieces[0].literal.empty() && pieces[1].literal.empty();
  return is_one_value && pieces[0].placeholder->optional ? pieces[0].placeholder : std::nullopt;
}

/// A `$first` beside other members is theirs: the object itself stands in any case.
bool JsonFlattening::is_choice(const json::value& value) const {
  if (optional_field(value) || is_only_first(value)) return true;
  if (!value.is_object()) return false;
  const auto has = [&](std::string_view name) { return directive(value.get_object(), name) != nullptr; };
  return has("$when") || has("$unless") || has("$each") || has("$value") || has("$refuse");
}

void JsonFlattening::append_choice(const Place& place, const json::value& value) {
  JsonChoice choice{.forms = {}, .is_needed = place.as == Place::As::value};
  if (place.as != Place::As::members && !is_only_first(value)) {
    choice.forms.push_back(form_of(place, value));
  } else {
    const json::value& list = *directive(value.get_object(), "$first");
    if (!list.is_array() || list.get_array().empty()) refuse_template("'$first' must be a list of forms", origin_);
    for (const json::value& item : list.get_array()) choice.forms.push_back(form_of(place, item));
  }
  parts_.back().choice = std::make_shared<const JsonChoice>(std::move(choice));
  parts_.emplace_back();
}

/// One way in which the place may be filled, flattened by itself.
JsonForm JsonFlattening::form_of(Place place, const json::value& value) const {
  JsonForm form;
  // The first of its list now may be the second in its next turn.
  if (place.commas == Commas::no) place.commas = Commas::unknown;
  if (value.is_object()) {
    read_directives(place, value.get_object(), form);
  } else if (const auto optional = optional_field(value)) {
    form.when.emplace_back("field." + optional->part, origin_);
  }
  if (form.refusal.empty()) fill_form(place, value, form);
  return form;
}

void JsonFlattening::read_directives(const Place& place, const json::object& object, JsonForm& form) const {
  refuse_unknown_directives(object, origin_);
  form.when = conditions(object, "$when");
  form.unless = conditions(object, "$unless");
  if (const json::value* why = directive(object, "$refuse")) form.refusal = text_of(*why, "$refuse", origin_);
  const json::value* each = directive(object, "$each");
  if (each == nullptr) return;
  form.each.emplace(text_of(*each, "$each", origin_), origin_);
  if (place.as != Place::As::entry || place.key || !form.each->can_repeat()) {
    refuse_template("'$each' repeats an object of a list for each value of a field", origin_);
  }
}

void JsonFlattening::fill_form(Place place, const json::value& value, JsonForm& form) const {
  JsonFlattening inner(form.parts, origin_);
  const json::value* body = &value;
  if (value.is_object()) {
    if (const json::value* instead = directive(value.get_object(), "$value")) body = instead;
  }
  if (place.as == Place::As::members) {
    if (!value.is_object() || body != &value) {
      refuse_template("a '$first' beside other members holds objects, whose members join them", origin_);
    }
    return inner.append_members(value.get_object(), place.commas);
  }
  if (place.as == Place::As::entry) inner.begin_entry(place.key, place.commas);
  if (body == &value) {
    inner.append_plain(*body);
  } else {
    inner.append(*body);
  }
}

std::vector<FieldPattern> JsonFlattening::conditions(const json::object& object, std::string_view name) const {
  std::vector<FieldPattern> patterns;
  const json::value* written = directive(object, name);
  if (written == nullptr) return patterns;
  if (!written->is_array()) return {FieldPattern(text_of(*written, name, origin_), origin_)};
  for (const json::value& item : written->get_array()) patterns.emplace_back(text_of(item, name, origin_), origin_);
  return patterns;
}

}  // namespace connectors::http
