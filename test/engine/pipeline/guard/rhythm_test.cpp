// The rhythm in a journal: what is learnt from cycles, what is held by it, and what a person's decision teaches.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/base/text/durations.h"
#include "test/engine/guard/watched_month.h"
#include "test/engine/pipeline/guard/guarded.h"

using namespace engine;
using journal::DeliveryState;
using test::Guarded;

namespace {

constexpr std::int64_t week_ms = 7 * day_ms;

const journal::AnomalyDecision by_anna{"anna", "seen", 5};

/// Each value is new: each update is one.
std::string next_value() {
  static int value = 1;
  return std::to_string(++value) + ".00";
}

void update(Guarded& guarded, int count) {
  guarded.cycle([&] { guarded.credit(0, count, next_value()); });
}

/// Three weeks in which this hour of the week sees `count` updates in one cycle.
void learn(Guarded& guarded, int count) {
  guarded.pass(hour_ms);
  for (int week = 0; week < 3; ++week) {
    update(guarded, count);
    guarded.pass(week_ms);
  }
}

}  // namespace

TEST_CASE("without any configuration, what is far beyond the usual of an hour is held once two weeks are known") {
  Guarded guarded(1'000);
  update(guarded, 700);
  CHECK_MESSAGE(guarded.count(DeliveryState::held) == 0, "nothing is known yet");
  guarded.pass(day_ms);
  learn(guarded, 25);
  update(guarded, 120);
  CHECK(guarded.anomalies().empty());
  guarded.pass(hour_ms * 3);
  update(guarded, 412);
  REQUIRE(guarded.anomalies().size() == 1);
  CHECK(guarded.anomalies()[0].text == "412 updates in this cycle; usual at this hour: none");
  CHECK(guarded.count(DeliveryState::held) == 412);
}

TEST_CASE("the usual is told as it was learnt, over a restart") {
  Guarded guarded(1'000);
  learn(guarded, 25);
  guarded.start();
  update(guarded, 412);
  REQUIRE(guarded.anomalies().size() == 1);
  CHECK(guarded.anomalies()[0].text == "412 updates in this cycle; usual at this hour: 25 to 25");
}

TEST_CASE("what is rejected teaches nothing, and what is released is usual from then on") {
  for (const bool released : {false, true}) {
    CAPTURE(released);
    Guarded guarded(1'000);
    learn(guarded, 10);
    for (int week = 0; week < 3; ++week) {
      update(guarded, 300);
      guarded.write([&](journal::Records& records) {
        const auto open = records.anomalies.open_of(1, "mass_change");
        if (!open) return;
        if (released) records.anomalies.release(open->id, false, by_anna);
        else records.anomalies.reject(open->id, by_anna);
      });
      guarded.pass(week_ms);
    }
    CHECK(guarded.anomalies().size() == (released ? 2 : 3));
  }
}

TEST_CASE("after a release the same hour goes on as if it had not been") {
  Guarded guarded(1'000);
  learn(guarded, 10);
  update(guarded, 600);
  guarded.write([](journal::Records& records) { records.anomalies.release(1, false, by_anna); });
  update(guarded, 40);
  CHECK(guarded.anomalies().size() == 1);
  CHECK(guarded.count(DeliveryState::held) == 0);
}

TEST_CASE("a change that drips is held when the hour has seen more than usual") {
  Guarded guarded(1'000);
  learn(guarded, 10);
  for (int part = 0; part < 20; ++part) {
    guarded.cycle([&] { guarded.credit(part * 20, part * 20 + 20, next_value()); });
    guarded.pass(60'000);
  }
  REQUIRE(guarded.anomalies().size() == 1);
  CHECK(guarded.count(DeliveryState::pending) == 80);
  CHECK(guarded.count(DeliveryState::held) == 320);
}

TEST_CASE("one record that changes many times an hour is one record") {
  Guarded guarded(1'000);
  learn(guarded, 10);
  for (int i = 0; i < 100; ++i) guarded.cycle([&] { guarded.credit(7, 8, next_value()); });
  CHECK(guarded.anomalies().empty());
}

TEST_CASE("rhythm: off holds nothing by it, forgets, and learns anew when it is back") {
  settings::MassChange limits;
  limits.rhythm.is_on = false;
  Guarded guarded(1'000, limits);
  learn(guarded, 10);
  update(guarded, 700);
  CHECK(guarded.anomalies().empty());
  guarded.write([](journal::Records& records) { CHECK_FALSE(records.effect_hours.since(1)); });
}

TEST_CASE("six weeks are kept, however long it goes on") {
  Guarded guarded(1'000);
  for (int week = 0; week < 9; ++week) {
    update(guarded, 5);
    guarded.pass(week_ms);
  }
  guarded.write([](journal::Records& records) { CHECK(records.effect_hours.learnt(1).size() == 7); });
}

TEST_CASE("a cycle that is larger than a page is counted as one when it is learnt") {
  Guarded guarded(2'000);
  update(guarded, 1'700);
  guarded.write([](journal::Records& records) {
    const auto hours = records.effect_hours.learnt(1);
    REQUIRE(hours.size() == 1);
    CHECK(hours[0].sum.updates == 1'700);
    CHECK(hours[0].largest.updates == 1'700);
  });
}

TEST_CASE("a cycle that is larger than a page is held as a whole, and goes on where it is usual") {
  Guarded guarded(4'000);
  learn(guarded, 1'700);
  update(guarded, 1'800);
  CHECK(guarded.anomalies().empty());
  CHECK(guarded.count(DeliveryState::pending) == 1'800);
  guarded.pass(12 * hour_ms);
  update(guarded, 3'300);
  REQUIRE(guarded.anomalies().size() == 1);
  CHECK(guarded.anomalies()[0].text == "3,300 updates in this cycle; usual at this hour: none");
  CHECK(guarded.count(DeliveryState::held) == 3'300);
  CHECK(guarded.count(DeliveryState::pending) == 0);
}

TEST_CASE("changes of columns that nobody maps are nothing, however many they are") {
  Guarded guarded(1'000);
  learn(guarded, 10);
  guarded.cycle([&] { guarded.credit(0, 900, "1.00", "3.00"); });
  CHECK(guarded.anomalies().empty());
  guarded.write([](journal::Records& records) { CHECK(records.effect_hours.learnt(1).size() == 3); });
}

TEST_CASE("many small cycles that wait to be planned are judged with those before them") {
  Guarded guarded(1'000);
  learn(guarded, 10);
  for (int part = 0; part < 20; ++part) {
    guarded.open_cycle();
    guarded.credit(part * 20, part * 20 + 20, next_value());
    guarded.close_cycle();
  }
  guarded.follow();
  CHECK(guarded.count(DeliveryState::pending) == 80);
  CHECK(guarded.count(DeliveryState::held) == 320);
}

TEST_CASE("the first cycle after an outage may bring what is usually done in that time") {
  for (const bool was_down : {true, false}) {
    CAPTURE(was_down);
    Guarded guarded(1'000);
    for (int day = 0; day < 15; ++day) {
      for (int hour = 0; hour < 6; ++hour) {
        update(guarded, 40);
        guarded.pass(hour_ms);
      }
      guarded.pass(18 * hour_ms);
    }
    guarded.write([&](journal::Records& records) { records.tables.cycle_done(1, guarded.now_ms(), 1'000); });
    guarded.pass(5 * hour_ms);
    if (was_down) guarded.start();
    update(guarded, 240);
    CHECK(guarded.anomalies().size() == (was_down ? 0 : 1));
  }
}

namespace {

/// The prices of a month, row by row through the planner. A person decides half an hour later.
class JournaledMonth {
 public:
  JournaledMonth() : guarded_(12'000, {}, "diff", "code", test::ErpMonth::begin_ms()) {}

  /// Whether it was held.
  bool pass(const test::ErpCycle& cycle) {
    guarded_.pass(cycle.at_ms - guarded_.now_ms());
    if (decide_ms_ && cycle.at_ms >= *decide_ms_) {
      guarded_.write([](journal::Records& records) { records.anomalies.release(records.anomalies.all_open().at(0).id, false, by_anna); });
      decide_ms_.reset();
    }
    if (cycle.announced) {
      guarded_.write([&](journal::Records& records) {
        records.guarding.expect({.pipeline_id = 1, .left = {.updates = cycle.updates}, .until_ms = cycle.at_ms + 60'000});
      });
    }
    if (record_ + cycle.updates > 12'000) record_ = 0;
    const auto first = static_cast<int>(record_);
    record_ += cycle.updates;
    guarded_.cycle([&] { guarded_.credit(first, static_cast<int>(record_), next_value()); });
    const std::vector<journal::Anomaly> anomalies = guarded_.anomalies();
    const bool is_held = std::ranges::any_of(anomalies, [&](const journal::Anomaly& each) { return each.updated_ms == cycle.at_ms; });
    if (is_held && !decide_ms_) decide_ms_ = cycle.at_ms + 30 * 60'000;
    return is_held;
  }

 private:
  Guarded guarded_;
  std::int64_t record_ = 0;
  std::optional<std::int64_t> decide_ms_;
};

}  // namespace

TEST_CASE("months of the made-up ERP are held in the journal as they are on paper") {
  for (const test::Disaster disaster : {test::Disaster::priceless, test::Disaster::dripping}) {
    CAPTURE(name_of(disaster));
    const test::ErpMonth month(3, disaster);
    JournaledMonth journaled;
    test::WatchedPipeline paper(test::ErpMonth::pipelines()[0], {}, test::ErpMonth::begin_ms());
    std::size_t held = 0;
    for (const test::ErpCycle& cycle : month.cycles()) {
      if (cycle.pipeline != 0 || cycle.inserts + cycle.deletes > 0 || cycle.down_ms > 0) continue;
      const bool is_held = journaled.pass(cycle);
      CAPTURE(cycle.at_ms);
      REQUIRE(is_held == paper.judge(cycle).held);
      if (is_held) ++held;
      if (is_held && cycle.disaster != test::Disaster::none) break;
    }
    CHECK(held > 0);
  }
}
