// Rules of the guard between the mapping and the deliveries.
#include <doctest/doctest.h>

#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using journal::AnomalyState;
using journal::DeliveryState;
using settings::GuardRule;
using test::image;
using test::SmallJournal;

namespace {

settings::PipelineDefinition with_rule(GuardRule::Action action) {
  settings::PipelineDefinition pipeline = test::small_pipeline("to_shop");
  pipeline.rules = {{"there is a credit", test::expression("credit IS NOT NULL"), GuardRule::Action::hold},
                    {"credit is not negative", test::expression("dec_cmp(credit, '0') >= 0"), action}};
  return pipeline;
}

const journal::AnomalyDecision by_anna{"anna", "seen", 5};

journal::Delivery newest(SmallJournal& small, const std::string& code) { return small.deliveries(code).back(); }

void changes_to(SmallJournal& small, const std::string& code, const std::string& credit) {
  small.plan(small.change(code, image(code, "S", "1.00"), image(code, "S", credit)));
}

std::vector<journal::Anomaly> anomalies(SmallJournal& small) {
  small.journal().write([](journal::Records& records) { records.anomalies.close_healed(1, 7); });
  return small.journal().read()->anomalies.latest(10);
}

}  // namespace

TEST_CASE("a row that does not meet a rule is held under its name, and a better one goes") {
  SmallJournal small(with_rule(GuardRule::Action::hold));
  changes_to(small, "C1", "-5.00");
  changes_to(small, "C2", "-6.00");
  changes_to(small, "C3", "2.00");
  CHECK(newest(small, "C1").state == DeliveryState::held);
  CHECK(newest(small, "C2").state == DeliveryState::held);
  CHECK(newest(small, "C3").state == DeliveryState::pending);
  REQUIRE(anomalies(small).size() == 1);
  CHECK(anomalies(small)[0].kind == "rule: credit is not negative");
  CHECK(anomalies(small)[0].text == "the rule 'credit is not negative' is not met");
  changes_to(small, "C1", "7.00");
  CHECK(newest(small, "C1").state == DeliveryState::pending);
  CHECK(small.deliveries("C1")[0].state == DeliveryState::superseded);
  CHECK(anomalies(small)[0].state == AnomalyState::open);
  changes_to(small, "C2", "8.00");
  CHECK(anomalies(small)[0].state == AnomalyState::healed);
}

TEST_CASE("a row that leaves, and one that is as it was last sent, are not kept back by a rule") {
  SmallJournal small(with_rule(GuardRule::Action::hold));
  small.sent("C1", R"({"credit":"-5.00"})");
  changes_to(small, "C1", "-5.00");
  CHECK(newest(small, "C1").state == DeliveryState::pending);
  changes_to(small, "C1", "-6.00");
  CHECK(newest(small, "C1").state == DeliveryState::held);
  small.plan(small.change("C1", image("C1", "S", "-6.00"), image("C1", "N", "-6.00")));
  CHECK(newest(small, "C1").state == DeliveryState::pending);
  CHECK_FALSE(newest(small, "C1").present);
}

TEST_CASE("what a person released goes, and what he rejected is held under the same number") {
  SmallJournal small(with_rule(GuardRule::Action::hold));
  changes_to(small, "C1", "-5.00");
  small.journal().write([](journal::Records& records) { CHECK(records.anomalies.release(1, false, by_anna) == 1); });
  CHECK(newest(small, "C1").state == DeliveryState::pending);
  changes_to(small, "C2", "-5.00");
  small.journal().write([](journal::Records& records) { CHECK(records.anomalies.reject(2, by_anna) == 1); });
  changes_to(small, "C2", "-5.00");
  CHECK(newest(small, "C2").anomaly_id == 2);
  changes_to(small, "C2", "-4.00");
  CHECK_MESSAGE(newest(small, "C2").anomaly_id == 2, "another value that breaks the rule joins what is open");
  changes_to(small, "C2", "4.00");
  CHECK(newest(small, "C2").state == DeliveryState::pending);
}

TEST_CASE("a rule may drop a row or make a dead letter of it, and the first that is not met decides") {
  SmallJournal dropping(with_rule(GuardRule::Action::drop));
  changes_to(dropping, "C1", "-5.00");
  CHECK(newest(dropping, "C1").state == DeliveryState::dropped);
  CHECK(newest(dropping, "C1").reason == "the rule 'credit is not negative' is not met");
  dropping.plan(dropping.change("C2", {}, R"({"code":"C2","active":"S","credit":null})"));
  CHECK(newest(dropping, "C2").reason == "anomaly 1");
  SmallJournal giving_up(with_rule(GuardRule::Action::dead_letter));
  changes_to(giving_up, "C1", "-5.00");
  CHECK(newest(giving_up, "C1").state == DeliveryState::dead);
}
