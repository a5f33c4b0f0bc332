#include "connectors/http/request/escapes.h"

namespace connectors::http {
namespace {

std::string with_backslashes(std::string_view text, std::string_view special) {
  std::string out;
  out.reserve(text.size() + 8);
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string doubled(std::string_view text, std::string_view special) {
  std::string out;
  out.reserve(text.size() + 8);
  for (const char c : text) out.append(special.find(c) != std::string_view::npos ? 2 : 1, c);
  return out;
}

std::string with_blanks_for(std::string_view special, std::string text) {
  for (char& c : text) {
    if (special.find(c) != std::string_view::npos) c = ' ';
  }
  return text;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

}  // namespace

std::optional<Filter> filter_of(std::string_view name) {
  if (name == "text") return Filter::text;
  if (name == "rt_quote") return Filter::rt_quote;
  if (name == "sql_quote") return Filter::sql_quote;
  if (name == "soql_quote") return Filter::soql_quote;
  if (name == "vtql_quote") return Filter::vtql_quote;
  if (name == "number") return Filter::number;
  if (name == "jql_phrase") return Filter::jql_phrase;
  if (name == "caret_quote") return Filter::caret_quote;
  if (name == "json") return Filter::json;
  return std::nullopt;
}

/// `number` and `json` change nothing here: they are checked where JSON is written.
std::string filtered(Filter filter, std::string_view text) {
  switch (filter) {
    case Filter::rt_quote:
      return with_backslashes(text, "\\'");
    case Filter::soql_quote:
      return with_backslashes(text, "\\'\"");
    case Filter::sql_quote:
      return doubled(text, "'");
    case Filter::vtql_quote:
      return doubled(text, "'\\");
    case Filter::caret_quote:
      return doubled(text, "^");
    case Filter::jql_phrase:
      return with_blanks_for("\"\\", std::string(text));
    case Filter::none:
    case Filter::text:
    case Filter::number:
    case Filter::json:
      break;
  }
  return std::string(text);
}

void append_percent_encoded(std::string_view text, std::string& into) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      into += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    into += '%';
    into += digits[byte >> 4];
    into += digits[byte & 15];
  }
}

}  // namespace connectors::http
