// `guard: settle`: a burst of changes of one record goes out as its last state, when it has come to rest.
#include <doctest/doctest.h>

#include "engine/guard/settle.h"
#include "engine/pipeline/planning/resend.h"
#include "test/engine/pipeline/guard/shop.h"

using namespace engine;
using journal::DeliveryState;
using test::Shop;

namespace {

using Credits = std::vector<std::string>;

constexpr std::int64_t second = 1'000;

settings::PipelineDefinition settling() {
  settings::PipelineDefinition pipeline = test::small_pipeline("to_shop");
  pipeline.settle = {.quiet_ms = 30 * second, .at_most_ms = 100 * second};
  return pipeline;
}

}  // namespace

TEST_CASE("a record goes when it has not changed for the quiet time, with its newest state, and others meanwhile") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.pass(20 * second);
  shop.put("C1", "2.00");
  shop.put("C2", "9.00");
  shop.pass(20 * second);
  shop.put("C1", "3.00");
  CHECK(shop.target.effects.empty());
  shop.pass(10 * second);
  CHECK(shop.arrived("C2") == Credits{"9.00"});
  CHECK(shop.arrived("C1").empty());
  shop.pass(19 * second);
  CHECK(shop.arrived("C1").empty());
  shop.pass(1 * second);
  CHECK(shop.arrived("C1") == Credits{"3.00"});
  CHECK(shop.newest("C1").first_seq == 1);
  CHECK_FALSE(shop.newest("C1").settle_by_ms);
}

TEST_CASE("a record that never comes to rest goes at the latest with the state it has then, and waits anew") {
  Shop shop(settling());
  for (int i = 0; i < 30; ++i) {
    shop.put("C1", std::to_string(i) + ".00");
    shop.pass(10 * second);
  }
  // The first changes that wait are those of 0, 100 and 200 s.
  CHECK(shop.arrived("C1") == Credits{"9.00", "19.00", "29.00"});
  shop.put("C1", "30.00");
  shop.pass(29 * second);
  CHECK(shop.arrived("C1").size() == 3);
  shop.pass(1 * second);
  CHECK(shop.arrived("C1").back() == "30.00");
}

TEST_CASE("several states that one look finds count from the first") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.pass(75 * second);
  CHECK(shop.arrived("C1") == Credits{"1.00"});
  shop.put_all("C1", {"2.00", "3.00", "4.00"});
  CHECK(*shop.newest("C1").settle_by_ms == shop.clock.wall_ms() + 100 * second);
  shop.pass(30 * second);
  CHECK(shop.arrived("C1") == Credits{"1.00", "4.00"});
}

TEST_CASE("a row that comes and goes while it is waited for costs no call, and one that goes for good is taken away once") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.pass(10 * second);
  shop.remove("C1");
  shop.pass(29 * second);
  CHECK(shop.newest("C1").state == DeliveryState::pending);
  shop.pass(1 * second);
  CHECK(shop.newest("C1").state == DeliveryState::skipped);
  CHECK(shop.target.effects.empty());
  shop.put("C2", "1.00");
  shop.pass(30 * second);
  shop.remove("C2");
  shop.pass(5 * second);
  shop.put("C2", "1.00");
  shop.pass(5 * second);
  shop.remove("C2");
  shop.pass(30 * second);
  CHECK(shop.arrived("C2") == Credits{"1.00", "gone"});
}

TEST_CASE("a restart in the middle neither ends the wait nor begins it anew") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.pass(20 * second);
  shop.start();
  CHECK(shop.target.effects.empty());
  shop.pass(5 * second);
  shop.put("C1", "2.00");
  shop.start();
  shop.pass(29 * second);
  CHECK(shop.target.effects.empty());
  shop.pass(1 * second);
  CHECK(shop.arrived("C1") == Credits{"2.00"});
}

TEST_CASE("what was waiting when the wait was taken out of the configuration goes at its time, and what comes later at once") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.put("C2", "1.00");
  shop.instance.pipelines.at("to_shop").settle = {};
  shop.start();
  CHECK(shop.target.effects.empty());
  shop.put("C1", "2.00");
  CHECK(shop.arrived("C1") == Credits{"2.00"});
  shop.pass(30 * second);
  CHECK(shop.arrived("C2") == Credits{"1.00"});
}

