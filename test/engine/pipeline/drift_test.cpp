// A table's columns change under its pipelines: who is held, what goes on, and what becomes of changes made in between.
#include <doctest/doctest.h>

#include "engine/model/key.h"
#include "engine/pipeline/planning/columns/column_use.h"
#include "engine/pipeline/planning/planner.h"
#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using namespace engine::pipeline;

namespace {

const std::string code_and_active = R"({"code":"C1","active":"S"})";

model::Layout without_credit() {
  model::Layout layout = test::small_layout();
  layout.columns.pop_back();
  return layout;
}

model::Layout with_credit_as(model::ColumnType type) {
  model::Layout layout = test::small_layout();
  layout.columns.back().type = type;
  return layout;
}

/// `to_shop` reads the credit, `to_crm` does not.
class Drifting {
 public:
  Drifting() {
    instance.tables.emplace("customer", test::small_table("customer"));
    instance.pipelines.emplace("to_shop", test::small_pipeline("to_shop"));
    settings::PipelineDefinition other = test::small_pipeline("to_crm");
    other.map = {{"active", {test::expression("active")}, false}};
    instance.pipelines.emplace("to_crm", other);
    start();
  }

  /// As a new process does.
  void start() {
    planner = std::make_unique<Planner>(small.journal(), instance, small.clock, [](std::exception_ptr problem) { std::rethrow_exception(problem); });
    planner->register_pipelines();
  }
  void follow() {
    while (planner->follow_once()) {
    }
  }
  void columns_become(const model::Layout& layout) {
    small.journal().write([&](journal::Records& records) {
      layout_id = records.tables.put_layout(records.tables.find("customer")->id, layout, small.clock.wall_ms());
    });
    follow();
  }
  void change(const std::string& after) {
    small.journal().write([&](journal::Records& records) {
      model::Change change;
      change.table_id = records.tables.find("customer")->id;
      change.layout_id = layout_id;
      change.cycle_id = 1;
      change.key = R"(["C1"])";
      change.operation = model::Operation::update;
      change.before = after;
      change.after = after;
      change.changed_columns = "[]";
      change.captured_ms = small.clock.wall_ms();
      records.changes.append(change);
    });
    follow();
  }
  /// All rows are to be read with the columns, or were.
  void renewing(bool is) {
    small.journal().write([&](journal::Records& records) { records.tables.set_renewing(records.tables.find("customer")->id, is); });
    follow();
  }
  void image(const std::string& text, const std::string& code = "C1") {
    const std::vector<std::string> parts{code};
    small.journal().write([&](journal::Records& records) {
      journal::RowImage image;
      image.table_id = records.tables.find("customer")->id;
      image.layout_id = layout_id;
      image.key = model::encoded_key_of(test::small_layout(), parts);
      image.image = text;
      if (const auto known = records.images.find(image.table_id, image.key)) records.images.erase(known->ordinal);
      records.images.insert(image);
    });
  }
  /// As a delivery does that arrived.
  void is_at_target(const std::string& pipeline, const std::string& fields, const std::string& code = "C1") {
    small.journal().write([&](journal::Records& records) {
      records.deliveries.put_last_sent({.pipeline_id = records.pipelines.find(pipeline)->id, .key = "[\"" + code + "\"]", .connection = "shop",
                                        .object = "customers", .match = R"({"code":")" + code + "\"}", .fields = fields, .live = true,
                                        .mapping = "", .sent_ms = 1});
    });
  }
  std::string state_of(const std::string& pipeline) const {
    for (const PipelineLive& live : planner->status()) {
      if (live.name == pipeline) return live.reason.empty() ? live.state : live.state + ": " + live.reason;
    }
    return "not there";
  }
  std::vector<journal::Delivery> deliveries(const std::string& pipeline, const std::string& code = "C1") {
    auto reader = small.journal().read();
    return reader->deliveries.of_key(reader->pipelines.find(pipeline)->id, "[\"" + code + "\"]", 10);
  }
  bool is_behind(const std::string& pipeline) {
    auto reader = small.journal().read();
    return reader->pipelines.find(pipeline)->position < reader->changes.last_seq();
  }

  test::SmallJournal small;
  settings::Instance instance;
  std::unique_ptr<Planner> planner;
  std::int64_t layout_id = 1;
};

}  // namespace

TEST_CASE("a missing column holds the pipeline that reads it and no other, until it is back") {
  Drifting drifting;
  drifting.columns_become(without_credit());
  drifting.change(code_and_active);
  CHECK(drifting.state_of("to_shop").find("credit") != std::string::npos);
  CHECK(drifting.is_behind("to_shop"));
  CHECK(drifting.state_of("to_crm") == "running");
  CHECK(drifting.deliveries("to_crm").size() == 1);
  drifting.columns_become(test::small_layout());
  CHECK(drifting.state_of("to_shop") == "running");
  CHECK_FALSE(drifting.is_behind("to_shop"));
}

TEST_CASE("a change made while a column was missing is mapped as the row is now, and not before it was read with the column") {
  Drifting drifting;
  drifting.columns_become(without_credit());
  SUBCASE("read with it") {
    drifting.change(code_and_active);
    drifting.columns_become(without_credit());
    drifting.small.journal().write([&](journal::Records& records) {
      drifting.layout_id = records.tables.put_layout(records.tables.find("customer")->id, test::small_layout(), 0);
    });
    drifting.image(test::image("C1", "S", "7.00"));
    drifting.follow();
    REQUIRE(drifting.deliveries("to_shop").size() == 1);
    CHECK(drifting.deliveries("to_shop")[0].fields == R"({"credit":"7.00"})");
  }
  SUBCASE("not read with it") {
    drifting.image(code_and_active);
    drifting.change(code_and_active);
    drifting.renewing(true);
    drifting.columns_become(test::small_layout());
    CHECK(drifting.deliveries("to_shop").empty());
    CHECK(drifting.is_behind("to_shop"));
    drifting.image(test::image("C1", "S", "7.00"));
    drifting.renewing(false);
    REQUIRE(drifting.deliveries("to_shop").size() == 1);
    CHECK(drifting.deliveries("to_shop")[0].fields == R"({"credit":"7.00"})");
  }
  SUBCASE("gone since") {
    drifting.change(code_and_active);
    drifting.columns_become(test::small_layout());
    CHECK(drifting.deliveries("to_shop").empty());
  }
  CHECK_FALSE(drifting.is_behind("to_shop"));
}

