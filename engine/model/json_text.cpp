#include "engine/model/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace engine::model {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Bytes that may be copied as they stand: no escape, not a part of a multi-byte sequence.
constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (int byte = 0x20; byte < 0x80; ++byte) plain[static_cast<std::size_t>(byte)] = byte != '"' && byte != '\\';
  return plain;
}
constexpr auto plain = plain_bytes();

/// As short as JSON has it; what has no letter is written in hexadecimal.
void append_escape(char c, std::string& into) {
  switch (c) {
    case '"': into += "\\\""; return;
    case '\\': into += "\\\\"; return;
    case '\n': into += "\\n"; return;
    case '\r': into += "\\r"; return;
    case '\t': into += "\\t"; return;
    default: break;
  }
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  const char out[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
  into.append(out, sizeof out);
}

std::size_t put_utf8(std::uint32_t code, char* out) {
  if (code < 0x80) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = static_cast<char>(0xC0 | code >> 6);
    out[1] = static_cast<char>(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = static_cast<char>(0xE0 | code >> 12);
    out[1] = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out[2] = static_cast<char>(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | code >> 18);
  out[1] = static_cast<char>(0x80 | (code >> 12 & 0x3F));
  out[2] = static_cast<char>(0x80 | (code >> 6 & 0x3F));
  out[3] = static_cast<char>(0x80 | (code & 0x3F));
  return 4;
}

/// Throws Error journal_failed for fewer than four, or others.
std::uint32_t four_hex(std::string_view raw, std::size_t at) {
  std::uint32_t code = 0;
  const char* end = raw.data() + at + 4;
  if (at + 4 > raw.size() || std::from_chars(raw.data() + at, end, code, 16).ptr != end) {
    throw Error(ErrorCode::journal_failed, "JSON in the journal holds a broken escape");
  }
  return code;
}

/// Decodes what follows "\u" at `at` and moves `at` behind it, over both halves of a surrogate pair.
std::uint32_t escaped_code(std::string_view raw, std::size_t& at) {
  std::uint32_t code = four_hex(raw, at);
  at += 4;
  const bool high = code >= 0xD800 && code < 0xDC00;
  if (high && raw.substr(at, 2) == "\\u") {
    const std::uint32_t low = four_hex(raw, at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      at += 6;
      return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return code >= 0xD800 && code < 0xE000 ? 0xFFFD : code;
}

constexpr std::uint64_t high_bits = 0x8080808080808080U;

bool is_ascii(std::string_view text) {
  std::uint64_t all = 0;
  if (text.size() < sizeof all) {
    for (const char c : text) all |= static_cast<unsigned char>(c);
    return (all & high_bits) == 0;
  }
  std::uint64_t eight = 0;
  for (std::size_t at = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    all |= eight;
  }
  // What is left over, with some of what was seen before it.
  std::memcpy(&eight, text.data() + text.size() - sizeof eight, sizeof eight);
  return ((all | eight) & high_bits) == 0;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return follows(1) ? 2 : 0;
  // The bounds of the second byte keep out overlong forms, surrogates and what lies beyond U+10FFFF.
  if (first < 0xF0) return follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  if (first > 0xF4) return 0;
  return follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  // Nearly all values are ASCII as a whole, and their last bytes need not be looked at one by one.
  if (is_ascii(text)) return true;
  while (!text.empty()) {
    std::uint64_t eight = 0;
    if (text.size() >= sizeof eight) {
      std::memcpy(&eight, text.data(), sizeof eight);
      if ((eight & high_bits) == 0) {
        text.remove_prefix(sizeof eight);
        continue;
      }
    }
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - start;
  };
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

void append_json_string(std::string_view text, std::string& into) {
  into += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && plain[static_cast<unsigned char>(text[end])]) ++end;
    into.append(text, at, end - at);
    if (end == text.size()) break;
    at = end;
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      append_escape(text[at++], into);
      continue;
    }
    const std::size_t length = utf8_sequence(text.substr(at));
    into.append(length == 0 ? replacement : text.substr(at, length));
    at += std::max<std::size_t>(length, 1);
  }
  into += '"';
}

void JsonScanner::malformed(const char* what) const {
  throw Error(ErrorCode::journal_failed,
              "JSON in the journal is damaged at byte " + std::to_string(at_) + ": " + what);
}

void JsonScanner::blanks() {
  while (at_ < json_.size() && (json_[at_] == ' ' || json_[at_] == '\n' || json_[at_] == '\r' || json_[at_] == '\t')) ++at_;
}

bool JsonScanner::accept(char c) {
  blanks();
  if (at_ == json_.size() || json_[at_] != c) return false;
  ++at_;
  return true;
}

/// Escapes are stepped over and not undone: most texts are never asked for.
JsonToken JsonScanner::text() {
  JsonToken token{JsonKind::text, false, {}};
  const std::size_t start = at_;
  for (; at_ < json_.size(); ++at_) {
    const char c = json_[at_];
    if (c == '"') {
      token.raw = json_.substr(start, at_ - start);
      ++at_;
      return token;
    }
    if (c == '\\') {
      token.escaped = true;
      ++at_;
    }
  }
  malformed("a string without an end");
}

JsonToken JsonScanner::word(std::string_view word, JsonKind kind) {
  if (json_.substr(at_, word.size()) != word) malformed("a value was expected");
  at_ += word.size();
  return {kind, false, word};
}

JsonToken JsonScanner::value() {
  blanks();
  if (at_ == json_.size()) malformed("a value was expected");
  switch (json_[at_]) {
    case '"': ++at_; return text();
    case '{': ++at_; return {JsonKind::begin_object, false, {}};
    case '[': ++at_; return {JsonKind::begin_array, false, {}};
    case 'n': return word("null", JsonKind::null);
    case 't': return word("true", JsonKind::boolean);
    case 'f': return word("false", JsonKind::boolean);
    default: break;
  }
  const std::size_t start = at_;
  constexpr std::string_view number_bytes = "+-.eE";
  while (at_ < json_.size() && (is_digit(json_[at_]) || number_bytes.find(json_[at_]) != std::string_view::npos)) ++at_;
  const std::string_view raw = json_.substr(start, at_ - start);
  if (!is_json_number(raw)) malformed("a value was expected");
  return {JsonKind::number, false, raw};
}

bool JsonScanner::element(bool& first) {
  if (accept(']')) return false;
  if (!first && !accept(',')) malformed("',' or ']' was expected");
  first = false;
  return true;
}

bool JsonScanner::member(bool& first, JsonToken& name) {
  if (accept('}')) return false;
  if (!first && !accept(',')) malformed("',' or '}' was expected");
  first = false;
  if (!accept('"')) malformed("a name was expected");
  name = text();
  if (!accept(':')) malformed("':' was expected");
  return true;
}

std::string_view JsonScanner::container() {
  const std::size_t start = at_ - 1;
  for (std::size_t depth = 1; depth > 0;) {
    if (at_ == json_.size()) malformed("a container without an end");
    const char c = json_[at_++];
    if (c == '"') text();
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return json_.substr(start, at_ - start);
}

void JsonScanner::end() {
  blanks();
  if (at_ != json_.size()) malformed("text behind the end");
}

namespace {

constexpr int levels_max = 64;

/// As it was written, where that is a string of JSON.
void append_quoted(const JsonScanner& scanner, const JsonToken& token, std::string& into) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::ranges::any_of(token.raw, is_control) || !is_utf8(token.raw)) scanner.malformed("a string was expected");
  if (token.escaped) unescaped(token);
  into.append(1, '"').append(token.raw).append(1, '"');
}

void append_compact(JsonScanner& scanner, const TextWriter& write, std::string& into, int levels) {
  if (levels == 0) scanner.malformed("it nests too deep");
  const JsonToken token = scanner.value();
  bool first = true;
  if (token.kind == JsonKind::begin_array) {
    for (into += '['; scanner.element(first);) {
      if (into.back() != '[') into += ',';
      append_compact(scanner, write, into, levels - 1);
    }
    into += ']';
  } else if (token.kind == JsonKind::begin_object) {
    JsonToken name;
    for (into += '{'; scanner.member(first, name);) {
      if (into.back() != '{') into += ',';
      append_quoted(scanner, name, into);
      into += ':';
      append_compact(scanner, write, into, levels - 1);
    }
    into += '}';
  } else if (token.kind == JsonKind::text) {
    write ? write(token, into) : append_quoted(scanner, token, into);
  } else {
    into += token.raw;
  }
}

}  // namespace

bool append_compact_json(std::string_view json, std::string& into) {
  const std::size_t size = into.size();
  try {
    JsonScanner scanner(json);
    append_compact(scanner, {}, into, levels_max);
    scanner.end();
    return true;
  } catch (const Error&) {
    into.resize(size);
    return false;
  }
}

void append_json_with_texts(std::string_view json, const TextWriter& write, std::string& into) {
  JsonScanner scanner(json);
  append_compact(scanner, write, into, levels_max);
}

std::size_t unescape_json(std::string_view raw, char* out) {
  char* to = out;
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t stop = std::min(raw.find('\\', at), raw.size());
    to = std::copy(raw.data() + at, raw.data() + stop, to);
    at = stop + 2;
    if (stop == raw.size()) break;
    switch (stop + 1 < raw.size() ? raw[stop + 1] : '\0') {
      case '"': case '\\': case '/': *to++ = raw[stop + 1]; break;
      case 'n': *to++ = '\n'; break;
      case 'r': *to++ = '\r'; break;
      case 't': *to++ = '\t'; break;
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'u': to += put_utf8(escaped_code(raw, at), to); break;
      default: throw Error(ErrorCode::journal_failed, "JSON in the journal holds a broken escape");
    }
  }
  return static_cast<std::size_t>(to - out);
}

std::string unescaped(const JsonToken& token) {
  if (!token.escaped) return std::string(token.raw);
  std::string text(token.raw.size(), '\0');
  text.resize(unescape_json(token.raw, text.data()));
  return text;
}

}  // namespace engine::model
