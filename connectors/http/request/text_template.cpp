#include "connectors/http/request/text_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/http/request/field_text.h"
#include "engine/base/error.h"
#include "engine/base/text/header_text.h"

namespace connectors::http {

using engine::model::FieldScalar;

namespace {

using Place = TextTemplate::Place;

/// What a URL cannot hold as it is, and '#', which would cut off the rest.
bool breaks_url(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F || c == '#';
}

[[noreturn]] void refuse_value(const Placeholder& placeholder, const std::string& why) {
  throw engine::Error(engine::ErrorCode::config_invalid, fmt::format("{} {}", placeholder.shown(), why));
}

void append_value(const Placeholder& placeholder, Place place, std::string text, std::string& into) {
  if (place == Place::plain) {
    into += text;
    return;
  }
  if (place == Place::header) {
    if (!engine::is_header_value(text)) {
      refuse_value(placeholder, "holds a control character and cannot stand in a header");
    }
    into += text;
    return;
  }
  if (place == Place::path && (text.empty() || text == "." || text == "..")) {
    refuse_value(placeholder, fmt::format("is '{}', which would address something else in a path", text));
  }
  append_percent_encoded(text, into);
}

/// The value as its filter writes it, not yet encoded for its place.
std::string text_of_piece(const Placeholder& placeholder, const CallValues& values) {
  return filtered(placeholder.filter, text_of(value_of(placeholder, values)));
}

}  // namespace

TextTemplate::TextTemplate(std::string_view text, Place place, const engine::settings::Origin& origin)
    : place_(place), pieces_(pieces_of(text, origin)) {
  for (Piece& piece : pieces_) {
    if (piece.placeholder && piece.placeholder->is_whole_json()) {
      refuse_template(fmt::format("{} can stand in a body only", piece.placeholder->shown()), origin);
    }
    if (piece.placeholder && piece.placeholder->optional) {
      refuse_template(fmt::format("{} can be left out of a body only", piece.placeholder->shown()), origin);
    }
    if (place_ == Place::header && !engine::is_header_value(piece.literal)) {
      refuse_template("a header cannot hold a control character", origin);
    }
    if (place_ == Place::path && std::any_of(piece.literal.begin(), piece.literal.end(), breaks_url)) {
      refuse_template("a blank, '#' and all beyond ASCII must be percent-encoded in a path", origin);
    }
    if (place_ != Place::query) continue;
    std::string encoded;
    append_percent_encoded(piece.literal, encoded);
    piece.literal = std::move(encoded);
  }
}

std::string TextTemplate::render(const CallValues& values) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    if (piece.placeholder) append_value(*piece.placeholder, place_, text_of_piece(*piece.placeholder, values), out);
  }
  return out;
}

FieldsTemplate::FieldsTemplate(const engine::model::FieldMap& fields, const engine::settings::Origin& origin) {
  for (const auto& [name, value] : fields) {
    Field& field = fields_[name];
    field.constant = value;
    const auto* scalar = std::get_if<FieldScalar>(&value);
    const auto* text = scalar != nullptr ? std::get_if<std::string>(scalar) : nullptr;
    if (text != nullptr && text->find('{') != std::string::npos) field.pieces = pieces_of(*text, origin);
  }
}

void FieldsTemplate::apply(const CallValues& values, engine::model::FieldMap& into) const {
  for (const auto& [written, field] : fields_) {
    const std::string name = written == "{match_field}" ? text_of(value_of({Placeholder::Name::match_field}, values)) : written;
    if (field.pieces.empty()) {
      into.insert_or_assign(name, field.constant);
      continue;
    }
    const bool is_one_value = field.pieces.size() == 2 && field.pieces[0].literal.empty() &&
                              field.pieces[1].literal.empty() && field.pieces[0].placeholder->filter == Filter::none;
    if (is_one_value) {
      into.insert_or_assign(name, value_of(*field.pieces[0].placeholder, values));
      continue;
    }
    std::string text;
    for (const Piece& piece : field.pieces) {
      text += piece.literal;
      if (piece.placeholder) text += text_of_piece(*piece.placeholder, values);
    }
    into.insert_or_assign(name, FieldScalar(std::move(text)));
  }
}

}  // namespace connectors::http
