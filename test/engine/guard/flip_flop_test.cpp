#include "engine/guard/flip_flop.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

using namespace engine;
using State = journal::Deliveries::SentState;

namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t now = 1'800'000'000'000;
const settings::FlipFlop three_an_hour{.times = 3, .within_ms = 60 * minute};

/// "A": fields; "-": gone. Oldest first, five minutes apart, the last one five minutes ago.
std::vector<State> sent(const std::vector<std::string>& states) {
  std::vector<State> all;
  std::int64_t at_ms = now;
  for (std::size_t i = states.size(); i-- > 0;) {
    at_ms -= 5 * minute;
    all.push_back({.sent_ms = at_ms, .present = states[i] != "-", .match = R"({"code":"C1"})", .fields = R"({"name":")" + states[i] + R"("})"});
  }
  return all;
}

journal::Delivery next(const std::string& state) {
  return {.key = R"(["C1"])", .match = R"({"code":"C1"})", .present = state != "-", .fields = R"({"name":")" + state + R"("})", .created_ms = now};
}

bool is_held(const std::vector<std::string>& before, const std::string& after, const settings::FlipFlop& limits = three_an_hour) {
  return guard::object_to_flip(limits, sent(before), next(after)).has_value();
}

}  // namespace

TEST_CASE("a record is held when it would come back for the third time, and says so in numbers") {
  CHECK_FALSE(is_held({}, "A"));
  CHECK_FALSE(is_held({"A", "B"}, "A"));
  CHECK_FALSE(is_held({"A", "B", "A"}, "B"));
  CHECK(is_held({"A", "B", "A", "B"}, "A"));
  const auto objection = guard::object_to_flip(three_an_hour, sent({"A", "B", "A", "B"}), next("A"));
  REQUIRE(objection);
  CHECK(objection->kind == "flip_flop");
  CHECK(objection->text == R"(["C1"] went between 2 states 4 times in 20 min, and would go back once more: 3 times back within 1 h ask a person)");
  const boost::json::value numbers = boost::json::parse(objection->numbers);
  CHECK(numbers.at("times_back").as_int64() == 3);
  CHECK(numbers.at("states").as_int64() == 2);
  CHECK(objection->stays_ms == 60 * minute);
}

TEST_CASE("three jobs that undo one another are found as two are, and so is a record that comes and goes") {
  CHECK(is_held({"A", "B", "C", "A", "B"}, "C"));
  CHECK(is_held({"A", "-", "A", "-"}, "A"));
  CHECK_FALSE(is_held({"A", "B", "C", "A"}, "B"));
}

TEST_CASE("new states, however many, and one that is there already, are normal work") {
  CHECK_FALSE(is_held({"A", "B", "C", "D", "E", "F"}, "G"));
  CHECK_FALSE(is_held({"A", "B", "A", "B", "A"}, "C"));
  CHECK_FALSE(is_held({"A", "B", "A", "B", "A"}, "A"));
  CHECK_FALSE_MESSAGE(is_held({"A", "A", "A", "A"}, "A"), "sent again by a person");
}

TEST_CASE("what was sent before the window counts only as the state that it began with") {
  // Of A B A B, five minutes apart, the window of 16 minutes has the last three, and begins with the first A.
  CHECK(is_held({"A", "B", "A", "B"}, "A", {.times = 3, .within_ms = 16 * minute}));
  CHECK_FALSE(is_held({"A", "B", "A", "B"}, "A", {.times = 3, .within_ms = 14 * minute}));
}

TEST_CASE("behind what a person released counting begins anew") {
  std::vector<State> states = sent({"A", "B", "A", "B", "A"});
  states[2].released = true;  // the A in the middle
  CHECK_FALSE(guard::object_to_flip(three_an_hour, states, next("B")));
  states = sent({"A", "B", "A", "B", "A", "B"});
  states[3].released = true;
  CHECK(guard::object_to_flip(three_an_hour, states, next("A")));
}

TEST_CASE("states that a record was never meant to have are known as new, once a window has passed") {
  guard::RecentStates states;
  const auto meet = [&](const char* key, const char* state, std::int64_t minutes) { return states.meet(key, state, now + minutes * minute, 60 * minute); };
  CHECK_MESSAGE(meet("C1", "A", 0), "of the first window nothing is known");
  CHECK_FALSE(meet("C1", "C", 60));
  CHECK(meet("C1", "A", 61));
  CHECK(meet("C1", "C", 62));
  CHECK_FALSE(meet("C2", "A", 63));
  CHECK(meet("C2", "A", 121));
  CHECK_MESSAGE(!meet("C2", "C", 600), "nothing was planned in the window before");
}

TEST_CASE("fields that tell no state apart are left out of it") {
  std::vector<State> states = sent({"A", "B", "A", "B"});
  for (std::size_t i = 0; i < states.size(); ++i) states[i].fields.insert(1, R"("changed_at":")" + std::to_string(i) + R"(",)");
  CHECK_FALSE(guard::object_to_flip(three_an_hour, states, next("A")));
  CHECK(guard::object_to_flip({.times = 3, .within_ms = 60 * minute, .ignore = {"changed_at"}}, states, next("A")));
}
