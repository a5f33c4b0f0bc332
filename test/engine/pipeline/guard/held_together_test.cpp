// Mass changes of a pipeline that delivers together: transactions are held, let go, thrown away and healed as a whole.
#include <doctest/doctest.h>

#include <map>

#include "test/engine/pipeline/guard/guarded.h"

using namespace engine;
using namespace engine::pipeline;
using test::Guarded;

namespace {

using journal::AnomalyState;
using journal::Delivery;
using journal::DeliveryState;

const journal::AnomalyDecision by_anna{"anna", "seen", 5};

settings::MassChange fifty_updates() {
  settings::MassChange limits;
  limits.updates = {.is_set = true, .count = 50, .is_own = true};
  limits.rhythm.is_on = false;
  return limits;
}

/// A thousand records at the target, and transactions of up to a hundred rows of a log.
class World : public Guarded {
 public:
  explicit World(std::size_t together_max = 100) : Guarded(1'000, fifty_updates(), "tail") { deliver_together(together_max); }

  /// One cycle with one transaction.
  template <class Body>
  void commit(const std::string& name, const Body& body) {
    cycle([&] { part(name, body); });
  }
  template <class Body>
  void part(const std::string& name, const Body& body) {
    transaction(name);
    body();
  }
  Delivery newest(int row) { return of(row).back(); }
  /// Whether all of the bundle of this row could leave now.
  bool may_begin(int row) {
    const auto bundle = newest(row).bundle_id;
    REQUIRE(bundle);
    bool begun = false;
    write([&](journal::Records& records) { begun = records.bundles.begin(*bundle); });
    return begun;
  }
  void set(Delivery delivery, DeliveryState state) {
    delivery.state = state;
    write([&](journal::Records& records) { records.deliveries.update(delivery); });
  }
  void release() {
    write([](journal::Records& records) { records.anomalies.release(1, false, by_anna); });
  }
  std::int64_t reject() {
    std::int64_t number = 0;
    write([&](journal::Records& records) { number = records.anomalies.reject(1, by_anna); });
    return number;
  }
  std::int64_t counted() {
    std::int64_t updates = 0;
    write([&](journal::Records& records) {
      for (const auto& slot : records.guarding.since(1, 0)) updates += slot.counts.updates;
    });
    return updates;
  }
};

/// Three transactions that change 60 rows, the second of which adds a row, and one that only adds a row.
void mass_change(World& world) {
  world.cycle([&] {
    world.part("7", [&] { world.credit(0, 20, "0.00"); });
    world.part("8", [&] {
      world.credit(20, 40, "0.00");
      world.insert(2'000, 2'001, "5.00");
    });
    world.part("9", [&] { world.credit(40, 60, "0.00"); });
    world.part("10", [&] { world.insert(2'001, 2'002, "5.00"); });
  });
}

}  // namespace

TEST_CASE("a cycle beyond a limit is held with all rows of all its transactions, also those that no limit is for") {
  World world;
  mass_change(world);
  CHECK(world.count(DeliveryState::pending) == 0);
  CHECK(world.count(DeliveryState::held) == 62);
  CHECK(world.newest(2'000).anomaly_id == 1);
  CHECK(world.newest(2'001).anomaly_id == 1);
  CHECK_FALSE(world.may_begin(2'000));
  REQUIRE(world.anomalies().size() == 1);
  CHECK(world.anomalies()[0].text == "60 records would be changed; up to 50 may be without being asked");
}

TEST_CASE("a cycle within its limits goes on at once, and later ones of the same hour are counted with it") {
  World world;
  world.commit("7", [&] { world.credit(0, 40, "0.00"); });
  CHECK(world.count(DeliveryState::pending) == 40);
  CHECK(world.may_begin(0));
  world.commit("8", [&] { world.credit(40, 80, "0.00"); });
  CHECK(world.count(DeliveryState::held) == 40);
}

TEST_CASE("transactions of a cycle that is larger than a page are held all or none, over restarts between count and verdict and between the pages") {
  for (const int rows : {20, 700}) {
    World world;
    world.open_cycle();
    world.transaction("first");
    world.insert(3'000, 3'600, "1.00");  // more than may go together: apart, and more than a page in front of the first update
    for (int i = 0; i < rows; ++i) {
      world.transaction(std::to_string(i));
      world.credit(i, i + 1, "0.00");
      world.insert(4'000 + i, 4'001 + i, "1.00");
    }
    world.close_cycle();
    const bool held = rows > 50;
    for (int turn = 0; world.of(4'000 + rows - 1).empty(); ++turn) {
      REQUIRE(turn < 40);
      world.follow_once();
      world.start();
      for (int more = 0; more < turn; ++more) world.follow_once();
    }
    world.start();
    world.follow();
    CHECK(world.count(DeliveryState::held) == (held ? 600 + 2 * rows : 0));
    CHECK(world.count(DeliveryState::pending) == (held ? 0 : 600 + 2 * rows));
    CHECK_MESSAGE(world.counted() == rows, "once, however often it was counted anew");
    CHECK(world.anomalies().size() == (held ? 1 : 0));
    for (int i = 0; i < rows; ++i) REQUIRE(world.newest(i).bundle_id == world.newest(4'000 + i).bundle_id);
  }
}

TEST_CASE("what is let go begins as whole transactions, and what came behind it waits for its turn") {
  World world;
  mass_change(world);
  world.pass(3'600'000);
  world.commit("11", [&] {
    world.credit(5, 6, "3.00", "0.00");
    world.credit(500, 501, "3.00");
  });
  CHECK(world.newest(5).state == DeliveryState::pending);
  CHECK_FALSE_MESSAGE(world.may_begin(500), "its other row stands behind one that is held");
  world.release();
  CHECK(world.count(DeliveryState::held) == 0);
  CHECK(world.of(5).size() == 2);
  CHECK_FALSE(world.may_begin(5));
  CHECK(world.may_begin(0));
  CHECK(world.may_begin(20));
  for (int row = 0; row < 20; ++row) world.set(world.of(row).front(), DeliveryState::delivered);
  CHECK(world.may_begin(5));
}

TEST_CASE("of a transaction that is thrown away nothing is left: neither what cannot be mapped, nor what breaks a rule") {
  World world;
  world.pipeline().rules = {{.name = "not nine", .check = test::expression("CAST(credit AS TEXT) <> '9.00'")}};
  world.start();
  world.cycle([&] {
    world.part("7", [&] { world.credit(0, 59, "0.00"); });
    world.part("8", [&] {
      world.credit(60, 61, "0.00");
      world.credit(61, 62, "9.00");
      world.credit(62, 63, "0.00");
    });
  });
  CHECK(world.newest(61).anomaly_id != world.newest(60).anomaly_id);
  world.set(world.newest(62), DeliveryState::dead);
  const std::int64_t mass_change = *world.newest(60).anomaly_id;
  world.write([&](journal::Records& records) { CHECK(records.anomalies.reject(mass_change, by_anna) == 62); });
  for (const int row : {0, 60, 61, 62}) CHECK(world.newest(row).state == DeliveryState::rejected);
  world.pass(3'600'000);
  world.commit("9", [&] {
    world.credit(60, 61, "2.00", "0.00");
    world.credit(62, 63, "2.00", "0.00");
  });
  CHECK(world.may_begin(60));
}

TEST_CASE("what waits behind a rejected transaction and brings its values again is held as a whole, and asked about again") {
  World world;
  mass_change(world);
  world.pass(3'600'000);
  world.commit("11", [&] {
    world.credit(5, 6, "0.00", "0.00");
    world.credit(500, 501, "3.00");
  });
  world.commit("12", [&] {
    world.credit(6, 7, "3.00", "0.00");
    world.credit(501, 502, "3.00");
  });
  CHECK(world.reject() == 62);
  CHECK(world.anomalies()[0].state == AnomalyState::open);
  CHECK(world.newest(5).state == DeliveryState::held);
  CHECK_MESSAGE(world.newest(500).anomaly_id == 1, "its other row is shown and decided with it");
  CHECK(world.may_begin(6));
  world.commit("13", [&] {
    world.credit(7, 8, "0.00", "0.00");
    world.credit(502, 503, "3.00");
  });
  CHECK(world.newest(502).state == DeliveryState::held);
  CHECK(world.reject() == 4);
  CHECK(world.anomalies()[0].state == AnomalyState::rejected);
}

TEST_CASE("held transactions heal together when the last of their rows is back to what was last sent") {
  World world;
  mass_change(world);
  world.pass(3'600'000);
  world.commit("11", [&] { world.credit(0, 19, "1.00", "0.00"); });
  CHECK_MESSAGE(world.of(0).front().state == DeliveryState::held, "a row of the same transaction is not back yet");
  world.commit("12", [&] { world.credit(19, 20, "1.00", "0.00"); });
  CHECK(world.of(0).front().state == DeliveryState::healed);
  CHECK(world.newest(0).state == DeliveryState::healed);
  CHECK(world.count(DeliveryState::held) == 42);
  world.commit("13", [&] {
    world.credit(20, 60, "1.00", "0.00");
    world.remove(2'000, 2'002);
  });
  CHECK(world.count(DeliveryState::held) == 0);
  CHECK(world.count(DeliveryState::pending) == 0);
  CHECK(world.anomalies()[0].state == AnomalyState::healed);
}

TEST_CASE("held transactions do not heal over a row's earlier state that may be on its way") {
  World world;
  world.write([&](journal::Records& records) {
    const auto sent = *records.deliveries.last_sent(1, test::key_of(0));
    Delivery alone{.pipeline_id = 1, .key = sent.key, .connection = sent.connection, .object = sent.object, .match = sent.match};
    alone.fields = R"({"credit":"7.00"})";
    records.deliveries.plan(alone);
  });
  mass_change(world);
  REQUIRE(world.of(0).front().state == DeliveryState::superseded);
  world.pass(3'600'000);
  world.commit("11", [&] { world.credit(0, 20, "1.00", "0.00"); });
  CHECK(world.newest(1).state != DeliveryState::healed);
  CHECK(world.anomalies()[0].state == AnomalyState::open);
}

TEST_CASE("the rest of a held transaction that a later cycle brings is held with it") {
  World world;
  world.commit("7", [&] { world.credit(0, 60, "0.00"); });
  world.pass(3'600'000);
  world.cycle([&] {
    world.part("7", [&] { world.credit(60, 62, "0.00"); });
    world.part("8", [&] { world.credit(70, 72, "3.00"); });
  });
  CHECK(world.newest(60).anomaly_id == 1);
  CHECK(world.newest(61).anomaly_id == 1);
  CHECK(world.may_begin(70));
  world.release();
  CHECK(world.may_begin(0));
  CHECK(world.may_begin(60));
}

TEST_CASE("a transaction that is too large to go together is held row by row, and its rows heal one by one") {
  World world(10);
  world.commit("7", [&] { world.credit(0, 60, "0.00"); });
  CHECK(world.count(DeliveryState::held) == 60);
  CHECK_FALSE(world.newest(0).bundle_id);
  world.pass(3'600'000);
  world.commit("8", [&] { world.credit(0, 2, "1.00", "0.00"); });
  CHECK(world.newest(0).state == DeliveryState::healed);
  CHECK(world.count(DeliveryState::held) == 58);
  // A transaction that takes the place of held rows is held with all of its own.
  world.commit("9", [&] {
    world.credit(2, 3, "3.00", "0.00");
    world.credit(500, 501, "3.00");
  });
  CHECK(world.of(2).front().state == DeliveryState::superseded);
  CHECK(world.newest(500).anomaly_id == 1);
  world.release();
  CHECK(world.count(DeliveryState::held) == 0);
  CHECK(world.may_begin(500));
}

TEST_CASE("transactions that were announced pass as a whole") {
  World world;
  world.write([](journal::Records& records) { records.guarding.expect({.pipeline_id = 1, .left = {.updates = 60}, .until_ms = 1'900'000'000'000}); });
  mass_change(world);
  CHECK(world.count(DeliveryState::pending) == 62);
  world.commit("11", [&] { world.credit(100, 160, "0.00"); });
  CHECK(world.count(DeliveryState::held) == 60);
}
