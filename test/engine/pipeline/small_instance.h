// A journal with one table and one pipeline, for tests of what stands between capture and delivery.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"
#include "engine/settings/instance.h"

namespace test {

class StillClock final : public engine::Clock {
 public:
  std::int64_t wall_ms() const override { return 1'800'000'000'000; }
  std::int64_t steady_ms() const override { return 1'000; }
};

/// {"code":…,"active":…,"credit":…}
std::string image(const std::string& code, const std::string& active, const std::string& credit);

/// Columns code (key), active, credit.
engine::model::Layout small_layout();
/// `where: active = 'S'`, `credit: credit`, matched by code.
engine::settings::PipelineDefinition small_pipeline(const std::string& name);
engine::settings::TableDefinition small_table(const std::string& name);
engine::settings::Expression expression(const std::string& sql);

class SmallJournal {
 public:
  explicit SmallJournal(const engine::settings::PipelineDefinition& pipeline = small_pipeline("to_shop"));
  ~SmallJournal();

  engine::journal::Journal& journal() { return *journal_; }
  engine::pipeline::Planning& planning() { return *planning_; }
  /// Journals one change of the key.
  engine::model::Change change(const std::string& code, std::optional<std::string> before, std::optional<std::string> after);
  void plan(const engine::model::Change& change);
  /// As if a delivery had brought these fields to the target.
  void sent(const std::string& code, const std::string& fields);
  /// All of a key, in order of planning.
  std::vector<engine::journal::Delivery> deliveries(const std::string& code);

  StillClock clock;
  std::string folder;

 private:
  std::unique_ptr<engine::journal::Journal> journal_;
  std::unique_ptr<engine::pipeline::Planning> planning_;
  engine::journal::PipelineRow row_;
  std::int64_t layout_id_ = 0;
};

}  // namespace test
