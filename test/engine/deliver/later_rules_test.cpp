#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;
using engine::journal::Delivery;

namespace {

const std::string a = R"({"name":"A"})";
const std::string b = R"({"name":"B"})";

engine::model::FieldMap fields(const std::string& json) { return engine::model::fields_from_json(json); }

}  // namespace

TEST_CASE("rule 7: an uncertain create that is found is delivered, and what waits goes on") {
  World world;
  make_ticket_object(world.target);
  world.target.script = {Fate::taken, Fate::taken_answer_lost};  // find, create
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  const auto next = world.plan("K1", b);
  world.pass(5'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.state(next) == "delivered");
  CHECK(world.target.records.size() == 1);
  CHECK(world.target.records.begin()->second.fields == fields(b));
  CHECK(world.last_sent("K1")->fields == b);
}

TEST_CASE(
    "rule 7: an uncertain create that is absent at two looks is sent again under its key, or yields to a delete") {
  World world;
  make_ticket_object(world.target);
  world.target.object().consistent_after_ms = 2'000;
  world.target.script = {Fate::taken, Fate::lost};
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  CHECK(world.state(id) == "uncertain");
  const std::string key = *world.delivery(id).idempotency_key;
  SUBCASE("sent again") {
    world.pass(2'000);
    CHECK(world.state(id) == "uncertain");
    world.pass(2'000);
    CHECK(world.state(id) == "delivered");
    REQUIRE(world.target.effects.size() == 1);
    CHECK(world.target.effects[0].idempotency_key == key);
  }
  SUBCASE("a delete waits") {
    const auto gone = world.plan_delete("K1");
    world.pass(10'000);
    CHECK(world.state(id) == "superseded");
    CHECK(world.state(gone) == "skipped");
    CHECK(world.delivery(gone).first_seq == 1);
    CHECK(world.target.effects.empty());
  }
}

TEST_CASE("rule 7: without a look-up a person decides, and the dispatcher goes on from there") {
  World world;
  make_message_object(world.target);
  world.target.script = {Fate::lost};
  const auto id = world.plan("K1", a);
  world.start();
  world.pass(600'000);
  REQUIRE(world.state(id) == "uncertain");
  world.write([&](engine::journal::Records& records) {
    Delivery delivery = *records.deliveries.find(id);
    delivery.state = engine::journal::DeliveryState::pending;
    records.deliveries.update(delivery);
  });
  world.loop->look_again();
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.size() == 1);
}

TEST_CASE("rule 8: after an attempt that may have applied the next one sends all fields and is not skipped") {
  World world;
  world.target.offers(CallKind::create).offers(CallKind::update, {.repeat_safe = true});
  world.options.dead_after_tries = 1;
  world.plan("K1", R"({"name":"A","city":"Roma"})");
  world.start();
  world.settle();
  world.target.script = {Fate::lost};
  const auto dead = world.plan("K1", R"({"name":"B","city":"Roma"})");
  world.settle();
  CHECK(world.state(dead) == "dead");
  CHECK_FALSE(world.last_sent("K1")->fields.has_value());
  const auto next = world.plan("K1", R"({"name":"A","city":"Roma"})");
  world.pass(60'000);
  CHECK(world.state(next) == "delivered");
  CHECK(world.target.effects.back().fields == fields(R"({"name":"A","city":"Roma"})"));
  CHECK(world.state(dead) == "superseded");
}

TEST_CASE("rule 8: a dead message lets the others pass, or stops its key, as the pipeline says") {
  World world;
  make_message_object(world.target);
  world.target.script = {Fate::refused};
  world.pipeline.on_dead_stops_lane = true;
  std::int64_t ids[2];
  for (auto& id : ids) {
    Delivery message = world.delivery_for("K1", "");
    message.match = "{}";
    message.every_change = true;
    message.fields = a;
    id = world.plan(message);
  }
  SUBCASE("stop_lane") {
    world.start();
    world.pass(120'000);
    CHECK(world.state(ids[1]) == "pending");
    world.write([&](engine::journal::Records& records) {
      Delivery dead = *records.deliveries.find(ids[0]);
      dead.state = engine::journal::DeliveryState::rejected;
      records.deliveries.update(dead);
    });
    world.loop->look_again();
    world.settle();
    CHECK(world.state(ids[1]) == "delivered");
  }
  SUBCASE("continue") {
    world.pipeline.on_dead_stops_lane = false;
    world.start();
    world.settle();
    CHECK(world.state(ids[1]) == "delivered");
  }
}

TEST_CASE("rule 9: what a target refused behind a success is named, and what is there is remembered") {
  World world;
  make_ticket_object(world.target, ReadBack::always);
  world.target.refused_fields = {"status"};
  const bool says_so = [] {
    bool says = false;
    SUBCASE("it says so") { says = true; }
    SUBCASE("it says nothing") {}
    return says;
  }();
  world.target.script = {Fate::taken, says_so ? Fate::partly : Fate::silently};  // find, create
  const auto id = world.plan("K1", R"({"name":"A","status":"nonsense"})");
  world.start();
  world.settle();
  CHECK(world.state(id) == "dead");
  CHECK(world.delivery(id).reason.find("status") != std::string::npos);
  CHECK(world.last_sent("K1")->fields == R"({"name":"A"})");
  const auto next = world.plan("K1", R"({"name":"A","status":"open"})");
  world.settle();
  CHECK(world.state(next) == "delivered");
  CHECK(world.state(id) == "superseded");
  CHECK(world.target.effects.back().fields == fields(R"({"status":"open"})"));
}

TEST_CASE("rule 10: create and comment have their own attempts, and an answered call is not repeated") {
  World world;
  make_ticket_object(world.target);
  Delivery delivery = world.delivery_for("K1", "");
  delivery.fields = a;
  delivery.comment = "limit changed";
  const auto id = world.plan(delivery);
  SUBCASE("in order") {
    world.start();
    world.settle();
  }
  SUBCASE("the comment is refused for a while") {
    world.target.script = {Fate::taken, Fate::taken, Fate::busy, Fate::busy};
    world.start();
    world.pass(10'000);
  }
  SUBCASE("the process dies after the create") {
    world.target.automatic = false;
    world.start();
    world.settle();
    world.target.process(Fate::taken);
    world.settle();
    world.target.process(Fate::taken);
    world.settle();
    world.kill(Fate::lost);
    world.target.automatic = true;
    world.start();
    world.pass(10'000);
  }
  SUBCASE("the comment's answer is lost") {
    world.target.script = {Fate::taken, Fate::taken, Fate::taken_answer_lost};
    world.start();
    world.pass(10'000);
  }
  CHECK(world.state(id) == "delivered");
  REQUIRE(world.target.records.size() == 1);
  const auto& record = world.target.records.begin()->second;
  REQUIRE(record.comments.size() == 1);
  CHECK(record.comments[0].find("limit changed") == 0);
  CHECK(record.comments[0].find("[dp:") != std::string::npos);
  CHECK(world.target.count_seen(CallKind::create) == 1);
}

TEST_CASE("rule 10: what was answered is known after a restart, though the call that follows waited for its budget") {
  World world;
  make_ticket_object(world.target);
  auto& comments = world.options.budgets["comments"];
  comments.name = "comments";
  comments.calls = {CallKind::comment};
  comments.allowances["per_minute"] = {.requests = 1, .in_ms = 60'000};
  std::vector<std::int64_t> ids;
  for (const char* key : {"K1", "K2", "K3"}) {
    Delivery delivery = world.delivery_for(key, "");
    delivery.fields = a;
    delivery.comment = "limit changed";
    ids.push_back(world.plan(delivery));
  }
  world.start();
  world.pass(5'000);
  CHECK(world.target.records.size() == 3);
  world.restart();
  world.settle();
  for (const std::int64_t id : ids) CHECK(world.state(id) != "uncertain");
  world.pass(300'000);
  for (const std::int64_t id : ids) {
    CHECK(world.state(id) == "delivered");
    for (const auto& attempt : world.attempts(id)) CHECK(attempt.outcome == "delivered");
  }
  CHECK(world.target.count_seen(CallKind::create) == 3);
  for (const auto& [id, record] : world.target.records) CHECK(record.comments.size() == 1);
}

TEST_CASE("rule 11: each outcome of an attempt is kept with its request, answer and reason") {
  World world;
  make_message_object(world.target);
  world.target.script = {Fate::busy, Fate::refused};
  const auto id = world.plan("K1", a);
  world.start();
  world.pass(5'000);
  CHECK(world.state(id) == "dead");
  CHECK(world.delivery(id).reason == "status 422");
  const auto attempts = world.attempts(id);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].outcome == "retry_later");
  CHECK(attempts[0].status == 503);
  CHECK(attempts[1].outcome == "permanent");
  CHECK(attempts[1].number == 2);
  CHECK(attempts[1].request.find("\"A\\") != std::string::npos);
}

namespace {

/// A's record is known at the target, B is on its way there, and C, which breaks a rule, took B's place in the journal.
class HeldBehindOneOnItsWay : public World {
 public:
  explicit HeldBehindOneOnItsWay(bool is_there) {
    make_upsert_object(target);
    if (is_there) plan("K1", a);
    start();
    settle();
    target.automatic = false;
    plan("K1", b);
    settle();
    REQUIRE(target.waiting() == 1);
    Delivery broken = delivery_for("K1", "");
    broken.fields = R"({"name":"C"})";
    broken.objection = {.kind = "rule: names are real", .text = "the rule is not met"};
    held = plan(broken);
    settle();
    REQUIRE(state(held) == "held");
  }
  /// What was on its way arrives; its answer comes, or is never heard of.
  void arrives(bool is_heard) {
    if (is_heard) target.process(Fate::taken);
    else kill(Fate::taken_answer_lost);
    target.automatic = true;
    if (!is_heard) start();
    pass(60'000);
  }

  std::int64_t held = 0;
};

}  // namespace

TEST_CASE("a record that is back to what was last sent is not healed over a state that is on its way") {
  for (const bool is_heard : {true, false}) {
    HeldBehindOneOnItsWay world(true);
    const auto back = world.plan("K1", a);
    CHECK(world.state(world.held) == "superseded");
    world.arrives(is_heard);
    CHECK(world.state(back) == "delivered");
    CHECK(world.target.records.begin()->second.fields == fields(a));
    CHECK(world.last_sent("K1")->fields == a);
  }
}

TEST_CASE("a rejection does not make believe that the state before it never left") {
  for (const bool is_heard : {true, false}) {
    HeldBehindOneOnItsWay world(true);
    world.write([&](engine::journal::Records& records) { records.anomalies.reject(*records.deliveries.find(world.held)->anomaly_id, {"anna", "wrong", 5}); });
    world.arrives(is_heard);
    const auto back = world.plan("K1", a);
    world.pass(1'000);
    CHECK(world.state(back) == "delivered");
    CHECK(world.target.records.begin()->second.fields == fields(a));
  }
}

TEST_CASE("a row that is gone again takes the record with it that is on its way") {
  for (const bool is_heard : {true, false}) {
    HeldBehindOneOnItsWay world(false);
    const auto gone = world.plan_delete("K1");
    world.arrives(is_heard);
    CHECK(world.state(gone) == "delivered");
    CHECK(world.target.records.empty());
  }
}

TEST_CASE("a record heals when all that came since it was sent was held from the start") {
  World world;
  make_upsert_object(world.target);
  world.plan("K1", a);
  world.start();
  world.settle();
  for (const char* name : {R"({"name":"C"})", R"({"name":"D"})"}) {
    Delivery broken = world.delivery_for("K1", "");
    broken.fields = name;
    broken.objection = {.kind = "rule: names are real", .text = "the rule is not met"};
    world.plan(broken);
  }
  const auto back = world.plan("K1", a);
  CHECK(world.state(back) == "healed");
  world.pass(60'000);
  CHECK(world.target.effects.size() == 1);
}

TEST_CASE("a rejected match value is held again when it comes again, though no rejected field does") {
  World world;
  make_ticket_object(world.target);
  world.start();
  world.plan("K1", R"({"name":"A","phone":"1"})", "old@example.com");
  world.settle();
  const engine::journal::AnomalyDecision by_anna{"anna", "a mass error", 5};
  const auto objected = [&](const char* json, const char* match) {
    Delivery delivery = world.delivery_for("K1", match);
    delivery.fields = json;
    return delivery;
  };
  Delivery wrong = objected(R"({"name":"A","phone":"1"})", "wrong@example.com");
  wrong.objection = {.kind = "rule: addresses stay", .text = "the rule is not met"};
  const auto held = world.plan(wrong);
  REQUIRE(world.state(held) == "held");
  world.write([&](engine::journal::Records& records) { records.anomalies.reject(*records.deliveries.find(held)->anomaly_id, by_anna); });
  const auto again = world.plan(objected(R"({"name":"A","phone":"2"})", "wrong@example.com"));
  CHECK(world.state(again) == "held");
  SUBCASE("the address is put right") {
    const auto right = world.plan(objected(R"({"name":"A","phone":"2"})", "old@example.com"));
    world.settle();
    CHECK(world.state(right) == "delivered");
    CHECK(world.target.records.size() == 1);
  }
  SUBCASE("a person lets it go") {
    world.write([&](engine::journal::Records& records) { records.anomalies.release(*records.deliveries.find(again)->anomaly_id, false, by_anna); });
    world.loop->look_again();
    world.settle();
    CHECK(world.state(again) == "delivered");
    CHECK(world.target.record(R"({"code":"wrong@example.com"})") != nullptr);
  }
}
