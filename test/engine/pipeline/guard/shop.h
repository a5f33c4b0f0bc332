// One table, one pipeline and a target in memory, in a time that a test lets pass: what guards of single records let leave, and when.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline/rehearsal.h"
#include "test/engine/pipeline/small_instance.h"
#include "test/support/fake_target.h"

namespace test {

/// Forwards to a target that outlives the process.
class BorrowedTarget final : public engine::model::Target {
 public:
  explicit BorrowedTarget(FakeTarget& target) : target_(target) {}
  const engine::model::ObjectTraits& traits(std::string_view object) const override { return target_.traits(object); }
  engine::model::PreparedCall prepare(std::span<const engine::model::Call> calls) const override { return target_.prepare(calls); }
  void send(const engine::model::PreparedCall& call, Answered answered) override { target_.send(call, std::move(answered)); }
  void stop() override {}

 private:
  FakeTarget& target_;
};

class Shop {
 public:
  explicit Shop(engine::settings::PipelineDefinition pipeline, bool upserts = true) : clock(StillClock().wall_ms()) {
    using engine::model::CallKind;
    for (const CallKind kind : upserts ? std::vector{CallKind::upsert} : std::vector{CallKind::create, CallKind::update}) {
      target.offers(kind, {.native_upsert = upserts});
    }
    target.offers(CallKind::delete_);
    instance.tables.emplace("customer", small_table("customer"));
    instance.pipelines.emplace(pipeline.name, std::move(pipeline));
    instance.targets["shop"].name = "shop";
    start();
  }

  /// A new process over the same journal, with whatever `instance` says by now.
  void start() {
    rehearsal_.reset();
    rehearsal_ = std::make_unique<engine::pipeline::Rehearsal>(
        instance, small_.journal(), clock, [this](const engine::settings::TargetConnection&) { return std::make_unique<BorrowedTarget>(target); });
    rehearsal_->settle();
  }
  /// The row has this credit now; empty: it is gone.
  void put(const std::string& code, const std::string& credit) {
    journal_change(code, credit);
    rehearsal_->settle();
  }
  void remove(const std::string& code) { put(code, ""); }
  /// Several states of one row, which one look finds.
  void put_all(const std::string& code, const std::vector<std::string>& credits) {
    for (const std::string& credit : credits) journal_change(code, credit);
    rehearsal_->settle();
  }
  /// Each timer runs out at its own time.
  void pass(std::int64_t ms) {
    while (ms > 0) {
      const std::int64_t by = std::min(ms, rehearsal_->next_in_ms());
      clock.pass(by);
      ms -= by;
      rehearsal_->settle();
    }
  }
  void settle() { rehearsal_->settle(); }

  /// What arrived of a record: credits, and "gone", in order.
  std::vector<std::string> arrived(const std::string& code) const {
    std::vector<std::string> all;
    for (const FakeTarget::Effect& effect : target.effects) {
      if (effect.match != "{\"code\":\"" + code + "\"}") continue;
      all.push_back(effect.kind == engine::model::CallKind::delete_ ? "gone" : credit_of(effect.fields));
    }
    return all;
  }
  std::vector<engine::journal::Delivery> deliveries(const std::string& code) { return small_.deliveries(code); }
  engine::journal::Delivery newest(const std::string& code) { return small_.deliveries(code).back(); }
  std::vector<engine::journal::Anomaly> anomalies() { return small_.journal().read()->anomalies.latest(100); }
  engine::journal::Journal& journal() { return small_.journal(); }

  engine::pipeline::StandingClock clock;
  FakeTarget target;
  engine::settings::Instance instance;

 private:
  static std::string credit_of(const engine::model::FieldMap& fields) {
    const std::string json = engine::model::fields_json(fields);
    const std::string before = R"({"credit":")";
    return json.substr(before.size(), json.size() - before.size() - 2);
  }
  void journal_change(const std::string& code, const std::string& credit) {
    const auto before = rows_.find(code);
    std::optional<std::string> was, is;
    if (before != rows_.end()) was = image(code, "S", before->second);
    if (!credit.empty()) is = image(code, "S", credit);
    engine::model::Change change{.table_id = 1, .layout_id = 1, .cycle_id = 1, .key = "[\"" + code + "\"]", .changed_columns = "[]"};
    change.operation = !was ? engine::model::Operation::insert : is ? engine::model::Operation::update : engine::model::Operation::delete_;
    change.before = std::move(was);
    change.after = std::move(is);
    change.captured_ms = clock.wall_ms();
    small_.journal().write([&](engine::journal::Records& records) { records.changes.append(change); });
    rows_[code] = credit;
    if (credit.empty()) rows_.erase(code);
  }

  SmallJournal small_;
  std::map<std::string, std::string> rows_;
  std::unique_ptr<engine::pipeline::Rehearsal> rehearsal_;
};

}  // namespace test
