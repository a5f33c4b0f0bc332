// Messages to people: what their last own message allows, and what reports of the target settle.
#include <doctest/doctest.h>

#include "engine/base/text/durations.h"
#include "test/engine/deliver/objects.h"

using namespace test;
using engine::hour_ms;
using engine::journal::Delivery;
using engine::journal::Records;
using engine::journal::Report;

namespace {

const std::string with_template = R"({"template":"shipped","text":"Spedito","to":"+39 333 1234567"})";
const std::string text_alone = R"({"text":"Spedito","to":"+393331234567"})";

/// A message as the planner leaves it, with the change it tells of.
std::int64_t plan_message(World& world, const std::string& key, const std::string& fields,
                          std::optional<std::int64_t> valid_for_ms = {}) {
  Delivery message = world.delivery_for(key, "");
  world.write([&](Records& records) {
    engine::model::Change change;
    change.table_id = records.tables.ensure("orders").id;
    change.layout_id = change.cycle_id = 1;
    change.key = message.key;
    change.changed_columns = "[]";
    message.first_seq = message.last_seq = records.changes.append(change);
  });
  message.match = "{}";
  message.every_change = true;
  message.fields = fields;
  if (valid_for_ms) message.expires_ms = world.time.wall_ms() + *valid_for_ms;
  return world.plan(message);
}

void heard(World& world, std::int64_t ago_ms) {
  world.write([&](Records& records) {
    records.conversations.heard("crm", "393331234567", world.time.wall_ms() - ago_ms);
  });
}

bool was_free(const World& world, std::size_t index) {
  return world.target.seen.at(index).request.find(R"("window":"open")") != std::string::npos;
}

void report(World& world, std::int64_t id, const std::string& status) {
  const Delivery delivery = world.delivery(id);
  world.write([&](Records& records) {
    records.reports.take({.connection = "crm", .remote_id = "wamid." + std::to_string(id), .status = status,
                          .key = delivery.idempotency_key.value_or(""), .recipient = "393331234567", .reason = "",
                          .at_ms = world.time.wall_ms(), .received_ms = world.time.wall_ms()});
  });
}

}  // namespace

TEST_CASE("a person may be written to freely for a day after his own last message") {
  World world;
  make_message_object(world.target);
  world.start();
  plan_message(world, "K1", with_template);
  world.settle();
  heard(world, 25 * hour_ms);
  plan_message(world, "K2", with_template);
  world.settle();
  heard(world, 23 * hour_ms);
  plan_message(world, "K3", with_template);
  world.settle();
  REQUIRE(world.target.seen.size() == 3);
  CHECK_FALSE(was_free(world, 0));
  CHECK_FALSE(was_free(world, 1));
  CHECK(was_free(world, 2));
}

TEST_CASE("a target that says the window is closed is believed: what is allowed then goes out, once") {
  World world;
  make_message_object(world.target);
  heard(world, hour_ms);
  world.target.script = {Fate::outside};
  const auto id = plan_message(world, "K1", with_template);
  world.start();
  world.settle();
  CHECK(world.state(id) == "delivered");
  REQUIRE(world.attempts(id).size() == 2);
  CHECK(world.attempts(id)[0].request != world.attempts(id)[1].request);
  CHECK(world.target.effects.size() == 1);
  CHECK_FALSE(world.journal().read()->conversations.last_heard_ms("crm", "393331234567"));
}

TEST_CASE("a text that may not be sent now, with nothing in its place, is a dead letter after one request") {
  for (const bool believed_open : {true, false}) {
    World world;
    make_message_object(world.target);
    if (believed_open) heard(world, hour_ms);
    world.target.otherwise = Fate::outside;
    const auto id = plan_message(world, "K1", text_alone);
    world.start();
    world.settle();
    CHECK(world.state(id) == "dead");
    CHECK(world.attempts(id).size() == 1);
  }
}