TEST_CASE("a column that comes is sent for what is at the target, by the pipeline that maps it alone, after all rows were read with it") {
  Drifting drifting;
  drifting.follow();
  for (const std::string code : {"C1", "C2", "C3"}) drifting.image(test::image(code, "S", "1.00"), code);
  for (const std::string pipeline : {"to_shop", "to_crm"}) drifting.is_at_target(pipeline, R"({"credit":"1.00"})");
  drifting.is_at_target("to_shop", R"({"credit":"9.00"})", "C2");
  drifting.columns_become(without_credit());
  drifting.renewing(true);
  drifting.columns_become(test::small_layout());
  CHECK(drifting.deliveries("to_shop").empty());
  CHECK(drifting.state_of("to_shop").find("running: came: credit; 2 records") != std::string::npos);
  for (const std::string code : {"C1", "C2", "C3"}) drifting.image(test::image(code, "S", "9.00"), code);
  SUBCASE("in the same process") { drifting.renewing(false); }
  SUBCASE("by the next process") {
    drifting.start();
    drifting.renewing(false);
  }
  REQUIRE(drifting.deliveries("to_shop").size() == 1);
  CHECK(drifting.deliveries("to_shop")[0].fields == R"({"credit":"9.00"})");
  CHECK(drifting.deliveries("to_shop", "C2").empty());
  CHECK(drifting.deliveries("to_shop", "C3").empty());
  CHECK(drifting.deliveries("to_crm").empty());
  CHECK(drifting.state_of("to_shop") == "running");
  drifting.start();
  drifting.follow();
  CHECK(drifting.deliveries("to_shop").size() == 1);
}

TEST_CASE("a record on its way to the target gets the column that came, too") {
  Drifting drifting;
  drifting.image(test::image("C1", "S", "1.00"));
  drifting.change(test::image("C1", "S", "1.00"));
  REQUIRE(drifting.deliveries("to_shop").size() == 1);
  drifting.columns_become(without_credit());
  drifting.renewing(true);
  drifting.columns_become(test::small_layout());
  drifting.image(test::image("C1", "S", "9.00"));
  drifting.renewing(false);
  const auto deliveries = drifting.deliveries("to_shop");
  REQUIRE(deliveries.size() == 2);
  CHECK(deliveries.front().state == journal::DeliveryState::superseded);
  CHECK(deliveries.back().fields == R"({"credit":"9.00"})");
}

TEST_CASE("a message about a change that lacks a column has NULL there") {
  Drifting drifting;
  settings::PipelineDefinition& messages = drifting.instance.pipelines.at("to_shop");
  messages.deliver = settings::DeliverPolicy::every_change;
  messages.map = {{"credit", {test::expression("coalesce(credit, 'unknown')")}, false}};
  drifting.start();
  drifting.columns_become(without_credit());
  drifting.change(code_and_active);
  drifting.columns_become(test::small_layout());
  REQUIRE(drifting.deliveries("to_shop").size() == 1);
  CHECK(drifting.deliveries("to_shop")[0].fields == R"({"credit":"unknown"})");
}

TEST_CASE("a column of another type holds the pipeline that reads it over restarts, until it is back or the mapping is adapted") {
  Drifting drifting;
  drifting.change(test::image("C1", "S", "1.00"));
  REQUIRE(drifting.state_of("to_shop") == "running");
  drifting.columns_become(with_credit_as(model::ColumnType::binary));
  CHECK(drifting.state_of("to_shop").find("column credit was decimal and is binary") != std::string::npos);
  drifting.start();
  drifting.change(R"({"code":"C1","active":"S","credit":"AAAA"})");
  CHECK(drifting.state_of("to_shop").find("column credit was decimal and is binary") != std::string::npos);
  CHECK(drifting.is_behind("to_shop"));
  CHECK_FALSE(drifting.is_behind("to_crm"));
  SUBCASE("back") { drifting.columns_become(test::small_layout()); }
  SUBCASE("adapted") {
    drifting.instance.pipelines.at("to_shop").map[0].expressions[0] = test::expression("hex(credit)");
    drifting.start();
    drifting.follow();
  }
  CHECK(drifting.state_of("to_shop") == "running");
  CHECK_FALSE(drifting.is_behind("to_shop"));
}

TEST_CASE("a pipeline uses the columns that its expressions name, in whatever case or quotes") {
  settings::PipelineDefinition pipeline = test::small_pipeline("to_shop");
  CHECK(names_column(pipeline, "CREDIT"));
  CHECK(names_column(pipeline, "active"));
  CHECK_FALSE(names_column(pipeline, "credits"));
  CHECK_FALSE(names_column(pipeline, "red"));
  pipeline.map[0].expressions[0] = test::expression("iif(changed('FIDO'), \"PROV\", 0)");
  CHECK(names_column(pipeline, "fido"));
  CHECK(names_column(pipeline, "prov"));
  CHECK_FALSE(names_column(pipeline, "credit"));
}
