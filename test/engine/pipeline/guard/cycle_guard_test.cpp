// Mass changes between the change log and the deliveries: what goes on, what is held, and what a person's decision does.
#include "engine/pipeline/planning/cycle_guard.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/pipeline/planning/planner.h"
#include "engine/pipeline/rehearsal.h"
#include "test/engine/pipeline/guard/guarded.h"

using namespace engine;
using namespace engine::pipeline;
using test::Guarded;

namespace {

using journal::AnomalyState;
using journal::DeliveryState;

settings::MassChange all_limited() {
  settings::MassChange limits;
  limits.inserts = {.is_set = true, .count = 100};
  limits.updates = {.is_set = true, .percent = 5};
  return limits;
}

const journal::AnomalyDecision by_anna{"anna", "seen", 5};

}  // namespace

TEST_CASE("an emptied table is held as a whole, and updates of the same cycle go on") {
  Guarded guarded(100);
  guarded.cycle([&] {
    guarded.credit(0, 3, "2.00");
    guarded.remove(3, 100);
  });
  CHECK(guarded.count(DeliveryState::held) == 97);
  CHECK(guarded.count(DeliveryState::pending) == 3);
  REQUIRE(guarded.anomalies().size() == 1);
  CHECK(guarded.anomalies()[0].state == AnomalyState::open);
  CHECK(guarded.of(50)[0].reason == "anomaly 1");
}

TEST_CASE("deletes of a cycle wait for its end, since only then it is known how many there are") {
  Guarded guarded(100);
  guarded.open_cycle();
  guarded.credit(0, 1, "2.00");
  guarded.remove(1, 2);
  guarded.credit(2, 3, "2.00");
  guarded.follow();
  CHECK(guarded.count(DeliveryState::pending) == 1);
  guarded.remove(3, 100);
  guarded.follow();
  CHECK(guarded.count(DeliveryState::held) == 0);
  guarded.close_cycle();
  guarded.follow();
  CHECK(guarded.count(DeliveryState::held) == 98);
  CHECK(guarded.count(DeliveryState::pending) == 2);
}

