// A pipeline under guard whose cycles a test writes itself.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/pipeline/planning/planner.h"
#include "engine/pipeline/rehearsal.h"
#include "test/engine/pipeline/small_instance.h"

namespace test {

inline engine::settings::PipelineDefinition guarded(engine::settings::MassChange limits) {
  engine::settings::PipelineDefinition pipeline = small_pipeline("to_shop");
  pipeline.mass_change = limits;
  return pipeline;
}

inline std::string code_of(int number) { return "C" + std::to_string(1'000 + number); }
inline std::string key_of(int number) { return "[\"" + code_of(number) + "\"]"; }

/// A target with records, cycles that are journaled as a capture would, and a planner turned by hand.
class Guarded {
 public:
  explicit Guarded(int live, engine::settings::MassChange limits = {}, const std::string& mode = "diff", const std::string& match = "code",
                   std::int64_t begin_ms = StillClock().wall_ms())
      : clock_(begin_ms) {
    instance_.tables.emplace("customer", small_table("customer")).first->second.capture.mode = mode;
    auto& pipeline = instance_.pipelines.emplace("to_shop", guarded(limits)).first->second;
    pipeline.target.match = {{"code", {expression(match)}, false}};
    small_.journal().write([&](engine::journal::Records& records) {
      for (int i = 0; i < live; ++i) {
        records.deliveries.put_last_sent({.pipeline_id = 1, .key = key_of(i), .connection = "shop", .object = "customers",
                                          .match = "{\"code\":\"" + code_of(i) + "\"}", .fields = R"({"credit":"1.00"})", .live = true});
      }
    });
    start();
  }

  engine::settings::PipelineDefinition& pipeline() { return instance_.pipelines.at("to_shop"); }
  /// As edited: `deliver: together`, and a new process.
  void deliver_together(std::size_t together_max = 100) {
    pipeline().deliver = engine::settings::DeliverPolicy::together;
    pipeline().together_max = together_max;
    start();
  }
  /// What changes from here on comes of it.
  void transaction(const std::string& name) { transaction_ = name; }
  /// A new process over the same journal.
  void start() {
    planner_.reset();
    planner_ = std::make_unique<engine::pipeline::Planner>(small_.journal(), instance_, clock_, [](std::exception_ptr) { FAIL("journal failed"); });
    planner_->register_pipelines();
  }
  void open_cycle() {
    small_.journal().write([&](engine::journal::Records& records) { cycle_ = records.cycles.start(1, "diff", clock_.wall_ms()); });
  }
  void close_cycle() {
    journal_changes();
    small_.journal().write([&](engine::journal::Records& records) { records.cycles.close(cycle_, clock_.wall_ms()); });
  }
  void remove(int from, int to) {
    for (int i = from; i < to; ++i) change(i, image(i, "1.00"), {});
  }
  void credit(int from, int to, const std::string& credit, const std::string& before = "1.00") {
    for (int i = from; i < to; ++i) change(i, image(i, before), image(i, credit));
  }
  void insert(int from, int to, const std::string& credit) {
    for (int i = from; i < to; ++i) change(i, {}, image(i, credit));
  }
  /// Rows get other keys: each an update under the new one, and then the deletes of all the old ones.
  void move(int from, int to, int by) {
    for (int i = from; i < to; ++i) change(i + by, image(i, "1.00"), image(i + by, "1.00"), R"(["code"])");
    for (int i = from; i < to; ++i) change(i, image(i, "1.00"), {}, R"(["code"])");
  }
  void pass(std::int64_t ms) { clock_.pass(ms); }
  std::int64_t now_ms() const { return clock_.wall_ms(); }
  std::int64_t next_in_ms() const { return planner_->next_in_ms(); }
  template <class Body>
  void cycle(const Body& body) {
    open_cycle();
    body();
    close_cycle();
    follow();
  }
  void follow() {
    journal_changes();
    while (planner_->follow_once()) continue;
  }
  bool follow_once() { return planner_->follow_once(); }

  int count(engine::journal::DeliveryState state) {
    int number = 0;
    for (const auto& [each, count] : small_.journal().read()->deliveries.counts(1)) number += each == state ? static_cast<int>(count) : 0;
    return number;
  }
  std::vector<engine::journal::Delivery> of(int number) { return small_.journal().read()->deliveries.of_key(1, key_of(number), 100); }
  std::vector<engine::journal::Anomaly> anomalies() { return small_.journal().read()->anomalies.latest(100); }
  template <class Work>
  void write(const Work& work) {
    small_.journal().write(work);
  }

 private:
  static std::string image(int number, const std::string& credit) { return test::image(code_of(number), "S", credit); }
  void change(int number, std::optional<std::string> before, std::optional<std::string> after, const std::string& changed = "[]") {
    engine::model::Change change{.table_id = 1, .layout_id = 1, .cycle_id = cycle_, .key = key_of(number), .changed_columns = changed};
    change.source_transaction = transaction_;
    change.operation = !before ? engine::model::Operation::insert : after ? engine::model::Operation::update : engine::model::Operation::delete_;
    change.before = std::move(before);
    change.after = std::move(after);
    change.captured_ms = clock_.wall_ms();
    changes_.push_back(std::move(change));
  }
  void journal_changes() {
    small_.journal().write([&](engine::journal::Records& records) {
      for (const engine::model::Change& each : changes_) records.changes.append(each);
      if (!changes_.empty()) records.cycles.add(cycle_, 0, 0, static_cast<std::int64_t>(changes_.size()), 0);
    });
    changes_.clear();
  }

  SmallJournal small_;
  engine::pipeline::StandingClock clock_;
  engine::settings::Instance instance_;
  std::unique_ptr<engine::pipeline::Planner> planner_;
  std::int64_t cycle_ = 0;
  std::optional<std::string> transaction_;
  std::vector<engine::model::Change> changes_;  ///< found and not journaled yet
};

}  // namespace test
