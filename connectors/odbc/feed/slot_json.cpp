#include "connectors/odbc/feed/slot_json.h"

#include <limits>

#include <boost/json/basic_parser_impl.hpp>

namespace connectors::odbc::slot {

namespace {

namespace json = boost::json;

/// Takes values as they are written: a number that went through a double would lose digits. The rows are {"action":"U","schema":…,"table":…,
/// "columns":[{"name":…,"type":…,"value":…}],"identity":[…]}.
class Taker {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  JsonLine line;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) {
    cells_ = key_ == "columns" ? &line.change.after : key_ == "identity" ? &line.change.before : nullptr;
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) {
    cells_ = nullptr;
    return true;
  }
  bool on_object_begin(json::error_code&) {
    if (cells_ != nullptr) cells_->emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return take(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    take(part);
    key_ = std::move(text_);
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return take(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code&) { return take(part) && put(); }
  bool on_number_part(json::string_view part, json::error_code&) { return take(part); }
  bool on_int64(std::int64_t, json::string_view part, json::error_code&) { return take(part) && put(); }
  bool on_uint64(std::uint64_t, json::string_view part, json::error_code&) { return take(part) && put(); }
  bool on_double(double, json::string_view part, json::error_code&) { return take(part) && put(); }
  bool on_bool(bool value, json::error_code&) { return take(value ? "true" : "false") && put(); }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool take(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool put() {
    std::string text = std::move(text_);
    text_.clear();
    if (cells_ != nullptr && !cells_->empty()) {
      Cell& cell = cells_->back();
      if (key_ == "name") cell.name = std::move(text);
      else if (key_ == "type") cell.type = std::move(text);
      else if (key_ == "value") cell.value = std::move(text);
    } else if (key_ == "action" && !text.empty()) {
      line.action = text[0];
    } else if (key_ == "schema") {
      line.schema = std::move(text);
    } else if (key_ == "table") {
      line.table = std::move(text);
    }
    return true;
  }

  std::string key_, text_;
  std::vector<Cell>* cells_ = nullptr;
};

}  // namespace

std::optional<JsonLine> json_line(std::string_view text) {
  json::basic_parser<Taker> parser(json::parse_options{});
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error.failed() || used != text.size()) return std::nullopt;
  return std::move(parser.handler().line);
}

std::string listed_table(std::string_view schema, std::string_view table) {
  std::string text;
  const auto append = [&text](std::string_view name) {
    for (const char c : name) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 128;
      if (!plain) text += '\\';
      text += c;
    }
  };
  append(schema);
  text += '.';
  append(table);
  return text;
}

}  // namespace connectors::odbc::slot
