// `deliver: together`: what comes of one transaction of the source leaves when all of it can, and nothing later goes between.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "engine/model/reference.h"
#include "test/engine/deliver/objects.h"

using namespace test;
using engine::journal::Delivery;
using engine::journal::DeliveryState;
using engine::journal::Records;

namespace {

/// Plans what one transaction made of these keys; returns the deliveries.
std::vector<std::int64_t> plan_together(World& world, std::vector<Delivery> deliveries) {
  std::vector<std::int64_t> ids;
  world.write([&](Records& records) {
    const std::int64_t bundle = records.bundles.add({.pipeline_id = world.pipeline_id, .cycle_id = 1, .changes = static_cast<std::int64_t>(deliveries.size())});
    for (Delivery& delivery : deliveries) {
      delivery.bundle_id = bundle;
      ids.push_back(records.deliveries.plan(delivery));
    }
    records.pipelines.set_position(world.pipeline_id, deliveries.back().last_seq);
  });
  if (world.loop) world.loop->wake();
  return ids;
}

Delivery row(World& world, const std::string& key, int value) {
  Delivery delivery = world.delivery_for(key, "");
  delivery.fields = "{\"n\":" + std::to_string(value) + "}";
  return delivery;
}

std::vector<std::int64_t> plan_rows(World& world, const std::vector<std::string>& keys, int value) {
  std::vector<Delivery> deliveries;
  for (const std::string& key : keys) deliveries.push_back(row(world, key, value));
  return plan_together(world, std::move(deliveries));
}

/// Each key and what its record shows: "A=1 B=2".
std::string shown(const World& world) {
  std::map<std::string, std::string> values;
  for (const auto& [id, record] : world.target.records) {
    const auto code = engine::model::fields_from_json(record.match).at("code");
    values[engine::model::fields_json({{"k", code}})] = engine::model::fields_json(record.fields);
  }
  std::string text;
  for (const auto& [key, fields] : values) {
    text += (text.empty() ? "" : " ") + key.substr(6, key.size() - 8) + "=" + fields.substr(5, fields.size() - 6);
  }
  return text;
}

void put_state(World& world, std::int64_t id, DeliveryState state) {
  world.write([&](Records& records) {
    Delivery delivery = *records.deliveries.find(id);
    delivery.state = state;
    records.deliveries.update(delivery);
  });
}

void decided(World& world, std::int64_t id, DeliveryState state) {
  put_state(world, id, state);
  world.loop->look_again();
  world.settle();
}

}  // namespace

TEST_CASE("the rows of a transaction are under way at the same time") {
  World world;
  make_upsert_object(world.target);
  world.target.automatic = false;
  world.start();
  plan_rows(world, {"A", "B", "C"}, 1);
  world.settle();
  CHECK(world.target.waiting() == 3);
}

TEST_CASE("the rows of a transaction travel in one request where the target takes several") {
  World world;
  make_upsert_object(world.target);
  world.target.object().calls.at(CallKind::upsert).records_max = 10;
  world.target.automatic = false;
  world.start();
  plan_rows(world, {"A", "B", "C"}, 1);
  world.settle();
  CHECK(world.target.waiting() == 1);
  CHECK(world.target.next_is(CallKind::upsert, 3));
}

