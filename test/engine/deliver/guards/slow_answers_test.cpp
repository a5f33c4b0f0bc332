// `hold_while` where a database takes its time, or never says anything.
#include <doctest/doctest.h>

#include "engine/deliver/conditions.h"
#include "test/engine/deliver/guards/quotes.h"

using namespace test;
using engine::deliver::Conditions;
using engine::model::Question;
using engine::model::Reply;
using engine::settings::HoldWhile;

namespace {

const std::string a = R"({"name":"A"})";

Question question(int number) { return {.connection = "erp", .sql = "SELECT 1 FROM quotes WHERE list = " + std::to_string(number)}; }

}  // namespace

TEST_CASE("an answer that takes longer than it counts lets a record go all the same") {
  HoldWhile condition = open_quote();
  condition.every_ms = 1'000;
  Quotes world(condition);
  world.answer_ms = 3'000;
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(3'100);
  CHECK(world.state(id) == "delivered");
  CHECK(world.asked.size() == 1);
}

TEST_CASE("more values than can be asked about while an answer counts all have their turn") {
  Quotes world;
  world.options.in_flight = 32;
  world.answer_ms = 200;
  world.say = [](const Question&) { return found; };
  world.start();
  for (int i = 0; i < 400; ++i) world.change("C" + std::to_string(i), "\"B" + std::to_string(i) + "\"", a);
  world.pass(5 * minute);
  CHECK(world.target.records.empty());
  CHECK(world.journal().read()->deliveries.kept_back(world.pipeline_id).size() == 1);
  world.say = [](const Question&) { return Reply{}; };
  world.pass(3 * minute);
  CHECK(world.target.records.size() == 400);
}

TEST_CASE("where nobody ever answers the limit of the condition holds, and the reason says so") {
  for (const auto then : {HoldWhile::Then::send, HoldWhile::Then::hold}) {
    Quotes world(open_quote(then));
    world.answers = false;
    world.start();
    const auto id = world.change("C1", "\"B01\"", a);
    world.pass(minute);
    CHECK(world.reason(id) == "waits while nobody can say whether an open quote uses this price list: nobody answered yet");
    world.pass(4 * hour);
    world.restart();
    world.pass(4 * hour - 2 * minute);
    CHECK(world.state(id) == "pending");
    world.pass(2 * minute);
    CHECK(world.state(id) == (then == HoldWhile::Then::send ? "delivered" : "held"));
  }
}

TEST_CASE("a late answer is heard at once") {
  Quotes world;
  world.answer_ms = 30'000;
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(20'000);
  CHECK(world.state(id) == "pending");
  world.pass(10'100);
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("a condition is not asked about for deliveries that do not wait any more") {
  Quotes world;
  world.say = [](const Question&) { return found; };
  world.start();
  SUBCASE("it lasted too long, and a person decides") {
    const auto id = world.change("C1", "\"B01\"", a);
    world.pass(8 * hour + minute);
    REQUIRE(world.state(id) == "held");
  }
  SUBCASE("newer changes took their places, and wait for something else") {
    const auto id = world.change("C1", "\"B01\"", a);
    world.pass(hour);
    world.say = [](const Question& question) { return question.values.at(0).text == "B01" ? found : Reply{}; };
    const auto newer = world.change("C1", "\"B02\"", a);
    world.pass(20 * minute);
    REQUIRE(world.state(id) == "superseded");
    REQUIRE(world.state(newer) == "delivered");
  }
  const std::size_t asked = world.asked.size();
  world.pass(4 * hour);
  CHECK(world.asked.size() == asked);
}

TEST_CASE("when too many questions are open the next ones are told so, until there is room again") {
  Conditions conditions;
  const int most = static_cast<int>(Conditions::questions_max);
  for (int i = 0; i < most; ++i) CHECK(conditions.reply(question(i), minute, i, 0) == nullptr);
  const Reply* crowded = conditions.reply(question(most), minute, most, 0);
  REQUIRE(crowded != nullptr);
  CHECK(crowded->problem == "too many other questions are open");
  CHECK_FALSE(conditions.await(question(most), most, hour));

  for (const Question& each : conditions.take_due(0)) conditions.said(each, found, 0);
  for (int i = 0; i < most; ++i) CHECK(conditions.await(question(i), i, hour));
  conditions.forget(question(7), 7);
  CHECK(conditions.take_due(minute).size() == static_cast<std::size_t>(most) - 1);
  CHECK(conditions.reply(question(most), minute, most, minute) == nullptr);
}

TEST_CASE("a question that is asked more often by another pipeline is asked as often as that one wants it") {
  Conditions conditions;
  CHECK(conditions.reply(question(1), hour, 1, 0) == nullptr);
  CHECK(conditions.take_due(0).size() == 1);
  conditions.said(question(1), found, 0);
  CHECK(conditions.reply(question(1), minute, 2, minute / 2) != nullptr);
  CHECK(conditions.reply(question(1), minute, 2, minute) == nullptr);
  CHECK(conditions.take_due(minute).size() == 1);
}

TEST_CASE("a wait that began by a clock which was ahead ends by the clock as it is now") {
  Quotes world(open_quote(HoldWhile::Then::send));
  world.say = [](const Question&) { return found; };
  world.time.jump(9'000 * hour);
  world.start();
  const auto id = world.change("C1", "\"B01\"", a);
  world.pass(minute);
  world.time.jump(-9'000 * hour);
  world.pass(7 * hour);
  CHECK(world.state(id) == "pending");
  world.pass(hour + 20 * minute);
  CHECK(world.state(id) == "delivered");
}
