// A row got another key: what it has at the target is the new key's, whatever was under way for the old one.
#include <doctest/doctest.h>

#include "engine/journal/delivery/guard/holding.h"
#include "test/engine/deliver/objects.h"

using namespace test;

namespace {

const std::string a = R"({"name":"A"})";
const std::string b = R"({"name":"B"})";
const std::string match_x = R"({"code":"X"})";
const std::string match_y = R"({"code":"Y"})";

std::string key(const std::string& name) { return "[\"" + name + "\"]"; }

void begin(World& world, bool upserts) {
  upserts ? make_upsert_object(world.target) : make_ticket_object(world.target);
  world.start();
}

/// As the planner does: the record first, then the delivery of the new key.
bool move(World& world, const std::string& from, const std::string& to) {
  bool moved = false;
  world.write([&](engine::journal::Records& records) { moved = records.deliveries.move_record(world.pipeline_id, key(from), key(to)); });
  return moved;
}

std::string id_at(const World& world, const std::string& match) {
  for (const auto& [id, record] : world.target.records) {
    if (record.match == match) return id;
  }
  return {};
}

}  // namespace

TEST_CASE("the record of a row that got another key is changed, and keeps its id") {
  bool upserts = false;
  SUBCASE("where records are upserted") { upserts = true; }
  SUBCASE("where records are looked up, made and changed") {}
  World world;
  begin(world, upserts);
  world.plan("K1", a, "X");
  world.settle();
  const std::string id = id_at(world, match_x);
  REQUIRE(move(world, "K1", "K2"));
  CHECK_FALSE(world.last_sent("K1").has_value());
  world.plan("K2", b, "Y");
  world.settle();
  CHECK(world.target.record(match_x) == nullptr);
  REQUIRE(id_at(world, match_y) == id);
  CHECK(world.target.record(match_y)->fields.at("name") == engine::model::fields_from_json(b).at("name"));
  CHECK(world.target.count_seen(CallKind::delete_) == 0);
  const auto gone = world.plan_delete("K2", "Y");
  world.settle();
  CHECK(world.state(gone) == "delivered");
  CHECK(world.target.records.empty());
}