TEST_CASE("one row that a person has to decide about holds its whole transaction, and nothing else") {
  World world;
  make_upsert_object(world.target);
  const auto ids = plan_rows(world, {"A", "B", "C"}, 1);
  plan_rows(world, {"D", "E"}, 1);
  DeliveryState state = DeliveryState::held;
  std::string then = "A=1 B=1 C=1 D=1 E=1";
  SUBCASE("held, and released") {}
  SUBCASE("a dead letter, and discarded") {
    state = DeliveryState::dead;
    then = "A=1 C=1 D=1 E=1";
  }
  put_state(world, ids[1], state);
  world.start();
  world.pass(120'000);
  CHECK(shown(world) == "D=1 E=1");
  world.restart();
  world.pass(120'000);
  CHECK(shown(world) == "D=1 E=1");
  decided(world, ids[1], state == DeliveryState::held ? DeliveryState::pending : DeliveryState::rejected);
  CHECK(shown(world) == then);
}

TEST_CASE("a dead letter that is put back in its place is sent with its transaction, before what later ones made of it") {
  World world;
  make_upsert_object(world.target);
  const auto ids = plan_rows(world, {"A", "B"}, 1);
  put_state(world, ids[0], DeliveryState::dead);
  world.start();
  plan_rows(world, {"B", "A"}, 2);
  world.pass(60'000);
  CHECK(shown(world).empty());
  world.write([&](Records& records) {
    Delivery anew = *records.deliveries.find(ids[0]);
    anew.state = DeliveryState::pending;
    anew.fields = R"({"n":1})";
    anew.generation = 1;
    records.deliveries.put_back(anew);
  });
  world.target.automatic = false;
  world.loop->look_again();
  world.settle();
  CHECK(world.target.waiting() == 2);
  world.target.process(Fate::taken);
  world.target.process(Fate::taken);
  world.settle();
  CHECK(shown(world) == "A=1 B=1");
  world.target.automatic = true;
  while (world.target.waiting() > 0) world.target.process(Fate::taken);
  world.pass(1'000);
  CHECK(shown(world) == "A=2 B=2");
}

TEST_CASE("nothing of a later transaction is sent for a row while the earlier one is not all delivered") {
  World world;
  make_upsert_object(world.target);
  world.target.fate_of_match[R"({"code":"B"})"] = Fate::busy;
  world.start();
  plan_rows(world, {"A", "B"}, 1);
  world.settle();
  CHECK(shown(world) == "A=1");
  plan_rows(world, {"A", "C"}, 2);
  plan_rows(world, {"D", "E"}, 1);
  world.pass(5'000);
  CHECK(shown(world) == "A=1 D=1 E=1");
  world.target.fate_of_match.clear();
  world.pass(120'000);
  CHECK(shown(world) == "A=2 B=1 C=2 D=1 E=1");
}

TEST_CASE("a row that the target refuses is a dead letter of its own once its transaction was sent") {
  World world;
  make_upsert_object(world.target);
  world.target.fate_of_match[R"({"code":"B"})"] = Fate::refused;
  world.start();
  const auto ids = plan_rows(world, {"A", "B"}, 1);
  world.settle();
  CHECK(shown(world) == "A=1");
  CHECK(world.state(ids[1]) == "dead");
  world.target.fate_of_match.clear();
  plan_rows(world, {"A", "B"}, 2);
  world.settle();
  CHECK(shown(world) == "A=2 B=2");
  CHECK(world.state(ids[1]) == "superseded");
}

TEST_CASE("a newer state of a row waits its turn instead of taking the place that the row has in a transaction") {
  World world;
  make_upsert_object(world.target);
  const auto ids = plan_rows(world, {"A", "B"}, 1);
  put_state(world, ids[1], DeliveryState::held);
  world.start();
  world.plan("A", R"({"n":2})");
  world.settle();
  CHECK(world.state(ids[0]) == "pending");
  CHECK(shown(world).empty());
  decided(world, ids[1], DeliveryState::pending);
  world.pass(1'000);
  CHECK(shown(world) == "A=2 B=1");
}

TEST_CASE("two rows of a transaction that pass a match value on do not wait for each other") {
  World world;
  make_upsert_object(world.target);
  world.start();
  world.plan("K1", R"({"n":1})", "X");
  world.settle();
  Delivery gone = world.delivery_for("K1", "X");
  gone.present = false;
  Delivery come = world.delivery_for("K2", "X");
  come.fields = R"({"n":2})";
  plan_together(world, {gone, come});
  world.pass(1'000);
  CHECK(shown(world) == "X=2");
}

TEST_CASE("rows whose parent is not there yet hold their transaction until it is, or until they are dead letters") {
  World world;
  make_ticket_object(world.target);
  auto& parent = world.add_pipeline("parents");
  parent.has_children = true;
  world.pipeline.parents = {{world.id_of("parents"), "parents", "parents"}};
  world.pipeline.wait_for_parent_ms = 3'600'000;
  world.start();
  const std::string_view part = "P";
  Delivery child = world.delivery_for("A", "");
  child.fields = engine::model::fields_json({{"parent", engine::model::FieldScalar(engine::model::reference_text("parents", {&part, 1}))}});
  const auto ids = plan_together(world, {row(world, "B", 1), child});
  world.pass(60'000);
  CHECK(world.target.effects.empty());
  CHECK(world.delivery(ids[1]).reason.find("waits for parents") != std::string::npos);
  SUBCASE("it comes") {
    Delivery record = world.of_pipeline("parents", "P");
    record.fields = R"({"name":"P"})";
    world.plan(record);
    world.pass(1'000);
    CHECK(world.state(ids[0]) == "delivered");
    CHECK(world.state(ids[1]) == "delivered");
  }
  SUBCASE("it does not") {
    world.pass(3'600'000);
    CHECK(world.state(ids[1]) == "dead");
    CHECK(world.state(ids[0]) == "pending");
    CHECK(world.target.effects.empty());
  }
}

namespace {

/// Transactions over a few rows, a target that answers as it likes, and sudden deaths. Each transaction writes its number.
class Transactions {
 public:
  Transactions(std::uint64_t seed, bool tickets) : random_(seed) {
    tickets ? make_ticket_object(world_.target) : make_upsert_object(world_.target);
    world_.target.automatic = false;
    world_.options.in_flight = 1 + below(4);
    if (below(2) == 0 && !tickets) world_.target.object().calls.at(CallKind::upsert).records_max = 3;
  }

  void run() {
    world_.start();
    for (int i = 0; i < 80; ++i) act();
    world_.target.automatic = true;
    while (world_.target.waiting() > 0) world_.target.process(Fate::taken);
    world_.pass(600'000);
  }

  /// When a record leaves a transaction behind, that one is there with all its rows. Returns how often that was seen.
  int check() {
    int steps = 0;
    std::map<std::string, int> value;
    for (const FakeTarget::Effect& effect : world_.target.effects) {
      const auto n = effect.fields.find("n");
      if (n == effect.fields.end()) continue;
      const int number = std::stoi(engine::model::fields_json({{"n", n->second}}).substr(5));
      const int before = std::exchange(value[effect.match], number);
      CHECK(number >= before);
      if (number == before || before == 0) continue;
      ++steps;
      for (const std::string& key : rows_.at(before)) CHECK(value["{\"code\":\"" + key + "\"}"] >= before);
    }
    CHECK(shown(world_) == wanted());
    return steps;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void act() {
    switch (below(8)) {
      case 0:
      case 1: {
        std::vector<std::string> keys{"A", "B", "C", "D", "E"};
        std::shuffle(keys.begin(), keys.end(), random_);
        keys.resize(2 + below(2));
        rows_[++last_] = keys;
        for (const std::string& key : keys) wanted_[key] = last_;
        plan_rows(world_, keys, last_);
        break;
      }
      case 2:
        if (below(3) > 0) break;
        world_.kill(below(2) == 0 ? Fate::lost : Fate::taken);
        world_.start();
        break;
      case 3:
        world_.time.advance(static_cast<std::int64_t>(below(3'000)));
        break;
      case 4:
      case 5:
        if (world_.target.waiting() > 0) world_.target.process(below(4) == 0 ? Fate::busy : Fate::taken);
        break;
      default:
        for (std::uint64_t i = below(20); i > 0; --i) world_.step([this](std::size_t n) { return below(n); });
    }
  }

  std::string wanted() const {
    std::string text;
    for (const auto& [key, number] : wanted_) text += (text.empty() ? "" : " ") + key + "=" + std::to_string(number);
    return text;
  }

  std::mt19937_64 random_;
  World world_;
  std::map<int, std::vector<std::string>> rows_;
  std::map<std::string, int> wanted_;
  int last_ = 0;
};

}  // namespace

TEST_CASE("whatever happens, no record shows a later transaction before all rows of the earlier one are there") {
  const char* one = std::getenv("DATAPICKER_SEED");
  int steps = 0;
  for (std::uint64_t seed = one ? std::stoull(one) : 1; seed <= (one ? std::stoull(one) : 60); ++seed) {
    CAPTURE(seed);
    Transactions transactions(seed, seed % 3 == 0);
    transactions.run();
    steps += transactions.check();
  }
  if (!one) CHECK(steps > 1'000);
}
