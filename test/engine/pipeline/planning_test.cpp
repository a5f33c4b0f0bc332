#include "engine/pipeline/planning/planning.h"

#include <doctest/doctest.h>

#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using namespace engine::pipeline;
using test::SmallJournal;

namespace {

std::string names_of(const std::vector<journal::Delivery>& deliveries) {
  std::string names;
  for (const journal::Delivery& delivery : deliveries) {
    names += std::string(names.empty() ? "" : " ") + std::string(name_of(delivery.state)) + (delivery.present ? "" : "/absent");
  }
  return names;
}

}  // namespace

TEST_CASE("a row outside `where` that was never sent plans nothing") {
  SmallJournal small;
  small.plan(small.change("C1", {}, test::image("C1", "N", "1.00")));
  CHECK(small.deliveries("C1").empty());
}

TEST_CASE("a row that leaves `where` while its creation waits takes it back") {
  SmallJournal small;
  small.plan(small.change("C1", {}, test::image("C1", "S", "1.00")));
  small.plan(small.change("C1", test::image("C1", "S", "1.00"), test::image("C1", "N", "1.00")));
  CHECK(names_of(small.deliveries("C1")) == "superseded pending/absent");
}

TEST_CASE("a row that is live at the target leaves it when it is deleted") {
  SmallJournal small;
  small.sent("C1", R"({"name":"Rossi"})");
  small.plan(small.change("C1", test::image("C1", "S", "1.00"), {}));
  CHECK(names_of(small.deliveries("C1")) == "pending/absent");
}

TEST_CASE("a row that can't be mapped is a dead letter that says why") {
  SmallJournal small;
  small.plan(small.change("", {}, R"({"code":null,"active":"S","credit":"1.00"})"));
  const auto deliveries = small.deliveries("");
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].state == journal::DeliveryState::dead);
  CHECK(deliveries[0].reason.find("code") != std::string::npos);
}

TEST_CASE("a retried dead letter is mapped anew from the newest change, as a new generation") {
  SmallJournal small;
  small.plan(small.change("C1", {}, test::image("C1", "S", "1.00")));
  journal::Delivery dead = small.deliveries("C1").front();
  dead.state = journal::DeliveryState::dead;
  small.journal().write([&](journal::Records& records) { records.deliveries.update(dead); });
  small.change("C1", test::image("C1", "S", "1.00"), test::image("C1", "S", "2.00"));
  std::optional<std::int64_t> id;
  small.journal().write([&](journal::Records& records) { id = small.planning().plan_again(records, dead, small.clock); });
  REQUIRE(id.has_value());
  const auto deliveries = small.deliveries("C1");
  REQUIRE(deliveries.size() == 2);
  CHECK(names_of(deliveries) == "superseded pending");
  CHECK(deliveries[0].superseded_by == id);
  CHECK(deliveries[1].generation == 1);
  CHECK(deliveries[1].fields == R"({"credit":"2.00"})");
}

TEST_CASE("what is retried in a paused pipeline is held by the pause") {
  SmallJournal small;
  small.plan(small.change("C1", {}, test::image("C1", "S", "1.00")));
  journal::Delivery dead = small.deliveries("C1").front();
  dead.state = journal::DeliveryState::dead;
  small.journal().write([&](journal::Records& records) {
    records.deliveries.update(dead);
    records.pauses.put({journal::PauseKind::pipeline, small.planning().definition().name, "edp", "stocktaking", 0});
    small.planning().plan_again(records, dead, small.clock);
  });
  const auto deliveries = small.deliveries("C1");
  CHECK(names_of(deliveries) == "superseded held");
  CHECK(deliveries.back().reason == "paused");
}

TEST_CASE("a redirected field gets the connection's value where the pipeline writes it, and no other field changes") {
  settings::PipelineDefinition pipeline = test::small_pipeline("to_shop");
  pipeline.target.redirect = {{"credit", model::FieldScalar(std::string("0"))}, {"phone", model::FieldScalar(std::string("+39"))}};
  settings::Diagnostics diagnostics;
  const auto planning = Planning::compile(pipeline, test::small_layout(), diagnostics);
  REQUIRE(planning != nullptr);
  SmallJournal small;
  const model::Change change = small.change("C1", {}, test::image("C1", "S", "1.00"));
  const auto planned = planning->map_change({.id = 1, .name = "to_shop", .table_id = 1}, change, small.clock);
  REQUIRE(planned.delivery.has_value());
  CHECK(planned.delivery->fields == R"({"credit":"0"})");
}

namespace {

/// A row gets another key: told under the new one, then as the delete of the old one.
void move(SmallJournal& small, const std::string& from, const std::string& to) {
  model::Change came = small.change(to, test::image(from, "S", "1.00"), test::image(to, "S", "1.00"));
  came.changed_columns = R"(["code"])";
  small.plan(came);
  model::Change went = small.change(from, test::image(from, "S", "1.00"), {});
  went.changed_columns = R"(["code"])";
  small.plan(went);
}

}  // namespace

TEST_CASE("what a row has at the target follows it to its new key, and the delete of the old one takes nothing away") {
  SmallJournal small;
  small.sent("C1", R"({"credit":"1.00"})");
  move(small, "C1", "C9");
  REQUIRE(names_of(small.deliveries("C9")) == "pending");
  CHECK(small.deliveries("C9")[0].also_match == R"({"code":"C1"})");
  CHECK(small.deliveries("C1").empty());
}

TEST_CASE("a record on its way under the old key is waited for, and followed") {
  SmallJournal small;
  small.plan(small.change("C1", {}, test::image("C1", "S", "1.00")));
  move(small, "C1", "C9");
  REQUIRE(names_of(small.deliveries("C9")) == "pending");
  CHECK(small.deliveries("C9")[0].also_match == R"({"code":"C1"})");
  CHECK(names_of(small.deliveries("C1")) == "pending");
}

TEST_CASE("a row whose key changes and that leaves `where` with it takes its record away") {
  SmallJournal small;
  small.sent("C1", R"({"credit":"1.00"})");
  model::Change came = small.change("C9", test::image("C1", "S", "1.00"), test::image("C9", "N", "1.00"));
  came.changed_columns = R"(["code","active"])";
  small.plan(came);
  REQUIRE(names_of(small.deliveries("C9")) == "pending/absent");
  CHECK(small.deliveries("C9")[0].also_match == R"({"code":"C1"})");
}
