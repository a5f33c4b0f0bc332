// What the planner does when the columns of a pipeline's table change.
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/pipeline/planning/planner.h"
#include "engine/pipeline/planning/columns/retyped.h"

namespace engine::pipeline {

// Also without a change, so that a pipeline that its table's columns hold says so at once. It is compiled for the columns that the table has
// now: changes made with others are brought up to date.
bool Planner::compile_if_needed(Follower& follower) {
  std::optional<model::Layout> layout;
  {
    auto reader = journal_.read();
    const auto table = reader->tables.find(follower.definition.table);
    if (!table || !table->layout_id) return false;
    if (follower.layout_id == *table->layout_id) return follower.planning != nullptr;
    follower.layout_id = *table->layout_id;
    layout = reader->tables.layout(follower.layout_id);
  }
  std::string problem = compile(follower, *layout);
  if (!problem.empty()) {
    follower.planning.reset();
    log_event(LogLevel::error, "pipeline.mapping_invalid", {{"pipeline", follower.row.name}, {"problem", problem}});
  } else if (!follower.problem.empty()) {
    log_event(LogLevel::info, "pipeline.maps_again", {{"pipeline", follower.row.name}});
  }
  set_problem(follower, std::move(problem));
  if (follower.planning) begin_backfill(follower, *layout);
  return follower.planning != nullptr;
}

void Planner::begin_backfill(Follower& follower, const model::Layout& layout) {
  follower.backfill = ColumnBackfill::owed(*journal_.read(), follower.row, *follower.planning, layout);
  if (!follower.backfill) return records_have_columns(follower);
  const std::string records = std::to_string(follower.backfill->records());
  log_event(LogLevel::warning, "pipeline.columns_came",
            {{"pipeline", follower.row.name}, {"columns", follower.backfill->columns()}, {"records", records}});
  set_note(follower, "came: " + follower.backfill->columns() + "; " + records + " records get it when all rows of the table were read");
}

// Beside the changes, page by page as they are. True when there may be more.
bool Planner::plan_backfill_of(Follower& follower) {
  if (!follower.backfill) return false;
  std::optional<model::Layout> layout;
  {
    auto reader = journal_.read();
    if (reader->tables.find(follower.definition.table)->renewing) return false;
    layout = reader->tables.layout(follower.layout_id);
  }
  bool more = false;
  ColumnBackfill backfill = *follower.backfill;
  try {
    journal_.write([&](journal::Records& records) {
      backfill = *follower.backfill;
      more = backfill.plan_page(records, *follower.planning, follower.row, *layout, clock_);
    });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::journal_full) throw;
    return false;
  }
  set_note(follower, more ? "came: " + backfill.columns() + "; " + std::to_string(backfill.looked_at()) + " records looked at" : std::string());
  follower.backfill = backfill;
  if (more) return true;
  log_event(LogLevel::info, "pipeline.columns_filled",
            {{"pipeline", follower.row.name}, {"columns", backfill.columns()}, {"records", std::to_string(backfill.looked_at())},
             {"sent", std::to_string(backfill.sent())}});
  follower.backfill.reset();
  records_have_columns(follower);
  return false;
}

// Also of a pipeline that has mapped nothing yet, so that a column that changes its type before it does holds it, too.
void Planner::records_have_columns(Follower& follower) {
  journal::PipelineRow& row = follower.row;
  if (row.layout_id == follower.layout_id && !row.mapping.empty()) return;
  try {
    journal_.write([&](journal::Records& records) {
      records.pipelines.set_layout(row.id, follower.layout_id);
      if (row.mapping.empty()) records.pipelines.set_mapping(row.id, follower.planning->fingerprint());
    });
  } catch (const Error& error) {
    // Asked again when it starts: a backfill that was done finds all equal.
    if (error.code() != ErrorCode::journal_full) throw;
    return;
  }
  row.layout_id = follower.layout_id;
  if (row.mapping.empty()) row.mapping = follower.planning->fingerprint();
}

/// Returns why it can't be mapped; empty: it can.
std::string Planner::compile(Follower& follower, const model::Layout& layout) {
  settings::Diagnostics diagnostics;
  follower.planning = Planning::compile(follower.definition, layout, diagnostics);
  if (follower.planning) return retyped_under(*journal_.read(), follower.row, *follower.planning, layout);
  std::string problem;
  for (const settings::Diagnostic& diagnostic : diagnostics.all()) {
    problem += (problem.empty() ? "" : "; ") + diagnostic.origin.text() + ": " + diagnostic.message;
  }
  return problem;
}

// Changes that were made before the table's columns changed: the page ends before one whose row was not read with them yet; returned are
// those that another change of their row stands for.
std::set<std::int64_t> Planner::renew(Follower& follower, std::vector<model::Change>& changes) {
  std::set<std::int64_t> passed_over;
  std::optional<journal::Journal::Lease> reader;
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    if (change->layout_id == follower.layout_id) continue;
    if (!reader) reader.emplace(journal_.read());
    const Planning::Renewal renewal = follower.planning->renew(**reader, *change);
    if (renewal == Planning::Renewal::moved) passed_over.insert(change->seq);
    if (renewal != Planning::Renewal::wait) continue;
    changes.erase(change, changes.end());
    break;
  }
  return passed_over;
}

}  // namespace engine::pipeline
