#include "engine/base/text/escaped_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace engine {

namespace {

/// One character of UTF-8, or one byte that is none.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
};

Character first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (bytes == 1 || bytes > text.size()) return {first, 1};
  std::uint32_t code = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {code, bytes};
}

std::size_t run_of(std::string_view text, char c) {
  const std::size_t end = text.find_first_not_of(c);
  return end == std::string_view::npos ? text.size() : end;
}

std::optional<std::uint32_t> number_in(std::string_view digits, int base) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return read.ec == std::errc{} && read.ptr == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

/// %41, or %2541 where a URL stands in another one.
std::size_t percent_length(std::string_view text, unsigned char byte) {
  if (!text.starts_with('%')) return 0;
  std::size_t at = 1;
  while (text.substr(at).starts_with("25")) at += 2;
  if (byte == '%') return at > 1 ? at : 0;
  return text.size() >= at + 2 && number_in(text.substr(at, 2), 16) == byte ? at + 2 : 0;
}

/// u00e9, or ud83dudd11 with its own backslashes between.
std::size_t unicode_length(std::string_view text, std::uint32_t code) {
  if (!text.starts_with('u') || text.size() < 5) return 0;
  const auto unit = number_in(text.substr(1, 4), 16);
  if (code < 0x10000) return unit == code ? 5 : 0;
  if (unit != 0xD800 + ((code - 0x10000) >> 10)) return 0;
  const std::size_t low = 5 + run_of(text.substr(5), '\\');
  return unicode_length(text.substr(low), 0xDC00 + ((code - 0x10000) & 0x3FF)) == 0 ? 0 : low + 5;
}

/// Behind as many backslashes as there are: JSON in JSON doubles them.
std::size_t backslash_length(std::string_view text, Character wanted) {
  const std::size_t slashes = run_of(text, '\\');
  if (slashes == 0) return 0;
  if (wanted.code == '\\') return slashes;
  const std::string_view rest = text.substr(slashes);
  if (const std::size_t length = unicode_length(rest, wanted.code); length > 0) return slashes + length;
  if (rest.empty()) return 0;
  constexpr std::array<std::pair<char, std::uint32_t>, 5> controls{{{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'b', '\b'}, {'f', '\f'}}};
  for (const auto& [letter, code] : controls) {
    if (rest[0] == letter && wanted.code == code) return slashes + 1;
  }
  const bool is_escapable = wanted.code == '"' || wanted.code == '/' || wanted.code == '\'';
  return is_escapable && static_cast<unsigned char>(rest[0]) == wanted.code ? slashes + 1 : 0;
}

std::optional<std::uint32_t> entity_code(std::string_view name) {
  if (name.starts_with("#x") || name.starts_with("#X")) return number_in(name.substr(2), 16);
  if (name.starts_with('#')) return number_in(name.substr(1), 10);
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> names{{{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known, code] : names) {
    if (name == known) return code;
  }
  return std::nullopt;
}

std::size_t entity_length(std::string_view text, std::uint32_t code) {
  if (!text.starts_with('&')) return 0;
  std::size_t at = 1;
  while (text.substr(at).starts_with("amp;") && (code != '&' || text.substr(at + 4).starts_with("amp;"))) at += 4;
  const std::size_t end = text.substr(at, 12).find(';');
  return end != std::string_view::npos && entity_code(text.substr(at, end)) == code ? at + end + 1 : 0;
}

/// By any escape that has a sign of its own; else 0.
std::size_t sign_length(std::string_view text, std::string_view wanted, Character character) {
  if (const std::size_t length = backslash_length(text, character); length > 0) return length;
  if (const std::size_t length = entity_length(text, character.code); length > 0) return length;
  std::size_t length = 0;
  for (std::size_t i = 0; i < character.bytes; ++i) {
    const std::size_t one = percent_length(text.substr(length), static_cast<unsigned char>(wanted[i]));
    if (one == 0) return 0;
    length += one;
  }
  return length;
}

}  // namespace

std::size_t escaped_length(std::string_view text, std::string_view wanted) {
  std::size_t at = 0;
  while (!wanted.empty()) {
    const std::string_view rest = text.substr(std::min(at, text.size()));
    const Character character = first_character(wanted);
    if (const std::size_t slashes = run_of(wanted, '\\'); slashes > 0 && run_of(rest, '\\') >= slashes) {
      at += run_of(rest, '\\');
      wanted.remove_prefix(slashes);
      continue;
    }
    const std::size_t by_sign = sign_length(rest, wanted, character);
    const bool bare = rest.starts_with(wanted.substr(0, character.bytes)) || (character.code == ' ' && rest.starts_with('+'));
    wanted.remove_prefix(character.bytes);
    if (by_sign == 0 && !bare) return 0;
    // "%25" is a percent sign, or the beginning of these three characters: what follows tells.
    if (by_sign > 0 && bare && !wanted.empty()) {
      const std::size_t others = escaped_length(rest.substr(by_sign), wanted);
      if (others > 0) return at + by_sign + others;
    }
    at += by_sign > 0 && !bare ? by_sign : character.code == ' ' ? 1 : character.bytes;
  }
  return at;
}

}  // namespace engine