namespace {

/// One that is under way when its row gets another key meets its fate then, heard or not.
void check_under_way(bool upserts, bool made_before, Fate fate, bool killed) {
  CAPTURE(upserts);
  CAPTURE(made_before);
  CAPTURE(static_cast<int>(fate));
  CAPTURE(killed);
  World world;
  begin(world, upserts);
  if (made_before) world.plan("K1", R"({"name":"before"})", "X");
  world.settle();
  world.target.automatic = false;
  world.plan("K1", a, "X");
  world.settle();
  while (world.target.next_is(CallKind::find, 1)) {
    world.target.process(Fate::taken);
    world.settle();
  }
  const std::string id = id_at(world, match_x);
  REQUIRE(move(world, "K1", "K2"));
  world.plan("K2", b, "Y");
  world.settle();
  CHECK(world.target.waiting() == 1);
  if (killed) {
    world.kill(fate);
    world.start();
  } else {
    world.target.process(fate);
  }
  world.target.automatic = true;
  world.pass(300'000);
  CHECK(world.target.record(match_x) == nullptr);
  REQUIRE(world.target.record(match_y) != nullptr);
  CHECK(world.target.record(match_y)->fields.at("name") == engine::model::fields_from_json(b).at("name"));
  if (made_before) CHECK(id_at(world, match_y) == id);
  CHECK(world.target.count_seen(CallKind::delete_) == 0);
  CHECK(world.target.records.size() == 1);
  CHECK(world.last_sent("K2")->live);
  CHECK_FALSE(world.last_sent("K1").has_value());
}

}  // namespace

TEST_CASE("what is under way for the old key ends first, and the record follows") {
  for (const bool upserts : {true, false}) {
    for (const bool made_before : {true, false}) {
      for (const bool killed : {false, true}) {
        for (const Fate fate : {Fate::taken, Fate::busy, Fate::taken_answer_lost, Fate::lost}) check_under_way(upserts, made_before, fate, killed);
      }
    }
  }
}

TEST_CASE("what an anomaly holds of a record is held, too, when its row gets another key") {
  World world;
  begin(world, true);
  world.plan("K1", a, "X");
  world.settle();
  std::int64_t anomaly = 0;
  world.write([&](engine::journal::Records& records) { anomaly = records.anomalies.open({.kind = "mass_change", .pipeline_id = world.pipeline_id, .numbers = "{}"}); });
  engine::journal::Delivery held = world.delivery_for("K1", "X");
  held.fields = R"({"name":"held"})";
  engine::journal::hold_under(held, anomaly);
  world.plan(held);
  REQUIRE(move(world, "K1", "K2"));
  const auto moved = world.plan("K2", b, "Y");
  world.settle();
  CHECK(world.state(moved) == "held");
  CHECK(world.delivery(moved).anomaly_id == anomaly);
  CHECK(world.target.record(match_x)->fields == engine::model::fields_from_json(a));
}

TEST_CASE("a row that goes before its record followed takes the record away, and one that goes back finds it") {
  World world;
  begin(world, true);
  world.plan("K1", a, "X");
  world.settle();
  world.target.automatic = false;
  world.plan("K1", b, "X");
  world.settle();
  REQUIRE(move(world, "K1", "K2"));
  world.plan("K2", b, "Y");
  SUBCASE("it goes") {
    world.plan_delete("K2", "Y");
    world.target.automatic = true;
    world.target.process(Fate::taken);
    world.settle();
    CHECK(world.target.records.empty());
  }
  SUBCASE("a third key") {
    REQUIRE(move(world, "K2", "K3"));
    world.plan("K3", a, "Z");
    world.target.automatic = true;
    world.target.process(Fate::taken);
    world.settle();
    CHECK(world.target.records.size() == 1);
    CHECK(world.target.record(R"({"code":"Z"})") != nullptr);
    CHECK(world.last_sent("K3")->live);
    CHECK_FALSE(world.last_sent("K2").has_value());
  }
  SUBCASE("a new row has the old key") {
    world.plan("K1", a, "X");
    world.target.automatic = true;
    world.target.process(Fate::taken);
    world.settle();
    CHECK(world.target.record(match_x)->fields.at("name") == engine::model::fields_from_json(a).at("name"));
    CHECK(world.target.record(match_y)->fields.at("name") == engine::model::fields_from_json(b).at("name"));
  }
}

TEST_CASE("a record does not follow to a key that has one itself, nor from one that has none") {
  World world;
  begin(world, true);
  world.plan("K1", a, "X");
  world.plan("K2", b, "Y");
  world.settle();
  CHECK_FALSE(move(world, "K1", "K2"));
  CHECK_FALSE(move(world, "K3", "K4"));
  CHECK(world.last_sent("K1")->live);
}

namespace {

std::int64_t open_anomaly(World& world) {
  std::int64_t id = 0;
  world.write([&](engine::journal::Records& records) { id = records.anomalies.open({.kind = "mass_change", .pipeline_id = world.pipeline_id, .numbers = "{}"}); });
  return id;
}

std::int64_t plan_held(World& world, const std::string& name, const std::string& fields, const std::string& match, std::int64_t anomaly) {
  engine::journal::Delivery delivery = world.delivery_for(name, match);
  delivery.fields = fields;
  engine::journal::hold_under(delivery, anomaly);
  return world.plan(delivery);
}

void reject(World& world, std::int64_t anomaly) {
  world.write([&](engine::journal::Records& records) { records.anomalies.reject(anomaly, {"anna", "not this", 5}); });
}

}  // namespace

TEST_CASE("what a person rejected of a row is held again under the key that the row has by then") {
  World world;
  begin(world, true);
  SUBCASE("a change of a record") {
    world.plan("K1", a, "X");
    world.settle();
  }
  SUBCASE("a record that was never made") {}
  SUBCASE("a record that is known by its key alone, and is made anew") {
    world.plan("K1", a);
    world.settle();
  }
  const std::int64_t anomaly = open_anomaly(world);
  plan_held(world, "K1", b, world.last_sent("K1") && world.last_sent("K1")->match == "{}" ? "" : "X", anomaly);
  reject(world, anomaly);
  const std::size_t effects = world.target.effects.size();
  move(world, "K1", "K2");
  const auto same = world.plan("K2", b, "Y");
  world.settle();
  CHECK(world.state(same) == "held");
  CHECK(world.delivery(same).anomaly_id == anomaly);
  CHECK(world.target.effects.size() == effects);
}

TEST_CASE("that a record should not go is still said of it when its row has another key") {
  World world;
  begin(world, true);
  world.plan("K1", a, "X");
  world.settle();
  const std::int64_t anomaly = open_anomaly(world);
  engine::journal::Delivery leaves = world.delivery_for("K1", "X");
  leaves.present = false;
  engine::journal::hold_under(leaves, anomaly);
  world.plan(leaves);
  reject(world, anomaly);
  REQUIRE(move(world, "K1", "K2"));
  const auto again = world.plan_delete("K2", "Y");
  world.settle();
  CHECK(world.state(again) == "held");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("what is rejected after its row got another key is remembered of the row") {
  World world;
  begin(world, true);
  world.plan("K1", a, "X");
  world.settle();
  const std::int64_t anomaly = open_anomaly(world);
  plan_held(world, "K1", b, "X", anomaly);
  REQUIRE(move(world, "K1", "K2"));
  reject(world, anomaly);
  const auto same = world.plan("K2", b, "Y");
  const auto another = world.plan("K1", b, "Z");  // a new row has the key that is free
  world.settle();
  CHECK(world.state(same) == "held");
  CHECK(world.state(another) == "pending");  // behind the one that is held: nobody rejected it
}

TEST_CASE("a dead letter goes with its row, and is over when the row is delivered under its new key") {
  World world;
  begin(world, false);
  world.target.automatic = false;
  const auto letter = world.plan("K1", a, "X");
  world.settle();
  const auto refuse = [&] {
    while (world.target.next_is(CallKind::find, 1)) {
      world.target.process(Fate::taken);
      world.settle();
    }
    world.target.process(Fate::refused);
    world.settle();
    REQUIRE(world.state(letter) == "dead");
  };
  SUBCASE("that died before") {
    refuse();
    move(world, "K1", "K2");
  }
  SUBCASE("that dies behind the move") {
    REQUIRE(move(world, "K1", "K2"));
    refuse();
  }
  CHECK(world.delivery(letter).key == key("K2"));
  world.target.automatic = true;
  const auto next = world.plan("K2", b, "Y");
  world.settle();
  CHECK(world.state(next) == "delivered");
  CHECK(world.state(letter) == "superseded");
  // What was made late for the new key is its record.
  REQUIRE(world.last_sent("K2").has_value());
  const std::string id = id_at(world, match_y);
  world.plan("K2", a, "Y");
  world.settle();
  CHECK(world.target.count_seen(CallKind::create) == 1);
  CHECK(id_at(world, match_y) == id);
}
