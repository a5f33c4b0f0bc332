#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;
using engine::journal::Delivery;

namespace {

const std::string a = R"({"name":"A"})";
const std::string b = R"({"name":"B"})";

engine::model::FieldMap fields(const std::string& json) { return engine::model::fields_from_json(json); }

}  // namespace

TEST_CASE("rule 1: a newer delivery of a record takes the place of one that waits, with the changes it covers") {
  World world;
  make_upsert_object(world.target);
  const auto older = world.plan("K1", a);
  const auto newer = world.plan("K1", b);
  CHECK(world.state(older) == "superseded");
  CHECK(world.delivery(older).superseded_by == newer);
  CHECK(world.delivery(newer).first_seq == 1);
  CHECK(world.delivery(newer).last_seq == 2);
  world.start();
  world.settle();
  CHECK(world.state(newer) == "delivered");
  CHECK(world.target.effects.size() == 1);
  CHECK(world.target.record(R"({"code":"K1"})")->fields == fields(b));
}

TEST_CASE("rule 1: what may have been applied already is not superseded") {
  World world;
  make_repeat_safe_object(world.target);
  world.target.script = {Fate::lost};
  const auto older = world.plan("K1", a);
  world.start();
  world.settle();
  CHECK(world.state(older) == "pending");
  const auto newer = world.plan("K1", b);
  CHECK(world.state(older) == "pending");
  world.pass(60'000);
  CHECK(world.state(older) == "delivered");
  CHECK(world.state(newer) == "delivered");
}

TEST_CASE("rule 1: every change of a message pipeline goes out, in order, and expires when it is too old") {
  World world;
  make_message_object(world.target);
  world.pipeline.name = "messages";
  std::vector<std::int64_t> ids;
  for (const auto* text : {R"({"t":"1"})", R"({"t":"2"})", R"({"t":"3"})"}) {
    Delivery message = world.delivery_for("K1", "");
    message.match = "{}";
    message.every_change = true;
    message.fields = text;
    message.expires_ms = world.time.wall_ms() + (ids.size() == 1 ? -1 : 3'600'000);
    ids.push_back(world.plan(message));
  }
  world.start();
  world.settle();
  CHECK(world.state(ids[0]) == "delivered");
  CHECK(world.state(ids[1]) == "expired");
  CHECK(world.state(ids[2]) == "delivered");
  REQUIRE(world.target.effects.size() == 2);
  CHECK(world.target.effects[0].fields == fields(R"({"t":"1"})"));
  CHECK(world.target.effects[1].fields == fields(R"({"t":"3"})"));
}

TEST_CASE("rule 2: a result equal to what was last sent costs no call") {
  World world;
  make_ticket_object(world.target);
  world.plan("K1", a);
  world.start();
  world.settle();
  const auto requests = world.target.seen.size();
  const auto same = world.plan("K1", a);
  world.settle();
  CHECK(world.state(same) == "skipped");
  CHECK(world.target.seen.size() == requests);
}

TEST_CASE("rule 2: only the fields that differ are sent, and the operation follows from what is live at the target") {
  World world;
  make_ticket_object(world.target);
  world.plan("K1", R"({"name":"A","city":"Roma"})");
  world.start();
  world.settle();
  CHECK(world.target.effects.back().kind == CallKind::create);
  world.plan("K1", R"({"name":"A","city":"Milano"})");
  world.settle();
  CHECK(world.target.effects.back().kind == CallKind::update);
  CHECK(world.target.effects.back().fields == fields(R"({"city":"Milano"})"));
  const auto gone = world.plan_delete("K1");
  world.settle();
  CHECK(world.state(gone) == "delivered");
  CHECK(world.target.records.empty());
  const auto again = world.plan_delete("K1");
  world.settle();
  CHECK(world.state(again) == "skipped");
}

TEST_CASE("rule 2: decision, body, key and attempt are on disk before a byte leaves") {
  World world;
  make_message_object(world.target);
  world.target.automatic = false;
  const auto id = world.plan("K1", a);
  world.start();
  while (world.target.waiting() == 0) REQUIRE(world.step([](std::size_t) { return 0; }));
  const Delivery in_flight = world.delivery(id);
  CHECK(name_of(in_flight.state) == "in_flight");
  CHECK(in_flight.operation == "create");
  CHECK(in_flight.frozen.has_value());
  CHECK(in_flight.idempotency_key == world.journal_id() + "-" + std::to_string(world.pipeline_id) + "-1-0");
  REQUIRE(world.attempts(id).size() == 1);
  CHECK_FALSE(world.attempts(id)[0].ended_ms.has_value());
}

TEST_CASE("rule 2: a record that changes its match value is addressed by the one it has, and both lanes are taken") {
  World world;
  make_ticket_object(world.target);
  world.plan("K1", a, "old");
  world.start();
  world.settle();
  world.target.automatic = false;
  const auto move = world.plan("K1", a, "new");
  const auto successor = world.plan("K2", b, "old");
  world.settle();
  REQUIRE(world.target.waiting() == 1);
  CHECK(world.state(successor) == "pending");
  world.target.automatic = true;
  world.target.process(Fate::taken);
  world.settle();
  CHECK(world.state(move) == "delivered");
  CHECK(world.state(successor) == "delivered");
  CHECK(world.target.record(R"({"code":"new"})")->fields == fields(a));
  CHECK(world.target.record(R"({"code":"old"})")->fields == fields(b));
  CHECK(world.target.records.size() == 2);
}

TEST_CASE("rule 2: what the pipeline does with rows that leave") {
  World world;
  make_ticket_object(world.target);
  world.plan("K1", a);
  SUBCASE("resolve") {
    world.pipeline.on_delete = engine::settings::OnDelete::resolve;
    world.start();
    world.settle();
    world.plan_delete("K1");
    world.settle();
    CHECK(world.target.records.begin()->second.state == "resolve");
  }
  SUBCASE("update") {
    world.pipeline.on_delete = engine::settings::OnDelete::update;
    world.pipeline.on_delete_update = fields(R"({"active":false})");
    world.start();
    world.settle();
    world.plan_delete("K1");
    world.settle();
    CHECK(world.target.records.begin()->second.fields == fields(R"({"active":false,"name":"A"})"));
    CHECK_FALSE(world.last_sent("K1")->live);
  }
  SUBCASE("ignore") {
    world.pipeline.on_delete = engine::settings::OnDelete::ignore;
    world.start();
    world.settle();
    const auto gone = world.plan_delete("K1");
    world.settle();
    CHECK(world.state(gone) == "skipped");
    CHECK(world.last_sent("K1")->live);
  }
}

TEST_CASE("rules 3 and 4: a repeat-safe call goes out again after a crash with the same body under the same key") {
  World world;
  make_repeat_safe_object(world.target);
  world.target.automatic = false;
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  const std::string frozen = *world.delivery(id).frozen;
  world.kill(Fate::taken_answer_lost);
  world.target.automatic = true;
  world.start();
  world.settle();
  CHECK(world.state(id) == "delivered");
  REQUIRE(world.target.seen.size() == 2);
  CHECK(world.target.seen[0].request == frozen);
  CHECK(world.target.seen[1].request == frozen);
  CHECK(world.target.effects.size() == 1);
}

TEST_CASE("rule 5: a frozen request of a call that the target no longer offers ends its delivery, and nothing else") {
  World world;
  make_repeat_safe_object(world.target);
  world.target.script = {Fate::lost};
  world.target.otherwise = Fate::busy;
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  CHECK(world.state(id) == "pending");
  CHECK(world.delivery(id).frozen.has_value());
  world.kill(Fate::lost);
  world.target.object().calls.clear();
  make_upsert_object(world.target);
  world.target.otherwise = Fate::taken;
  const auto other = world.plan("K2", a);
  world.start();
  world.pass(600'000);
  CHECK(world.state(id) == "dead");
  CHECK(world.state(other) == "delivered");
}

TEST_CASE("rule 4: an upsert that a crash hid is neither skipped nor forgotten by what comes after") {
  World world;
  make_upsert_object(world.target);
  world.plan("K1", a);
  world.start();
  world.settle();
  world.target.automatic = false;
  world.plan("K1", b);
  world.settle();
  world.kill(Fate::taken_answer_lost);  // B is there, and the journal does not know
  world.target.automatic = true;
  SUBCASE("back to what was last sent") {
    const auto back = world.plan("K1", a);
    world.start();
    world.settle();
    CHECK(world.state(back) == "delivered");
    CHECK(world.target.record(R"({"code":"K1"})")->fields == fields(a));
  }
  SUBCASE("gone") {
    world.plan_delete("K1");
    world.start();
    world.settle();
    CHECK(world.target.records.empty());
  }
}

TEST_CASE("rule 5: what a killed process left in flight goes on when that is safe, else it is uncertain") {
  World world;
  world.target.automatic = false;
  SUBCASE("an update of a known record goes on") {
    make_ticket_object(world.target);
    world.target.automatic = true;
    world.plan("K1", a);
    world.start();
    world.settle();
    world.target.automatic = false;
    const auto id = world.plan("K1", b);
    world.settle();
    world.kill();
    world.target.automatic = true;
    world.start();
    world.settle();
    CHECK(world.state(id) == "delivered");
    CHECK(world.target.records.begin()->second.fields == fields(b));
  }
  SUBCASE("a message is uncertain and stays so") {
    make_message_object(world.target);
    const auto id = world.plan("K1", a);
    world.start();
    world.settle();
    world.kill(Fate::taken_answer_lost);
    world.target.automatic = true;
    world.start();
    world.pass(3'600'000);
    CHECK(world.state(id) == "uncertain");
    CHECK(world.target.effects.size() == 1);
    CHECK(world.attempts(id)[0].outcome == "uncertain");
  }
}

TEST_CASE("rule 6: a newer change waits while one is in flight or uncertain") {
  World world;
  make_message_object(world.target);
  world.target.automatic = false;
  const auto first = world.plan("K1", a);
  world.start();
  world.settle();
  const auto second = world.plan("K1", b);
  world.settle();
  CHECK(world.target.waiting() == 1);
  world.target.process(Fate::lost);
  world.pass(60'000);
  CHECK(world.state(first) == "uncertain");
  CHECK(world.state(second) == "pending");
  CHECK(world.target.waiting() == 0);
}

TEST_CASE("rule 6: what proves that nothing was applied is tried again, with the wait the target asks for") {
  World world;
  make_message_object(world.target);
  world.target.script = {Fate::busy, Fate::unreachable, Fate::throttled};
  const auto id = world.plan("K1", a);
  world.start();
  world.pass(2'000);
  CHECK(world.state(id) == "pending");
  const auto asked = world.time.wall_ms();
  world.pass(30'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.size() == 1);
  CHECK(world.attempts(id).size() == 4);
  CHECK(*world.attempts(id)[3].ended_ms >= asked);
  CHECK(world.attempts(id)[3].started_ms - *world.attempts(id)[2].ended_ms >= world.target.throttle_ms);
}

TEST_CASE("rule 2: without an id the new match value travels as a field, and a lost answer is not repeated") {
  World world;
  make_upsert_object(world.target);
  world.plan("K1", a, "old");
  world.start();
  world.settle();
  const auto move = world.plan("K1", a, "new");
  SUBCASE("answered") {
    world.settle();
    CHECK(world.state(move) == "delivered");
    CHECK(world.last_sent("K1")->match == R"({"code":"new"})");
  }
  SUBCASE("lost") {
    world.target.script = {Fate::taken_answer_lost};
    world.pass(60'000);
    CHECK(world.state(move) == "uncertain");
  }
  CHECK(world.target.records.size() == 1);
  CHECK(world.target.record(R"({"code":"new"})") != nullptr);
}