TEST_CASE("what equals what was last sent is no effect") {
  Guarded guarded(1'000, all_limited());
  guarded.cycle([&] { guarded.credit(0, 500, "1.00", "3.00"); });
  CHECK(guarded.anomalies().empty());
  guarded.cycle([&] { guarded.credit(0, 51, "2.00"); });
  CHECK(guarded.count(DeliveryState::held) == 51);
}

TEST_CASE("a mass change that drips over many small cycles is held from the limit on") {
  Guarded guarded(1'000, all_limited());
  for (int i = 0; i < 10; ++i) guarded.cycle([&] { guarded.credit(i * 10, i * 10 + 10, "2.00"); });
  CHECK(guarded.count(DeliveryState::pending) == 50);
  CHECK(guarded.count(DeliveryState::held) == 50);
  CHECK(guarded.anomalies().size() == 1);
}

TEST_CASE("one record that changes a hundred times an hour is one record") {
  Guarded guarded(1'000, all_limited());
  for (int i = 0; i < 100; ++i) guarded.cycle([&] { guarded.credit(7, 8, std::to_string(i + 2) + ".00"); });
  CHECK(guarded.anomalies().empty());
}

TEST_CASE("a cycle larger than a page has one verdict, also over a kill between its pages") {
  Guarded guarded(2'000);
  guarded.open_cycle();
  guarded.remove(0, 1'700);
  guarded.close_cycle();
  for (int turn = 0; guarded.count(DeliveryState::held) == 0; ++turn) {
    REQUIRE(turn < 20);
    guarded.follow_once();
    guarded.start();  // what was only counted is counted again
    for (int more = 0; more < turn; ++more) guarded.follow_once();
  }
  CHECK(guarded.count(DeliveryState::pending) == 0);
  guarded.start();
  guarded.follow();
  CHECK(guarded.count(DeliveryState::held) == 1'700);
  CHECK(guarded.count(DeliveryState::pending) == 0);
  CHECK(guarded.anomalies().size() == 1);
}

TEST_CASE("a table that is emptied and loaded again heals by itself, and only what differs waits on") {
  Guarded guarded(100);
  guarded.cycle([&] { guarded.remove(0, 100); });
  guarded.cycle([&] { guarded.insert(0, 99, "1.00"); });
  CHECK(guarded.count(DeliveryState::held) == 1);
  CHECK(guarded.of(0).back().state == DeliveryState::healed);
  CHECK(guarded.anomalies()[0].state == AnomalyState::open);
  guarded.cycle([&] { guarded.insert(99, 100, "1.00"); });
  CHECK(guarded.count(DeliveryState::held) == 0);
  CHECK(guarded.count(DeliveryState::pending) == 0);
  CHECK(guarded.anomalies()[0].state == AnomalyState::healed);
}

TEST_CASE("later changes of held records wait behind them, others go on, and a release sends the newest state") {
  Guarded guarded(1'000, all_limited());
  guarded.cycle([&] { guarded.credit(0, 200, "0.00"); });
  CHECK(guarded.count(DeliveryState::held) == 200);
  guarded.write([](journal::Records& records) {
    records.pauses.put({journal::PauseKind::instance, "", "anna", "", 1});
    records.pauses.remove(journal::PauseKind::instance, "", 1);
  });
  CHECK_MESSAGE(guarded.count(DeliveryState::held) == 200, "a resume releases nothing that an anomaly holds");
  guarded.write([](journal::Records& records) { records.anomalies.release(1, false, by_anna); });
  CHECK(guarded.count(DeliveryState::pending) == 200);
  CHECK(guarded.anomalies()[0].state == AnomalyState::released);

  Guarded again(1'000, all_limited());
  again.cycle([&] { again.credit(0, 200, "0.00"); });
  again.write([](journal::Records& records) { records.guarding.expect({.pipeline_id = 1, .left = {.updates = 10}, .until_ms = 1'900'000'000'000}); });
  again.cycle([&] {
    again.credit(5, 6, "9.00", "0.00");
    again.credit(700, 701, "3.00");
  });
  CHECK(again.count(DeliveryState::held) == 200);
  CHECK(again.of(5).back().state == DeliveryState::held);
  CHECK(again.of(700).back().state == DeliveryState::pending);
  again.write([](journal::Records& records) { records.anomalies.release(1, false, by_anna); });
  CHECK(again.of(5).back().state == DeliveryState::pending);
  CHECK(again.of(5).back().fields == R"({"credit":"9.00"})");
}

TEST_CASE("a rejected value is held again when it comes again, and a better one goes") {
  Guarded guarded(1'000, all_limited());
  guarded.cycle([&] { guarded.credit(0, 200, "0.00"); });
  guarded.write([](journal::Records& records) { CHECK(records.anomalies.reject(1, by_anna) == 200); });
  CHECK(guarded.of(3).back().state == DeliveryState::rejected);
  guarded.cycle([&] { guarded.credit(3, 4, "0.00", "0.00"); });
  CHECK(guarded.of(3).back().state == DeliveryState::held);
  CHECK_MESSAGE(guarded.anomalies()[0].state == AnomalyState::open, "a person is asked again");
  CHECK(guarded.anomalies().size() == 1);
  guarded.cycle([&] { guarded.credit(4, 5, "7.00", "0.00"); });
  CHECK(guarded.of(4).back().state == DeliveryState::pending);
  guarded.cycle([&] { guarded.credit(3, 4, "1.00", "0.00"); });
  CHECK(guarded.of(3).back().state == DeliveryState::healed);
  CHECK(guarded.anomalies()[0].state == AnomalyState::healed);
}

TEST_CASE("what was announced passes once, and what comes after it is judged without it") {
  Guarded guarded(1'000, all_limited());
  guarded.write([](journal::Records& records) { records.guarding.expect({.pipeline_id = 1, .left = {.updates = 300}, .until_ms = 1'900'000'000'000}); });
  guarded.cycle([&] { guarded.credit(0, 250, "2.00"); });
  CHECK(guarded.anomalies().empty());
  guarded.cycle([&] { guarded.credit(250, 340, "2.00"); });
  CHECK_MESSAGE(guarded.count(DeliveryState::held) == 90, "only 50 were left of what was announced");
}

TEST_CASE("a first snapshot is what the table was configured for, and mass_change: off holds nothing") {
  settings::MassChange off;
  off.deletes = {};
  Guarded guarded(100, off);
  guarded.cycle([&] { guarded.remove(0, 100); });
  CHECK(guarded.count(DeliveryState::pending) == 100);
}

TEST_CASE("rows that get other keys while their records stay take nothing away") {
  // The last digit is no part of the match value: 1000 and 1001 stand for one record.
  Guarded guarded(0, {}, "diff", "substr(code, 1, 4)");
  guarded.write([](journal::Records& records) {
    for (int i = 0; i < 100; i += 2) {
      records.deliveries.put_last_sent({.pipeline_id = 1, .key = test::key_of(i), .connection = "shop", .object = "customers",
                                        .match = "{\"code\":\"" + test::code_of(i).substr(0, 4) + "\"}", .fields = R"({"credit":"1.00"})", .live = true});
    }
  });
  guarded.cycle([&] {
    for (int i = 0; i < 100; i += 2) guarded.insert(i + 1, i + 2, "1.00");
    for (int i = 0; i < 100; i += 2) guarded.remove(i, i + 1);
  });
  CHECK(guarded.anomalies().empty());
  CHECK(guarded.count(DeliveryState::pending) == 100);
}

TEST_CASE("a few deletes of a log leave at once, and do not wait for the end of a long reading") {
  Guarded guarded(100, {}, "tail");
  guarded.cycle([&] { guarded.remove(0, 3); });
  CHECK(guarded.count(DeliveryState::pending) == 3);
  guarded.open_cycle();
  guarded.insert(200, 300, "1.00");
  guarded.remove(3, 4);
  guarded.insert(300, 301, "1.00");
  guarded.follow();
  CHECK_MESSAGE(guarded.count(DeliveryState::pending) == 103, "more deletes of the same transaction may follow");
  CHECK(guarded.next_in_ms() == 2'000);
  guarded.pass(2'000);
  guarded.follow();
  CHECK(guarded.count(DeliveryState::pending) == 105);
}

TEST_CASE("a job that deletes row by row is judged with all that it deletes within two seconds") {
  Guarded guarded(200, {}, "tail");
  for (int i = 0; i < 5; ++i) {
    guarded.cycle([&] { guarded.remove(i * 20, i * 20 + 20); });
    guarded.pass(300);
  }
  CHECK(guarded.count(DeliveryState::pending) == 0);
  CHECK(guarded.anomalies().empty());
  guarded.pass(500);
  guarded.follow();
  CHECK(guarded.count(DeliveryState::pending) == 0);
  CHECK(guarded.count(DeliveryState::held) == 100);
  guarded.pass(3'600'000);
  guarded.cycle([&] { guarded.remove(100, 101); });
  CHECK_MESSAGE(guarded.count(DeliveryState::pending) == 1, "an hour later it is one delete");
}

TEST_CASE("more than a page within two seconds is counted while it comes, also over a kill") {
  Guarded guarded(2'000, {}, "tail");
  guarded.cycle([&] { guarded.remove(0, 600); });
  guarded.pass(1'000);
  guarded.cycle([&] { guarded.remove(600, 1'200); });
  guarded.start();
  guarded.follow();
  CHECK(guarded.count(DeliveryState::pending) == 0);
  guarded.pass(1'000);
  guarded.follow();
  CHECK(guarded.count(DeliveryState::held) == 1'200);
  CHECK(guarded.anomalies().size() == 1);
}

TEST_CASE("rows that get other keys are no deletes, however many, and changes of as many records") {
  SUBCASE("deletes alone are limited") {
    Guarded world(700);
    world.cycle([&] { world.move(0, 700, 5'000); });
    CHECK(world.anomalies().empty());
    CHECK(world.count(DeliveryState::pending) == 700);
    CHECK(world.of(3).empty());
  }
  SUBCASE("updates are, too") {
    settings::MassChange limits;
    limits.updates = {.is_set = true, .percent = 5};
    Guarded world(700, limits);
    world.cycle([&] { world.move(0, 700, 5'000); });
    REQUIRE(world.anomalies().size() == 1);
    CHECK(world.anomalies()[0].numbers.find("700") != std::string::npos);
    CHECK(world.count(DeliveryState::held) == 700);
    world.write([&](journal::Records& records) { records.anomalies.reject(1, by_anna); });
    CHECK(world.count(DeliveryState::pending) == 0);
    CHECK(world.of(3).empty());
  }
}
