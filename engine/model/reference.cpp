#include "engine/model/reference.h"

#include "engine/model/json_text.h"
#include "engine/model/row_json.h"

namespace engine::model {

namespace {

constexpr std::string_view begin = "\x02remote_id ";
constexpr std::string_view begin_number = "\x02remote_id_number ";
constexpr char end = '\x03';
constexpr std::string_view begin_in_json = "\\u0002remote_id";

/// One reference inside a text; `size` is none where there is no whole one.
struct Place {
  std::size_t at = 0;
  std::size_t size = 0;
  bool is_number = false;
  std::string_view json;
};

/// A beginning without an end is text.
std::optional<Place> next_place(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find(begin[0], from); at != std::string_view::npos; at = text.find(begin[0], at + 1)) {
    const std::string_view rest = text.substr(at);
    const bool is_number = rest.starts_with(begin_number);
    if (!is_number && !rest.starts_with(begin)) continue;
    const std::size_t opening = is_number ? begin_number.size() : begin.size();
    const std::size_t close = rest.find(end);
    if (close == std::string_view::npos) return std::nullopt;
    return Place{at, close + 1, is_number, rest.substr(opening, close - opening)};
  }
  return std::nullopt;
}

Reference reference_of(std::string_view json) {
  JsonScanner scanner(json);
  Reference reference;
  if (scanner.value().kind != JsonKind::begin_array) scanner.malformed("a reference was expected");
  for (bool first = true; scanner.element(first);) {
    std::string part = unescaped(scanner.value());
    if (reference.pipeline.empty()) {
      reference.pipeline = std::move(part);
    } else {
      reference.key.push_back(std::move(part));
    }
  }
  return reference;
}

void put_in(FieldScalar& scalar, const IdOf& id_of);

void put_in_texts(JsonText& value, const IdOf& id_of) {
  std::string json;
  append_json_with_texts(value.json, [&](const JsonToken& token, std::string& into) {
    FieldScalar text = unescaped(token);
    put_in(text, id_of);
    append_json_string(std::get<std::string>(text), into);
  }, json);
  value.json = std::move(json);
}

void put_in(FieldScalar& scalar, const IdOf& id_of) {
  if (auto* json = std::get_if<JsonText>(&scalar)) {
    if (may_hold_references(json->json)) put_in_texts(*json, id_of);
    return;
  }
  auto* text = std::get_if<std::string>(&scalar);
  if (text == nullptr) return;
  std::string out;
  std::size_t done = 0;
  bool is_number = false;
  for (auto place = next_place(*text, 0); place; place = next_place(*text, place->at + place->size)) {
    out.append(*text, done, place->at - done);
    done = place->at + place->size;
    const auto id = id_of(reference_of(place->json));
    // Unknown, it stays as it is written: the delivery waits, and looks again later.
    out += id ? *id : text->substr(place->at, place->size);
    is_number = id && place->is_number;
  }
  if (done == 0) return;
  out.append(*text, done);
  if (is_number && is_json_number(out)) {
    scalar = NumberText{std::move(out)};
  } else {
    scalar = std::move(out);
  }
}

}  // namespace

std::string reference_text(std::string_view pipeline, std::span<const std::string_view> key) {
  std::string text(begin);
  text += '[';
  append_json_string(pipeline, text);
  for (const std::string_view part : key) {
    text += ',';
    append_json_string(part, text);
  }
  return text.append(1, ']').append(1, end);
}

std::optional<std::string> number_reference(std::string_view text) {
  const auto place = next_place(text, 0);
  if (!place || place->at != 0 || place->size != text.size()) return std::nullopt;
  return std::string(begin_number).append(place->json).append(1, end);
}

bool may_hold_references(std::string_view fields_json) {
  return fields_json.find(begin_in_json) != std::string_view::npos;
}

void put_in_ids(FieldMap& fields, const IdOf& id_of) {
  for (auto& [name, value] : fields) {
    if (auto* scalar = std::get_if<FieldScalar>(&value)) {
      put_in(*scalar, id_of);
    } else {
      for (FieldScalar& item : std::get<std::vector<FieldScalar>>(value)) put_in(item, id_of);
    }
  }
}

std::string shown(std::string_view pipeline, std::string_view key_json) {
  return std::string(pipeline).append(1, ' ').append(key_json);
}

}  // namespace engine::model
