#include "engine/operate/cases/case_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "engine/journal/delivery/waits.h"
#include "engine/operate/cases/case_conditions.h"
#include "engine/operate/cases/case_layout.h"
#include "engine/operate/cases/case_table.h"
#include "engine/pipeline/rehearsal.h"

namespace engine::operate {

namespace {

using Kind = settings::CaseStep::Kind;

/// In the end all waits pass, unless nothing was sent for so long.
constexpr std::int64_t silence_ms_max = 2 * 3'600'000;
constexpr std::size_t requests_max = 10'000;
constexpr std::size_t changes_max = 1'000'000;
constexpr std::size_t deliveries_of_key_max = 1'000;
constexpr std::size_t anomalies_max = 1'000;

[[noreturn]] void refuse(const settings::Origin& origin, const std::string& message, std::string hint = {}) {
  throw Error(ErrorCode::config_invalid, message, {{"file", origin.text()}}, std::move(hint));
}

/// The instance as far as one pipeline needs it: its table, the tables the case names, its target.
settings::Instance part_of(const settings::Instance& whole, const settings::CaseDefinition& definition) {
  settings::Instance part;
  part.name = whole.name;
  part.folder = whole.folder;
  const auto pipeline = whole.pipelines.find(definition.pipeline);
  if (pipeline == whole.pipelines.end()) {
    std::vector<std::string> names;
    for (const auto& [name, known] : whole.pipelines) names.push_back(name);
    refuse(definition.origin, fmt::format("there is no pipeline '{}'", definition.pipeline), settings::did_you_mean(definition.pipeline, names));
  }
  part.pipelines.emplace(*pipeline);
  const auto add = [&](const std::string& table, const settings::Origin& origin) {
    const auto found = whole.tables.find(table);
    if (found == whole.tables.end()) refuse(origin, fmt::format("there is no table '{}'", table));
    // A case has neither a clock of a database nor its indexes: each capture reads all rows.
    part.tables.emplace(*found).first->second.capture.mode = "diff";
    part.sources.insert(*whole.sources.find(found->second.connection));
  };
  add(pipeline->second.table, definition.origin);
  for (const settings::CaseRows& rows : definition.given) add(rows.table, rows.origin);
  for (const settings::CaseStep& step : definition.steps) {
    for (const settings::CaseRows& rows : step.rows) add(rows.table, rows.origin);
    for (const std::string& table : step.tables) add(table, step.origin);
  }
  const std::string& connection = pipeline->second.target.connection;
  part.targets.emplace(connection, whole.targets.at(connection));
  return part;
}

/// One case, with a clock, a target and sources of its own. Everything between them is the engine as it runs for real.
class Run {
 public:
  Run(const settings::CaseDefinition& definition, const settings::Instance& whole, const KnownLayouts& known,
      const std::filesystem::path& folder)
      : definition_(definition), instance_(part_of(whole, definition)), clock_(definition.begins_ms), remote_(target(folder)) {
    const settings::PipelineDefinition& pipeline = instance_.pipelines.begin()->second;
    for (const auto& [name, table] : instance_.tables) {
      const auto layout = known.find(name);
      const std::optional<model::Layout> last = layout == known.end() ? std::nullopt : std::optional(layout->second);
      tables_.try_emplace(name, table, instance_.sources.at(table.connection).char_padding,
                          case_layout(definition, table, pipeline, last));
    }
    conditions_.emplace(pipeline, tables_.at(pipeline.table).layout(), instance_.sources.at(instance_.tables.at(pipeline.table).connection).char_padding);
    journal_ = journal::Journal::open({.path = folder / "journal.db"});
    start();
  }

  CaseOutcome run() {
    const bool begins_with_snapshot = !definition_.steps.empty() && definition_.steps.front().kind == Kind::snapshot;
    if (!begins_with_snapshot) capture({});
    for (const settings::CaseRows& rows : definition_.given) {
      for (const settings::CaseRow& row : rows.rows) tables_.at(rows.table).insert(row);
    }
    for (const settings::CaseStep& step : definition_.steps) take(step);
    pass_all();
    if (rehearsal_->awaits_answers()) {
      refuse(definition_.steps.back().origin, "a request of the case was never answered", "add a step 'restart' behind it");
    }
    return outcome();
  }

 private:
  /// The connection as the case needs it: nothing is sent outside, and lines go into the case's own folder.
  const settings::TargetConnection& target(const std::filesystem::path& folder) {
    settings::TargetConnection& connection = instance_.targets.begin()->second;
    connection.dry_run = false;  // nothing leaves a case anyway
    if (!connection.path.empty()) connection.path = folder / "lines.jsonl";
    return connection;
  }

  /// A process begins anew over the same journal and the same other side.
  void start() {
    rehearsal_.reset();
    const auto make_target = [this](const settings::TargetConnection&) { return remote_.make_target(); };
    const auto reply = [this](const model::Question& question) { return conditions_->reply(question); };
    rehearsal_ = std::make_unique<pipeline::Rehearsal>(instance_, *journal_, clock_, make_target, reply);
    settle();
  }

  void settle() {
    rehearsal_->settle();
    if (remote_.requests().size() > requests_max) refuse(definition_.origin, "the case sends without end");
  }

  void capture(const std::vector<std::string>& names) {
    for (auto& [name, table] : tables_) {
      if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) rehearsal_->capture(name, table);
    }
    settle();
  }

