#include "engine/base/text/header_text.h"

#include <doctest/doctest.h>

#include <string_view>

using engine::is_header_name;
using engine::is_header_value;

TEST_CASE("a header's name is a token, and its value holds nothing that would end it") {
  CHECK(is_header_name("X-Request-Id"));
  CHECK(is_header_name("x_key.1"));
  for (const std::string_view name : {"", "X Note", "X:Note", "X\r\nNote", "Näme"}) CHECK_FALSE(is_header_name(name));
  CHECK(is_header_value(""));
  CHECK(is_header_value("Bearer a/b=; città"));
  using namespace std::string_view_literals;
  for (const std::string_view value : {"a\r\nX-Other: b"sv, "a\nb"sv, "a\0b"sv, "a\x7f"sv}) CHECK_FALSE(is_header_value(value));
}
