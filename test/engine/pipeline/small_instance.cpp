#include "test/engine/pipeline/small_instance.h"

#include <stdlib.h>

#include <filesystem>

#include "engine/base/error.h"

namespace test {

using namespace engine;

std::string image(const std::string& code, const std::string& active, const std::string& credit) {
  return R"({"code":")" + code + R"(","active":")" + active + R"(","credit":")" + credit + R"("})";
}

model::Layout small_layout() {
  model::Layout layout;
  layout.columns = {{.name = "code"}, {.name = "active"}, {.name = "credit", .type = model::ColumnType::decimal, .scale = 2}};
  layout.key = {0};
  return layout;
}

settings::Expression expression(const std::string& sql) { return {sql, {"pipeline.yaml", 1, 1}, -1}; }

settings::PipelineDefinition small_pipeline(const std::string& name) {
  settings::PipelineDefinition pipeline;
  pipeline.name = name;
  pipeline.table = "customer";
  pipeline.where = expression("active = 'S'");
  pipeline.map = {{"credit", {expression("credit")}, false}};
  pipeline.target.connection = "shop";
  pipeline.target.object = "customers";
  pipeline.target.match = {{"code", {expression("code")}, false}};
  return pipeline;
}

settings::TableDefinition small_table(const std::string& name) {
  settings::TableDefinition table;
  table.name = name;
  table.connection = "erp";
  table.request = {.from = name, .query = {}, .key = {"code"}, .exclude = {}};
  table.initial = settings::Initial::deliver;
  return table;
}

SmallJournal::SmallJournal(const settings::PipelineDefinition& pipeline) {
  char name[] = "/tmp/datapicker-planning-XXXXXX";
  folder = mkdtemp(name);
  journal_ = journal::Journal::open({.path = folder + "/journal.db"});
  journal_->write([&](journal::Records& records) {
    const auto table = records.tables.ensure("customer");
    layout_id_ = records.tables.put_layout(table.id, small_layout(), clock.wall_ms());
    row_ = records.pipelines.ensure("to_shop", table.id, 0);
  });
  settings::Diagnostics diagnostics;
  planning_ = pipeline::Planning::compile(pipeline, small_layout(), diagnostics);
  ENGINE_ASSERT(planning_ != nullptr);
}

SmallJournal::~SmallJournal() {
  planning_.reset();
  journal_.reset();
  std::filesystem::remove_all(folder);
}

model::Change SmallJournal::change(const std::string& code, std::optional<std::string> before, std::optional<std::string> after) {
  model::Change change;
  change.table_id = row_.table_id;
  change.layout_id = layout_id_;
  change.cycle_id = 1;
  change.key = "[\"" + code + "\"]";
  change.operation = !before ? model::Operation::insert : after ? model::Operation::update : model::Operation::delete_;
  change.before = std::move(before);
  change.after = std::move(after);
  change.changed_columns = "[]";
  change.captured_ms = clock.wall_ms();
  journal_->write([&](journal::Records& records) { change.seq = records.changes.append(change); });
  return change;
}

void SmallJournal::plan(const model::Change& change) {
  const std::vector<pipeline::PlannedChange> planned{planning_->map_change(row_, change, clock)};
  journal_->write([&](journal::Records& records) { pipeline::Planning::store(records, planned); });
}

void SmallJournal::sent(const std::string& code, const std::string& fields) {
  journal_->write([&](journal::Records& records) {
    records.deliveries.put_last_sent({.pipeline_id = row_.id,
                                      .key = "[\"" + code + "\"]",
                                      .connection = "shop",
                                      .object = "customers",
                                      .match = "{\"code\":\"" + code + "\"}",
                                      .fields = fields,
                                      .live = true,
                                      .mapping = "",
                                      .sent_ms = clock.wall_ms()});
  });
}

std::vector<journal::Delivery> SmallJournal::deliveries(const std::string& code) {
  auto reader = journal_->read();
  auto all = reader->deliveries.of_key(row_.id, "[\"" + code + "\"]", 100);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

}  // namespace test