  void edit(const settings::CaseStep& step) {
    for (const settings::CaseRows& rows : step.rows) {
      CaseTable& table = tables_.at(rows.table);
      for (const settings::CaseRow& row : rows.rows) {
        if (step.kind == Kind::insert) table.insert(row);
        if (step.kind == Kind::update) table.update(row);
        if (step.kind == Kind::delete_) table.erase(row);
      }
    }
  }

  void take(const settings::CaseStep& step) {
    switch (step.kind) {
      case Kind::snapshot:
      case Kind::capture: return capture(step.tables);
      case Kind::insert:
      case Kind::update:
      case Kind::delete_: return edit(step);
      case Kind::truncate:
        for (auto& [name, table] : tables_) {
          const bool is_meant = step.tables.empty() || std::find(step.tables.begin(), step.tables.end(), name) != step.tables.end();
          if (is_meant) table.truncate();
        }
        return;
      case Kind::answers: return remote_.will_answer(step);
      case Kind::conditions: return say(step);
      case Kind::wait: return step.wait_ms ? pass(*step.wait_ms) : pass_all();
      case Kind::restart: return start();
      case Kind::release:
      case Kind::reject: return decide(step);
    }
  }

  void say(const settings::CaseStep& step) {
    conditions_->say(step);
    heard_ms_ = clock_.steady_ms() + conditions_->heard_after_ms();
  }

  /// As a person would by `anomalies release` and `reject`.
  void decide(const settings::CaseStep& step) {
    std::size_t decided = 0;
    journal_->write([&](journal::Records& records) {
      const journal::AnomalyDecision decision{"case", "a step of the case", clock_.wall_ms()};
      for (const journal::Anomaly& anomaly : records.anomalies.all_open()) {
        if (!step.anomaly.empty() && anomaly.kind != step.anomaly) continue;
        step.kind == Kind::release ? records.anomalies.release(anomaly.id, false, decision) : records.anomalies.reject(anomaly.id, decision);
        ++decided;
      }
    });
    if (decided == 0) refuse(step.origin, "no open anomaly" + (step.anomaly.empty() ? "" : " of the kind '" + step.anomaly + "'") + " waits for a decision");
    rehearsal_->look_again();
    settle();
  }

  /// Step by step, so that each timer runs out at its own time.
  void pass(std::int64_t ms) {
    while (ms > 0) {
      const std::int64_t by = std::min(ms, rehearsal_->next_in_ms());
      clock_.pass(by);
      ms -= by;
      settle();
    }
  }

  void pass_all() {
    std::size_t sent = remote_.requests().size();
    std::int64_t silent_ms = 0;
    while (has_open() && !rehearsal_->awaits_answers() && silent_ms < silence_ms_max) {
      const std::int64_t by = rehearsal_->next_in_ms();
      pass(by);
      silent_ms = remote_.requests().size() == sent ? silent_ms + by : 0;
      sent = remote_.requests().size();
    }
  }

  /// What is held waits for a person, and what a condition keeps back, for what the case says of it: no time ends that, once it was asked again.
  bool has_open() {
    const bool is_heard = clock_.steady_ms() > heard_ms_;
    for (const journal::Delivery& delivery : outcome().deliveries) {
      const bool is_kept_back = delivery.state == journal::DeliveryState::pending && delivery.reason.starts_with(journal::kept_back_reason);
      const bool waits = delivery.state == journal::DeliveryState::held || (is_kept_back && is_heard);
      if (journal::is_open(delivery.state) && !waits) return true;
    }
    return false;
  }

  /// Read from the journal, as everybody else would.
  CaseOutcome outcome() {
    CaseOutcome outcome{.requests = remote_.requests(), .unused_answers = remote_.unused_answers()};
    auto reader = journal_->read();
    std::set<std::string> keys;
    const auto pipeline = reader->pipelines.find(definition_.pipeline);
    for (const model::Change& change : reader->changes.page(0, changes_max, false)) {
      ++outcome.changes[std::string(name_of(change.operation))];
      if (change.table_id == pipeline->table_id) keys.insert(change.key);
    }
    for (const std::string& key : keys) {
      for (journal::Delivery& delivery : reader->deliveries.of_key(pipeline->id, key, deliveries_of_key_max)) {
        outcome.deliveries.push_back(std::move(delivery));
      }
      if (auto sent = reader->deliveries.last_sent(pipeline->id, key)) outcome.last_sent.push_back(std::move(*sent));
    }
    for (journal::Anomaly& anomaly : reader->anomalies.latest(anomalies_max)) {
      outcome.anomalies.push_back({anomaly, reader->anomalies.count_held(anomaly.id)});
    }
    std::sort(outcome.deliveries.begin(), outcome.deliveries.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return outcome;
  }

  const settings::CaseDefinition& definition_;
  settings::Instance instance_;
  pipeline::StandingClock clock_;
  Remote remote_;
  std::map<std::string, CaseTable> tables_;
  std::optional<CaseConditions> conditions_;
  std::int64_t heard_ms_ = 0;  ///< steady: when the last that the case said of them was heard
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<pipeline::Rehearsal> rehearsal_;
};

}  // namespace

CaseOutcome run_case(const settings::CaseDefinition& definition, const settings::Instance& instance, const KnownLayouts& known,
                     const std::filesystem::path& folder) {
  return Run(definition, instance, known, folder).run();
}

}  // namespace engine::operate
