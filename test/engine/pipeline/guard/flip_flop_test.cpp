// `guard: flip_flop`: a record that goes to and fro at the target is held until a person decides, or it comes to rest.
#include <doctest/doctest.h>

#include "test/engine/pipeline/guard/shop.h"

using namespace engine;
using journal::AnomalyState;
using journal::DeliveryState;
using test::Shop;

namespace {

using Credits = std::vector<std::string>;

constexpr std::int64_t minute = 60'000;

settings::PipelineDefinition to_and_fro(bool settles = false) {
  settings::PipelineDefinition pipeline = test::small_pipeline("to_shop");
  pipeline.flip_flop = {.times = 3, .within_ms = 60 * minute};
  if (settles) pipeline.settle = {.quiet_ms = 10'000, .at_most_ms = 100'000};
  return pipeline;
}

void flip(Shop& shop, const std::string& code, const Credits& credits) {
  for (const std::string& credit : credits) {
    shop.put(code, credit);
    shop.pass(5 * minute);
  }
}

std::int64_t held(Shop& shop, std::int64_t anomaly) { return shop.journal().read()->anomalies.count_held(anomaly); }

journal::AnomalyDecision by_anna(Shop& shop) { return {"anna", "asked both", shop.clock.wall_ms()}; }

}  // namespace

TEST_CASE("a record that two systems undo for each other is held at the third return, and others of it go on") {
  Shop shop(to_and_fro());
  flip(shop, "C1", {"1.00", "2.00", "1.00", "2.00"});
  shop.put("C2", "5.00");
  CHECK(shop.anomalies().empty());
  shop.put("C1", "1.00");
  CHECK(shop.arrived("C1") == Credits{"1.00", "2.00", "1.00", "2.00"});
  CHECK(shop.newest("C1").state == DeliveryState::held);
  REQUIRE(shop.anomalies().size() == 1);
  CHECK(shop.anomalies()[0].kind == "flip_flop");
  CHECK(shop.anomalies()[0].text == R"(["C1"] went between 2 states 4 times in 20 min, and would go back once more: 3 times back within 1 h ask a person)");
  shop.put("C2", "6.00");
  CHECK(shop.arrived("C2") == Credits{"5.00", "6.00"});
  // Others that do the same join it.
  flip(shop, "C3", {"1.00", "2.00", "1.00", "2.00", "1.00"});
  CHECK(held(shop, 1) == 2);
}

TEST_CASE("a newer state of a held record waits behind it, and a release sends the newest; then counting begins anew") {
  Shop shop(to_and_fro());
  flip(shop, "C1", {"1.00", "2.00", "1.00", "2.00", "1.00"});
  shop.put("C1", "3.00");
  CHECK(shop.newest("C1").state == DeliveryState::held);
  CHECK(held(shop, 1) == 1);
  shop.start();
  CHECK_MESSAGE(shop.arrived("C1").size() == 4, "a restart lets nothing go");
  shop.journal().write([&](journal::Records& records) { records.anomalies.release(1, false, by_anna(shop)); });
  shop.settle();
  CHECK(shop.arrived("C1").back() == "3.00");
  flip(shop, "C1", {"1.00", "3.00"});
  CHECK(shop.arrived("C1").back() == "3.00");
  flip(shop, "C1", {"1.00"});
  CHECK(shop.arrived("C1").back() == "1.00");
  CHECK(shop.newest("C1").state == DeliveryState::delivered);
  flip(shop, "C1", {"3.00"});
  CHECK_MESSAGE(shop.newest("C1").state == DeliveryState::held, "the third time back since the release");
}

