#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {
const std::string a = R"({"name":"A"})";

void pause(World& world) {
  world.write([&](engine::journal::Records& records) { records.pauses.put({engine::journal::PauseKind::pipeline, "customers", "anna", "", world.time.wall_ms()}); });
  world.loop->pauses_changed();
}

void resume(World& world) {
  world.write([&](engine::journal::Records& records) { records.pauses.remove(engine::journal::PauseKind::pipeline, "customers", world.time.wall_ms()); });
  world.loop->pauses_changed();
}
}

TEST_CASE(
    "a sick target is left alone after failures in a row, probed by one request, and flooded only when it is well") {
  World world;
  make_upsert_object(world.target);
  world.options.in_flight = 8;
  world.options.breaker_opens_after = 5;
  world.target.otherwise = Fate::unreachable;
  for (int i = 0; i < 50; ++i) world.plan("K" + std::to_string(i), a);
  world.start();
  world.pass(60'000);
  CHECK(world.loop->status().state == "open");
  int tried = 0;
  for (int i = 1; i <= 50; ++i) tried += static_cast<int>(world.attempts(i).size());
  CHECK(tried <= 8 + 5 + 60 / 15);
  world.target.otherwise = Fate::taken;
  world.pass(15'000);
  CHECK(world.loop->status().state == "running");
  CHECK(world.target.records.size() == 50);
}

TEST_CASE("being throttled pauses the whole connection for the time asked for, and is no sign of ill health") {
  World world;
  make_upsert_object(world.target);
  world.options.in_flight = 1;
  world.options.breaker_opens_after = 1;
  world.target.script = {Fate::throttled};
  world.plan("K1", a);
  world.plan("K2", a);
  world.start();
  world.pass(world.target.throttle_ms - 100);
  CHECK(world.loop->status().state == "running");
  CHECK(world.target.records.empty());
  world.pass(10'000);
  CHECK(world.target.records.size() == 2);
}

TEST_CASE("refused credentials stop the connection and no record; a person's repair is tried at once") {
  World world;
  make_ticket_object(world.target);
  world.target.otherwise = Fate::auth;
  const auto id = world.plan("K1", a);
  world.start();
  world.pass(60'000);
  CHECK(world.loop->status().state == "auth_refused");
  CHECK(world.state(id) == "pending");
  CHECK(world.attempts(id).size() == 1);
  world.target.otherwise = Fate::taken;
  SUBCASE("after five minutes by itself") { world.pass(300'000); }
  SUBCASE("when asked") {
    world.loop->look_again();
    world.settle();
  }
  CHECK(world.state(id) == "delivered");
  CHECK(world.loop->status().state == "running");
}

TEST_CASE("a target that comes back is noticed within seconds, however long it was away") {
  World world;
  make_upsert_object(world.target);
  world.target.otherwise = Fate::unreachable;
  const auto id = world.plan("K1", a);
  world.start();
  world.pass(120'000);
  world.target.otherwise = Fate::taken;
  world.pass(15'000);
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("a batch holds one delivery of a record, is accounted record by record, and one bad record spoils no other") {
  World world;
  make_upsert_object(world.target);
  world.target.object().calls[CallKind::upsert].records_max = 10;
  world.options.in_flight = 1;
  for (int i = 0; i < 5; ++i) world.plan("K" + std::to_string(i), a);
  SUBCASE("all well: one request") {
    world.start();
    world.settle();
    CHECK(world.target.seen.size() == 1);
    CHECK(world.target.records.size() == 5);
  }
  SUBCASE("refused as a whole: each goes alone") {
    world.target.script = {Fate::refused, Fate::taken, Fate::refused};
    world.start();
    world.settle();
    CHECK(world.target.records.size() == 4);
  }
  SUBCASE("one cannot be made into a request") {
    world.plan("K9", R"({"unpreparable":1})");
    world.start();
    world.settle();
    CHECK(world.target.records.size() == 5);
  }
}

TEST_CASE("no more requests are under way than allowed, and no more go out in a second") {
  World world;
  make_message_object(world.target);
  world.target.automatic = false;
  world.options.in_flight = 3;
  for (int i = 0; i < 20; ++i) world.plan("K" + std::to_string(i), a);
  SUBCASE("in flight") {
    world.start();
    world.settle();
    CHECK(world.target.waiting() == 3);
    world.target.process(Fate::taken);
    world.settle();
    CHECK(world.target.waiting() == 3);
  }
  SUBCASE("per second") {
    world.target.automatic = true;
    world.options.budgets[""].allowances["per_second"] = {.requests = 2};
    world.start();
    world.pass(3'000);
    CHECK(world.target.effects.size() >= 5);
    CHECK(world.target.effects.size() <= 8);
  }
}

TEST_CASE("a record that vanished at the target is made anew") {
  World world;
  make_ticket_object(world.target);
  world.plan("K1", a);
  world.start();
  world.settle();
  world.target.records.clear();
  const auto id = world.plan("K1", R"({"name":"B"})");
  world.settle();
  CHECK(world.state(id) == "delivered");
  REQUIRE(world.target.records.size() == 1);
  CHECK(world.target.record(R"({"code":"K1"})") != nullptr);
}

TEST_CASE("an existing record is found and updated, and two of them are for a person") {
  World world;
  make_ticket_object(world.target);
  world.target.records["7"] = {.object = "companies", .match = R"({"code":"K1"})"};
  SUBCASE("one") {
    const auto id = world.plan("K1", a);
    world.start();
    world.settle();
    CHECK(world.state(id) == "delivered");
    CHECK(world.target.records.size() == 1);
  }
  SUBCASE("two") {
    world.target.records["8"] = world.target.records["7"];
    const auto id = world.plan("K1", a);
    world.start();
    world.settle();
    CHECK(world.state(id) == "dead");
    CHECK(world.delivery(id).reason.find("7, 8") != std::string::npos);
  }
}

TEST_CASE("draining lets what is under way end and starts nothing") {
  World world;
  make_message_object(world.target);
  world.target.automatic = false;
  world.options.in_flight = 1;
  const auto first = world.plan("K1", a);
  const auto second = world.plan("K2", a);
  world.start();
  world.settle();
  world.loop->drain();
  world.settle();
  CHECK_FALSE(world.loop->is_idle());
  world.target.process(Fate::taken);
  world.settle();
  CHECK(world.loop->is_idle());
  CHECK(world.state(first) == "delivered");
  CHECK(world.state(second) == "pending");
}

TEST_CASE("deliveries of a pipeline that is not configured wait") {
  World world;
  make_upsert_object(world.target);
  auto delivery = world.delivery_for("K1", "");
  delivery.pipeline_id = 99;
  delivery.fields = a;
  const auto id = world.plan(delivery);
  world.start();
  world.pass(60'000);
  CHECK(world.state(id) == "pending");
}

TEST_CASE("what was read before its pipeline was paused stays, and goes as soon as the pipeline goes on, whatever was sent meanwhile") {
  World world;
  make_upsert_object(world.target);
  world.add_pipeline("orders");
  world.options.in_flight = 1;
  world.target.automatic = false;
  std::vector<std::int64_t> paused;
  for (int i = 0; i < 20; ++i) paused.push_back(world.plan("K" + std::to_string(i), a));
  world.start();
  world.settle();
  REQUIRE(world.target.waiting() == 1);
  SUBCASE("all of it was read") {}
  SUBCASE("more is being read") { world.loop->look_again(); }
  pause(world);
  const auto other = world.plan(world.of_pipeline("orders", "O1"));
  world.loop->wake();
  world.target.automatic = true;
  world.target.process(Fate::taken);
  world.settle();
  CHECK(world.state(other) == "delivered");
  CHECK(world.target.effects.size() == 2);
  for (std::size_t i = 1; i < paused.size(); ++i) CHECK(world.state(paused[i]) == "held");
  resume(world);
  world.settle();
  CHECK(world.target.effects.size() == 21);
}

TEST_CASE("a try that failed waits for the end of a pause that came meanwhile") {
  World world;
  make_repeat_safe_object(world.target);
  world.target.automatic = false;
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  REQUIRE(world.target.waiting() == 1);
  pause(world);
  CHECK(world.state(id) == "in_flight");
  world.target.process(Fate::busy);
  world.target.automatic = true;
  world.pass(60'000);
  CHECK(world.state(id) == "held");
  CHECK(world.target.effects.empty());
  resume(world);
  world.pass(1'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.size() == 1);
}

TEST_CASE("what a kill left under way does not leave a pipeline that is paused by the next start") {
  World world;
  make_repeat_safe_object(world.target);
  world.target.automatic = false;
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  world.kill(Fate::lost);
  world.write([&](engine::journal::Records& records) { records.pauses.put({engine::journal::PauseKind::pipeline, "customers", "anna", "", 5}); });
  world.target.automatic = true;
  world.start();
  world.pass(60'000);
  CHECK(world.state(id) == "held");
  CHECK(world.target.effects.empty());
  resume(world);
  world.pass(1'000);
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("an uncertain create of a paused pipeline is looked up, and sent again only when the pause is over") {
  World world;
  make_ticket_object(world.target);
  world.target.object().consistent_after_ms = 2'000;
  world.target.script = {Fate::taken, Fate::lost};  // find, create
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  REQUIRE(world.state(id) == "uncertain");
  const std::string key = *world.delivery(id).idempotency_key;
  pause(world);
  world.pass(60'000);
  CHECK(world.state(id) == "held");
  CHECK(world.target.effects.empty());
  resume(world);
  world.pass(1'000);
  CHECK(world.state(id) == "delivered");
  REQUIRE(world.target.effects.size() == 1);
  CHECK(world.target.effects[0].idempotency_key == key);
}

TEST_CASE("waits that end together are found again, however time passes meanwhile") {
  World world;
  engine::deliver::Intake intake(world, world.target, world.other_pipelines, {.connection = "crm"}, [](std::exception_ptr) {});
  for (std::int64_t id = 1; id <= 3; ++id) intake.wait(id, 60'000, true);
  world.time.ms_a_look = 1;
  intake.end_retry_waits();
  for (std::int64_t id = 1; id <= 3; ++id) intake.hurry(id);
  world.time.ms_a_look = 0;
  CHECK(intake.next_ms() == world.time.steady_ms());
}

TEST_CASE("what a person decides while a look-up is under way is not lost with its answer") {
  World world;
  make_ticket_object(world.target);
  world.target.object().consistent_after_ms = 2'000;
  world.target.script = {Fate::taken, Fate::lost};  // find, create
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  REQUIRE(world.state(id) == "uncertain");
  world.target.automatic = false;
  world.pass(2'000);
  REQUIRE(world.target.waiting() == 1);
  engine::journal::Delivery decided = world.delivery(id);
  decided.state = engine::journal::DeliveryState::pending;
  decided.not_before_ms = 0;
  world.write([&](engine::journal::Records& records) { records.deliveries.update(decided); });
  world.loop->look_again();
  world.settle();
  SUBCASE("it found nothing") { world.target.process(Fate::taken); }
  SUBCASE("it was refused") { world.target.process(Fate::refused); }
  world.target.automatic = true;
  world.pass(1'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.size() == 1);
}

TEST_CASE("a quiet moment that was planned by a clock which was ahead is over when the clock is set back") {
  World world;
  make_upsert_object(world.target);
  constexpr std::int64_t year = 365 * 24 * 3'600'000LL;
  world.time.jump(year);
  auto settling = world.delivery_for("K1", "");
  settling.fields = a;
  settling.not_before_ms = world.time.wall_ms() + 30'000;
  settling.settle_by_ms = world.time.wall_ms() + 100'000;
  const auto id = world.plan(settling);
  world.start();
  world.pass(10'000);
  CHECK(world.state(id) == "pending");
  world.time.jump(-year);
  SUBCASE("while it waits") {}
  SUBCASE("and the process starts again") { world.restart(); }
  world.pass(30'000);
  CHECK(world.state(id) == "delivered");
}
