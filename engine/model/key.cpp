#include "engine/model/key.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/text/base64.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/model/json_text.h"
#include "engine/model/row_json.h"

namespace engine::model {

namespace {

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Big endian with the sign turned, so that memcmp orders as numbers do.
void encode_integer(std::int64_t value, std::string& into) {
  const std::uint64_t bits = static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
  char bytes[sizeof bits];
  for (std::size_t i = 0; i < sizeof bits; ++i) bytes[i] = static_cast<char>(bits >> (8 * (sizeof bits - 1 - i)) & 0xFF);
  into.append(bytes, sizeof bytes);
}

/// A zero byte becomes 00 FF and 00 00 ends the part: a prefix sorts before what it begins, and no part runs into the next.
void encode_text(std::string_view text, std::string& into) {
  std::size_t at = 0;
  for (std::size_t zero; (zero = text.find('\0', at)) != std::string_view::npos; at = zero + 1) {
    into.append(text, at, zero - at).append("\0\xFF", 2);
  }
  into.append(text, at).append("\0\0", 2);
}

void append_part(std::string_view cell, ColumnType type, std::string& json) {
  switch (type) {
    case ColumnType::integer: json += cell; break;
    case ColumnType::binary:
      json += '"';
      append_base64(cell, json);
      json += '"';
      break;
    default: append_json_string(cell, json);
  }
}

/// In a shape 9 stands for a digit.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '9' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

std::optional<std::string> without_fraction_zeros(std::string_view text, std::string_view shape) {
  if (!has_shape(text.substr(0, shape.size()), shape)) return std::nullopt;
  std::string canonical(text);
  if (text.size() == shape.size()) return canonical;
  if (text[shape.size()] != '.' || text.size() == shape.size() + 1) return std::nullopt;
  if (text.find_first_not_of("0123456789", shape.size() + 1) != std::string_view::npos) return std::nullopt;
  while (canonical.back() == '0') canonical.pop_back();
  if (canonical.back() == '.') canonical.pop_back();
  return canonical;
}

std::optional<std::string> canonical_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  char shortest[32];
  return std::string(shortest, std::to_chars(shortest, shortest + sizeof shortest, value).ptr);
}

/// The canonical form of what a person typed, or nullopt. A decimal must have the scale that the source gives it: keys
/// of that type compare as text.
std::optional<std::string> canonical_part(ColumnType type, const std::string& part) {
  switch (type) {
    case ColumnType::integer: {
      const auto value = integer_of(part);
      return value ? std::optional(std::to_string(*value)) : std::nullopt;
    }
    case ColumnType::real: return canonical_real(part);
    case ColumnType::decimal:
      if (!is_json_number(part) || part.find_first_of("eE") != std::string::npos) return std::nullopt;
      return part;
    case ColumnType::binary: {
      std::string bytes(part.size(), '\0');
      const auto size = decode_base64(part, bytes.data());
      if (!size) return std::nullopt;
      bytes.resize(*size);
      return bytes;
    }
    case ColumnType::date: return has_shape(part, "9999-99-99") ? std::optional(part) : std::nullopt;
    case ColumnType::time: return without_fraction_zeros(part, "99:99:99");
    case ColumnType::timestamp: return without_fraction_zeros(part, "9999-99-99 99:99:99");
    case ColumnType::text: return part;
  }
  return std::nullopt;
}

}  // namespace

void encode_key(const Layout& layout, RowView row, std::string& into) {
  for (const std::size_t column : layout.key) {
    const Column& part = layout.columns[column];
    if (row.is_null(column)) {
      throw Error(ErrorCode::source_bad_data, "the key column " + part.name + " is NULL in a row", {{"column", part.name}},
                  "choose key columns that are never NULL, or read through a query that leaves such rows out");
    }
    if (part.type != ColumnType::integer) {
      encode_text(row.text(column), into);
      continue;
    }
    const auto value = integer_of(row.text(column));
    if (!value) {
      throw Error(ErrorCode::source_bad_data,
                  "the key column " + part.name + " holds no integer: " + std::string(row.text(column)), {{"column", part.name}});
    }
    encode_integer(*value, into);
  }
}