TEST_CASE("a record that is back at what was last sent heals, and its anomaly stays open until it has come to rest") {
  Shop shop(to_and_fro());
  flip(shop, "C1", {"1.00", "2.00", "1.00", "2.00", "1.00"});
  CHECK(held(shop, 1) == 1);
  shop.put("C1", "2.00");
  CHECK(shop.newest("C1").state == DeliveryState::healed);
  CHECK(shop.anomalies()[0].state == AnomalyState::open);
  shop.pass(5 * minute);
  shop.put("C1", "1.00");
  CHECK_MESSAGE(shop.newest("C1").anomaly_id == 1, "it goes on under the same number, and nobody is alerted twice");
  shop.put("C1", "2.00");
  shop.pass(61 * minute);
  shop.put("C9", "1.00");
  REQUIRE(shop.anomalies().size() == 1);
  CHECK(shop.anomalies()[0].state == AnomalyState::healed);
  CHECK(shop.arrived("C1") == Credits{"1.00", "2.00", "1.00", "2.00"});
}

TEST_CASE("a rejected state is held again under its number, however often the record was elsewhere in between") {
  Shop shop(to_and_fro());
  flip(shop, "C1", {"1.00", "2.00", "1.00", "2.00", "1.00"});
  shop.journal().write([&](journal::Records& records) { records.anomalies.reject(1, by_anna(shop)); });
  shop.pass(2 * 60 * minute);
  shop.put("C1", "2.00");
  CHECK(shop.newest("C1").state == DeliveryState::skipped);
  shop.put("C1", "1.00");
  CHECK(shop.newest("C1").state == DeliveryState::held);
  CHECK(shop.newest("C1").anomaly_id == 1);
  CHECK(shop.anomalies()[0].state == AnomalyState::open);
  shop.put("C1", "7.00");
  CHECK(shop.arrived("C1").back() == "7.00");
}

TEST_CASE("what goes to and fro at the source and was not sent is none at the target") {
  Shop shop(to_and_fro());
  shop.put_all("C1", {"1.00", "2.00", "1.00", "2.00", "1.00", "2.00"});
  CHECK(shop.arrived("C1") == Credits{"2.00"});
  shop.put_all("C1", {"1.00", "2.00", "1.00"});
  CHECK(shop.arrived("C1") == Credits{"2.00", "1.00"});
  CHECK(shop.anomalies().empty());
  Shop settling(to_and_fro(true));
  for (int i = 0; i < 10; ++i) {
    settling.put("C1", i % 2 == 0 ? "1.00" : "2.00");
    settling.pass(5'000);
  }
  settling.pass(minute);
  CHECK(settling.arrived("C1") == Credits{"2.00"});
  CHECK(settling.anomalies().empty());
}

TEST_CASE("long after the start it is found as it is at first") {
  Shop shop(to_and_fro());
  for (int i = 0; i < 3; ++i) {
    shop.put("C9", std::to_string(i) + ".00");
    shop.pass(61 * minute);
  }
  flip(shop, "C1", {"1.00", "2.00", "1.00", "2.00", "1.00"});
  CHECK(shop.arrived("C1").size() == 4);
  CHECK(shop.newest("C1").state == DeliveryState::held);
}

TEST_CASE("a person who is forgotten is not named by an anomaly either") {
  Shop shop(to_and_fro());
  flip(shop, "C1", {"1.00", "2.00", "1.00", "2.00", "1.00"});
  shop.journal().write([](journal::Records& records) { records.forgetting.erase(1, R"(["C1"])"); });
  CHECK(shop.anomalies()[0].text.find("C1") == std::string::npos);
  CHECK(shop.anomalies()[0].text.find("went between 2 states 4 times") != std::string::npos);
}

TEST_CASE("a record that comes and goes is one of two states, and its delete is held, too") {
  Shop shop(to_and_fro());
  flip(shop, "C1", {"1.00", "", "1.00"});
  shop.remove("C1");
  CHECK(shop.arrived("C1") == Credits{"1.00", "gone", "1.00", "gone"});
  shop.pass(5 * minute);
  shop.put("C1", "1.00");
  CHECK(shop.newest("C1").state == DeliveryState::held);
}
