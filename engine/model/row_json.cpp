#include "engine/model/row_json.h"

#include "engine/base/text/base64.h"
#include "engine/base/error.h"
#include "engine/model/json_text.h"

namespace engine::model {

namespace {

void append_cell(const Column& column, std::string_view cell, std::string& into) {
  if (column.is_table()) {
    into += cell;
    return;
  }
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::real:
      // nan and the infinities have no number in JSON.
      if (is_json_number(cell)) {
        into += cell;
      } else {
        append_json_string(cell, into);
      }
      return;
    case ColumnType::binary:
      into += '"';
      append_base64(cell, into);
      into += '"';
      return;
    default:
      append_json_string(cell, into);
  }
}

/// Where each column's value stands in an image. Columns come in layout order nearly always, so the guess is the next one.
class ImageIndex {
 public:
  explicit ImageIndex(const Layout& layout) : layout_(layout), tokens_(scratch()) {
    tokens_.assign(layout.columns.size(), JsonToken{});
  }

  void read(std::string_view json) {
    JsonScanner scanner(json);
    if (scanner.value().kind != JsonKind::begin_object) scanner.malformed("an object was expected");
    bool first = true;
    JsonToken name;
    while (scanner.member(first, name)) {
      JsonToken token = scanner.value();
      if (token.kind > JsonKind::text) token.raw = scanner.container();
      const auto column = position(name);
      if (!column) continue;
      if (layout_.columns[*column].is_table()) {
        if (token.kind != JsonKind::begin_array && token.kind != JsonKind::null) scanner.malformed("the rows of a table were expected");
      } else if (token.kind > JsonKind::text) {
        scanner.malformed("a plain value was expected");
      }
      tokens_[*column] = token;
    }
    scanner.end();
  }

  const JsonToken& at(std::size_t column) const { return tokens_[column]; }

 private:
  std::optional<std::size_t> position(const JsonToken& name) {
    if (guess_ < layout_.columns.size() && !name.escaped && layout_.columns[guess_].name == name.raw) return guess_++;
    const std::string text = unescaped(name);
    for (std::size_t column = 0; column < layout_.columns.size(); ++column) {
      if (layout_.columns[column].name != text) continue;
      guess_ = column + 1;
      return column;
    }
    return std::nullopt;
  }

  /// One a thread, so that reading an image allocates nothing: no thread may have two indexes in use at once.
  static std::vector<JsonToken>& scratch() {
    thread_local std::vector<JsonToken> tokens;
    return tokens;
  }

  const Layout& layout_;
  std::vector<JsonToken>& tokens_;
  std::size_t guess_ = 0;
};

void append_from_token(ColumnType type, const JsonToken& token, RowBatch& into) {
  if (token.kind == JsonKind::null) return into.append_null();
  if (token.kind == JsonKind::boolean) return into.append(token.raw == "true" ? "1" : "0");
  if (token.kind == JsonKind::text && type == ColumnType::binary) {
    char* out = into.append_space(token.raw.size());
    const auto size = decode_base64(token.raw, out);
    if (!size) throw Error(ErrorCode::journal_failed, "an image in the journal holds a binary value that is not base64");
    return into.shrink_last(*size);
  }
  if (!token.escaped) return into.append(token.raw);
  char* out = into.append_space(token.raw.size());
  into.shrink_last(unescape_json(token.raw, out));
}

}  // namespace

void append_row_json(const Layout& layout, RowView row, std::string& into) {
  into += '{';
  for (std::size_t column = 0; column < row.size(); ++column) {
    if (column != 0) into += ',';
    append_json_string(layout.columns[column].name, into);
    into += ':';
    if (row.is_null(column)) {
      into += "null";
    } else {
      append_cell(layout.columns[column], row.text(column), into);
    }
  }
  into += '}';
}

std::string row_json(const Layout& layout, RowView row) {
  std::string json;
  json.reserve(row.canonical_bytes().size() + layout.columns.size() * 16);
  append_row_json(layout, row, json);
  return json;
}

void append_row_from_json(const Layout& layout, std::string_view json, RowBatch& into) {
  ENGINE_ASSERT(into.columns() == layout.columns.size());
  ImageIndex index(layout);
  index.read(json);
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    append_from_token(layout.columns[column].type, index.at(column), into);
  }
  into.end_row();
}

namespace {

std::string_view without_trailing_zeros(std::string_view number) {
  if (number.find('.') == std::string_view::npos) return number;
  number = number.substr(0, number.find_last_not_of('0') + 1);
  return number.ends_with('.') ? number.substr(0, number.size() - 1) : number;
}

/// A number with more digits behind its point is the same number: sources write as many as the column has, and that may be altered while it is read.
bool differs(ColumnType type, std::string_view before, std::string_view after) {
  if (before == after) return false;
  return type != ColumnType::decimal || without_trailing_zeros(before) != without_trailing_zeros(after);
}

}  // namespace

std::vector<std::string> changed_columns(const Layout& layout, RowView before, RowView after) {
  std::vector<std::string> changed;
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    const Column& each = layout.columns[column];
    if (before.is_null(column) != after.is_null(column) || differs(each.type, before.text(column), after.text(column))) changed.push_back(each.name);
  }
  return changed;
}

}  // namespace engine::model
