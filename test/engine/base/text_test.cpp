#include "engine/base/text/characters.h"

#include <doctest/doctest.h>

#include "engine/base/digest.h"
#include "engine/base/text/durations.h"

using namespace engine;

TEST_CASE("a text is cut between characters, and one that is no UTF-8 where it must") {
  CHECK(cut("caffè", 10) == "caffè");
  CHECK(cut("caffè", 6) == "caffè");
  CHECK(cut("caffè", 5) == "caff");
  CHECK(cut("a\xF0\x9F\x94\x91", 4) == "a");
  CHECK(cut("\x80\x80\x80\x80\x80\x80", 5).size() == 5);
  CHECK(cut("abc", 0).empty());
}

TEST_CASE("words are the same whatever the case of their letters, and bytes that are no letters stay") {
  CHECK(lower_case("X-Ähm [Z]") == "x-Ähm [z]");
  CHECK(same_word("Content-Type", "content-type"));
  CHECK_FALSE(same_word("@", "`"));
  CHECK_FALSE(same_word("Content", "Content-Type"));
}

TEST_CASE("bytes go to hex digits and back, and what is no pair of digits is no bytes") {
  CHECK(bytes_of_hex(hex(std::string("\x00\x7F\xFF", 3))) == std::string("\x00\x7F\xFF", 3));
  CHECK(bytes_of_hex("aBcD") == "\xAB\xCD");
  CHECK(bytes_of_hex("") == "");
  for (const char* none : {"a", "0g", "+1", " 1", "0x00 "}) CHECK_FALSE(bytes_of_hex(none));
}

TEST_CASE("large numbers are grouped for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(-999) == "-999");
  CHECK(grouped(1'250'112) == "1,250,112");
  CHECK(grouped(-12'345) == "-12,345");
}

TEST_CASE("a span of time is told as exactly as its size deserves") {
  CHECK(span_text(0) == "0 ms");
  CHECK(span_text(45 * second_ms + 999) == "45 s");
  CHECK(span_text(90 * second_ms) == "1 min 30 s");
  CHECK(span_text(5 * minute_ms) == "5 min");
  CHECK(span_text(20 * minute_ms + 30 * second_ms) == "20 min");
  CHECK(span_text(80 * minute_ms) == "1 h 20 min");
  CHECK(span_text(24 * hour_ms) == "24 h");
  CHECK(span_text(5 * day_ms + 3 * hour_ms) == "5 days");
}

TEST_CASE("a span of time goes into settings in the largest unit that keeps it") {
  CHECK(yaml_duration(90 * second_ms) == "90s");
  CHECK(yaml_duration(20 * minute_ms) == "20m");
  CHECK(yaml_duration(36 * hour_ms) == "36h");
}

TEST_CASE("digests are those of their standards") {
  CHECK(md5_hex("4f3accesskey") == "9fd12e5e86ba873bb2c33f8f25199908");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
