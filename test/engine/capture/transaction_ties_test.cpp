#include "engine/capture/tail/transaction_ties.h"

#include <doctest/doctest.h>

using engine::capture::TransactionTies;

TEST_CASE("transactions are tied by a row that both changed, once, and by no other") {
  TransactionTies ties;
  CHECK_FALSE(ties.note("A", "7"));
  CHECK_FALSE(ties.note("B", "7"));
  CHECK_FALSE(ties.note("A", "7"));
  CHECK_FALSE(ties.note("C", "8"));
  CHECK(ties.note("B", "8") == TransactionTies::Tie{"8", "7"});
  CHECK_FALSE(ties.note("A", "8"));
  CHECK(ties.note("A", "9") == TransactionTies::Tie{"9", "8"});
  ties.clear();
  CHECK_FALSE(ties.note("A", "10"));
}

TEST_CASE("an entry without a transaction ties to all of the cycle") {
  TransactionTies ties;
  CHECK_FALSE(ties.note("A", "7"));
  CHECK(ties.note("A", std::nullopt) == TransactionTies::Tie{"", "7"});
}

TEST_CASE("of more rows than are remembered, each belongs to all of the cycle") {
  TransactionTies ties;
  for (int i = 0; i < 200'000; ++i) REQUIRE_FALSE(ties.note(std::to_string(i), "7"));
  CHECK(ties.note("one more", "8") == TransactionTies::Tie{"8", ""});
}
