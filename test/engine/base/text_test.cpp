#include "engine/base/text.h"

#include <doctest/doctest.h>

#include "engine/base/digest.h"

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

TEST_CASE("digests are those of their standards") {
  CHECK(md5_hex("4f3accesskey") == "9fd12e5e86ba873bb2c33f8f25199908");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