TEST_CASE("a target that recovers does not end the wait of records that still change") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.target.script = {test::Fate::busy, test::Fate::busy};
  shop.pass(25 * second);
  shop.put("C2", "1.00");
  shop.pass(20 * second);
  CHECK(shop.arrived("C1") == Credits{"1.00"});
  CHECK(shop.arrived("C2").empty());
  shop.pass(10 * second);
  CHECK(shop.arrived("C2") == Credits{"1.00"});
}

TEST_CASE("a change behind a call that is under way settles by itself") {
  Shop shop(settling(), false);
  shop.target.automatic = false;
  shop.put("C1", "1.00");
  shop.pass(30 * second);
  REQUIRE(shop.target.waiting() == 1);
  shop.put("C1", "2.00");
  shop.target.process(test::Fate::taken);
  shop.settle();
  shop.target.automatic = true;
  CHECK(shop.arrived("C1") == Credits{"1.00"});
  shop.pass(29 * second);
  CHECK(shop.arrived("C1") == Credits{"1.00"});
  shop.pass(1 * second);
  CHECK(shop.arrived("C1") == Credits{"1.00", "2.00"});
}

TEST_CASE("what a person releases or sends again does not wait") {
  settings::PipelineDefinition pipeline = settling();
  pipeline.rules = {{"credit is not negative", test::expression("dec_cmp(credit, '0') >= 0"), settings::GuardRule::Action::hold}};
  Shop shop(pipeline);
  shop.put("C1", "-1.00");
  REQUIRE(shop.newest("C1").state == DeliveryState::held);
  shop.journal().write([&](journal::Records& records) { records.anomalies.release(1, false, {"anna", "it is right", shop.clock.wall_ms()}); });
  shop.settle();
  CHECK(shop.arrived("C1") == Credits{"-1.00"});
  // A replay sends the newest state of a record that was still waiting.
  shop.put("C2", "2.00");
  settings::Diagnostics diagnostics;
  const auto planning = pipeline::Planning::compile(shop.instance.pipelines.at("to_shop"), test::small_layout(), diagnostics);
  shop.journal().write([&](journal::Records& records) {
    const auto row = *records.pipelines.find("to_shop");
    pipeline::Resend resend(*planning, row, {.force = true}, shop.clock);
    resend.newest_of(records, records.changes.of_key(row.table_id, R"(["C2"])", 1).front());
  });
  shop.settle();
  CHECK(shop.arrived("C2") == Credits{"2.00"});
  shop.pass(60 * second);
  CHECK(shop.arrived("C2").size() == 1);
}

TEST_CASE("rows of a first reading did not change, and go at once") {
  Shop shop(settling());
  model::Change change{.table_id = 1, .layout_id = 1, .cycle_id = 1, .key = R"(["C1"])", .changed_columns = "[]"};
  change.operation = model::Operation::snapshot;
  change.after = test::image("C1", "S", "1.00");
  change.captured_ms = shop.clock.wall_ms();
  shop.journal().write([&](journal::Records& records) { records.changes.append(change); });
  shop.settle();
  CHECK(shop.arrived("C1") == Credits{"1.00"});
}

TEST_CASE("the journal says how many of a pipeline wait for a quiet moment, and until when") {
  Shop shop(settling());
  shop.put("C1", "1.00");
  shop.pass(10 * second);
  shop.put("C2", "1.00");
  const auto settling = shop.journal().read()->deliveries.settling(1);
  CHECK(settling.number == 2);
  CHECK(settling.first_until_ms == shop.clock.wall_ms() + 20 * second);
  shop.pass(30 * second);
  CHECK(shop.journal().read()->deliveries.settling(1).number == 0);
}

TEST_CASE("a change that a clock which was ahead captured waits no longer than others") {
  const settings::PipelineDefinition pipeline = settling();
  model::Change change;
  change.captured_ms = 5'000'000 * second;
  journal::Delivery delivery;
  delivery.created_ms = 1'000 * second;
  guard::let_settle(pipeline.settle, change, delivery);
  CHECK(delivery.not_before_ms == 1'030 * second);
  CHECK(delivery.settle_by_ms == 1'100 * second);
}