std::string key_json(const Layout& layout, RowView row) {
  std::string json = "[";
  for (const std::size_t column : layout.key) {
    if (json.size() > 1) json += ',';
    append_part(row.text(column), layout.columns[column].type, json);
  }
  return json += ']';
}

std::optional<std::vector<std::string>> key_cells_of(const Layout& layout, std::span<const std::string> parts) {
  if (parts.size() != layout.key.size()) return std::nullopt;
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto cell = canonical_part(layout.columns[layout.key[i]].type, parts[i]);
    if (!cell) return std::nullopt;
    cells.push_back(*std::move(cell));
  }
  return cells;
}

std::optional<std::string> key_json_of(const Layout& layout, std::span<const std::string> parts) {
  const auto cells = key_cells_of(layout, parts);
  if (!cells) return std::nullopt;
  std::string json = "[";
  for (std::size_t i = 0; i < cells->size(); ++i) {
    if (i != 0) json += ',';
    append_part((*cells)[i], layout.columns[layout.key[i]].type, json);
  }
  return json += ']';
}

/// Encoded as any row is, with nothing but its key.
std::string encoded_key_of(const Layout& layout, std::span<const std::string> parts) {
  const auto cells = key_cells_of(layout, parts);
  ENGINE_ASSERT(cells);
  RowBatch batch;
  batch.begin(layout.columns.size());
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    const auto part = std::find(layout.key.begin(), layout.key.end(), column);
    if (part == layout.key.end()) {
      batch.append_null();
    } else {
      batch.append((*cells)[static_cast<std::size_t>(part - layout.key.begin())]);
    }
  }
  batch.end_row();
  std::string key;
  encode_key(layout, batch.row(0), key);
  return key;
}

std::vector<std::string> key_parts(std::string_view key_json) {
  JsonScanner scanner(key_json);
  std::vector<std::string> parts;
  if (scanner.value().kind != JsonKind::begin_array) scanner.malformed("an array was expected");
  for (bool first = true; scanner.element(first);) parts.push_back(unescaped(scanner.value()));
  return parts;
}

std::string source_key_part(ColumnType type, std::string_view cell) {
  return type == ColumnType::binary ? hex(cell) : std::string(cell);
}

// Parts are bound again byte by byte, so one that is not UTF-8 travels as {"base64":…} rather than repaired.
std::string source_key_json(const SourceKey& key) {
  std::string json = "[";
  for (const std::string& part : key.parts) {
    if (json.size() > 1) json += ',';
    if (is_utf8(part)) {
      append_json_string(part, json);
      continue;
    }
    json += "{\"base64\":\"";
    append_base64(part, json);
    json += "\"}";
  }
  return json += ']';
}

SourceKey source_key_from_json(std::string_view json) {
  JsonScanner scanner(json);
  SourceKey key;
  if (scanner.value().kind != JsonKind::begin_array) scanner.malformed("an array was expected");
  for (bool first = true; scanner.element(first);) {
    JsonToken token = scanner.value();
    if (token.kind == JsonKind::text) {
      key.parts.push_back(unescaped(token));
      continue;
    }
    if (token.kind != JsonKind::begin_object) scanner.malformed("a part of a key was expected");
    bool first_member = true;
    JsonToken name;
    while (scanner.member(first_member, name)) token = scanner.value();
    std::string bytes(token.raw.size(), '\0');
    const auto size = decode_base64(token.raw, bytes.data());
    if (!size) scanner.malformed("a part of a key is not base64");
    bytes.resize(*size);
    key.parts.push_back(std::move(bytes));
  }
  scanner.end();
  return key;
}

}  // namespace engine::model
