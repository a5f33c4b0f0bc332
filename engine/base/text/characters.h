// Letters, characters and bytes, where several folders need the same of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine {

/// ASCII letters become small; every other byte stays, whatever the locale says.
std::string lower_case(std::string_view text);
/// Equal but for the case of ASCII letters.
bool same_word(std::string_view one, std::string_view other);

/// The longest start of `text` with at most `bytes_max` bytes that does not end inside a character of UTF-8.
std::string_view cut(std::string_view text, std::size_t bytes_max);

/// "1,250,112", for people.
std::string grouped(std::int64_t number);

/// Two small digits a byte.
std::string hex(std::string_view bytes);
void append_hex(std::string_view bytes, std::string& into);
/// 0 to 15, or -1 for what is no hex digit, whether small or capital.
int hex_digit(char c);
/// The other way; null for anything but pairs of hex digits.
std::optional<std::string> bytes_of_hex(std::string_view digits);

}  // namespace engine