TEST_CASE("a message whose answer was lost is not sent again, and a report settles it; then the next one goes") {
  World world;
  make_message_object(world.target);
  world.target.script = {Fate::taken_answer_lost};
  const auto first = plan_message(world, "K1", text_alone);
  world.start();
  world.settle();
  const auto second = plan_message(world, "K1", with_template);
  world.pass(60'000);
  CHECK(world.state(first) == "uncertain");
  CHECK(world.state(second) == "pending");
  report(world, first, "sent");
  world.loop->look_again();
  world.settle();
  CHECK(world.state(first) == "delivered");
  CHECK(world.state(second) == "delivered");
  CHECK(world.target.effects.size() == 2);
}

TEST_CASE("a report that is faster than the answer settles the message when that is lost") {
  World world;
  make_message_object(world.target);
  world.target.automatic = false;
  const auto id = plan_message(world, "K1", text_alone);
  world.start();
  world.settle();
  REQUIRE(world.state(id) == "in_flight");
  report(world, id, "sent");
  world.target.process(Fate::taken_answer_lost);
  world.settle();
  CHECK(world.state(id) == "delivered");
  world.target.automatic = true;
  const auto next = plan_message(world, "K1", with_template);
  world.settle();
  CHECK(world.state(next) == "delivered");
}

TEST_CASE("a message that was under way when the process died, and was reported, is settled at the start") {
  World world;
  make_message_object(world.target);
  world.target.automatic = false;
  const auto reported = plan_message(world, "K1", text_alone);
  const auto silent = plan_message(world, "K2", text_alone);
  world.start();
  world.settle();
  report(world, reported, "sent");
  world.restart();
  world.settle();
  CHECK(world.state(reported) == "delivered");
  CHECK(world.state(silent) == "uncertain");
  CHECK(world.target.waiting() == 0);
}

TEST_CASE("a message that waits for another try and is reported meanwhile does not go out again") {
  World world;
  make_message_object(world.target);
  world.target.script = {Fate::busy};
  const auto id = plan_message(world, "K1", text_alone);
  world.start();
  world.settle();
  REQUIRE(world.state(id) == "pending");
  report(world, id, "delivered");
  world.pass(10 * 60'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.empty());
}

TEST_CASE("a message that becomes too old while its person's budget is used up is not sent when there is room again") {
  World world;
  make_message_object(world.target);
  auto& pair = world.options.budgets["pair"];
  pair.name = "pair";
  pair.per = {"field.to"};
  pair.allowances["per_day"] = {.requests = 1, .in_ms = 24 * hour_ms};
  world.start();
  plan_message(world, "K1", text_alone);
  world.settle();
  const auto late = plan_message(world, "K2", text_alone, hour_ms);
  world.pass(2 * hour_ms);
  CHECK(world.state(late) == "expired");
  const auto next_day = plan_message(world, "K3", text_alone);
  world.pass(23 * hour_ms);
  CHECK(world.state(next_day) == "delivered");
  CHECK(world.target.effects.size() == 2);
}

TEST_CASE("so many people a day: who was written to may get more, who wrote himself does not count, and a restart forgets nobody") {
  World world;
  make_message_object(world.target);
  auto& tier = world.options.budgets["tier"];
  tier.name = "tier";
  tier.distinct = "field.to";
  tier.outside_window = true;
  tier.allowances["per_day"] = {.requests = 2, .in_ms = 24 * hour_ms};
  const auto to = [](const std::string& person) { return R"({"text":"Spedito","to":")" + person + "\"}"; };
  world.start();
  heard(world, hour_ms);
  plan_message(world, "K0", text_alone);
  plan_message(world, "K1", to("+39301"));
  plan_message(world, "K2", to("+39302"));
  plan_message(world, "K3", to("+39301"));
  world.settle();
  CHECK(world.target.effects.size() == 4);
  const auto third = plan_message(world, "K4", to("+39303"));
  world.pass(hour_ms);
  CHECK(world.state(third) == "pending");
  world.restart();
  plan_message(world, "K5", to("+39302"));
  world.pass(hour_ms);
  CHECK(world.target.effects.size() == 5);
  CHECK(world.state(third) == "pending");
  world.pass(23 * hour_ms);
  CHECK(world.state(third) == "delivered");
}
