#include "engine/base/text/base64.h"

#include <array>
#include <cstdint>

namespace engine {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> values_by_digit() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < digits.size(); ++i) values[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
  return values;
}
constexpr auto digit_values = values_by_digit();

}  // namespace

void append_base64(std::string_view bytes, std::string& into) {
  std::size_t at = 0;
  for (; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    const auto byte = [&](std::size_t i) { return i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U; };
    const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    const char out[4] = {digits[group >> 18], digits[group >> 12 & 63], left > 1 ? digits[group >> 6 & 63] : '=',
                         left > 2 ? digits[group & 63] : '='};
    into.append(out, 4);
  }
}

std::string base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  append_base64(bytes, text);
  return text;
}

std::optional<std::size_t> decode_base64(std::string_view text, char* out) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::size_t written = 0;
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size() - padding; ++at) {
    const int value = digit_values[static_cast<unsigned char>(text[at])];
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (at % 4 == 3) {
      for (const int shift : {16, 8, 0}) out[written++] = static_cast<char>(group >> shift & 0xFF);
      group = 0;
    }
  }
  // Bits behind the last byte must be zero, or two texts would stand for the same bytes.
  if (padding == 1) {
    if ((group & 3) != 0) return std::nullopt;
    for (const int shift : {10, 2}) out[written++] = static_cast<char>(group >> shift & 0xFF);
  } else if (padding == 2) {
    if ((group & 15) != 0) return std::nullopt;
    out[written++] = static_cast<char>(group >> 4 & 0xFF);
  }
  return written;
}

}  // namespace engine
