#include "engine/operate/review/verify/verify.h"

#include <boost/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/review/verify/journal_side.h"
#include "engine/operate/review/verify/target_side.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

bool is_database(const settings::TargetConnection& connection) { return connection.target.name == "odbc"; }

/// Files and streams take what they are given, and nobody asks them.
bool can_be_asked(const settings::TargetConnection& connection) {
  return is_database(connection) || (connection.path.empty() && connection.stream.subject.empty());
}

VerifiedSide compare_target(journal::Records& records, const settings::Instance& instance, const settings::PipelineDefinition& definition,
                            const VerifyOptions& options) {
  const settings::TargetConnection& connection = instance.targets.at(definition.target.connection);
  const auto row = records.pipelines.find(definition.name);
  if (!row) return {.unable = "the pipeline has never run"};
  if (!can_be_asked(connection)) return {.unable = "what was written to " + connection.name + " cannot be asked for"};
  const auto planning = compiled_planning(records, instance, definition.name);
  WantedRecords wanted(records, *planning, *row);
  const TargetSide side{records, definition, connection, row->table_id, wanted, options};
  return is_database(connection) ? compare_listed(side) : compare_asked(side);
}

json::object json_of(const Mismatch& mismatch) {
  json::array values;
  for (const ValueMismatch& value : mismatch.values) {
    values.push_back(json::object{{"name", value.name}, {"wanted", value.wanted}, {"there", value.there}});
  }
  return {{"kind", name_of(mismatch.kind)}, {"key", json::parse(mismatch.key)}, {"values", std::move(values)}};
}

json::object json_of(const VerifiedSide& side) {
  json::array notes, samples;
  for (const std::string& note : side.notes) notes.emplace_back(note);
  for (const Mismatch& sample : side.samples) samples.push_back(json_of(sample));
  return {{"unable", side.unable},       {"notes", std::move(notes)}, {"looked_at", side.looked_at}, {"equal", side.equal},
          {"missing", side.missing},     {"different", side.different}, {"extra", side.extra},       {"extra_ours", side.extra_ours}, {"under_way", side.under_way},
          {"never_sent", side.never_sent}, {"failed", side.failed},   {"samples", std::move(samples)}};
}

}  // namespace

std::string_view name_of(MismatchKind kind) {
  switch (kind) {
    case MismatchKind::missing: return "missing";
    case MismatchKind::different: return "different";
    case MismatchKind::extra: break;
  }
  return "extra";
}

std::vector<std::string> Verification::keys(bool extra) const {
  std::set<std::string> keys(journal.keys.begin(), journal.keys.end());
  keys.insert(target.keys.begin(), target.keys.end());
  if (extra) keys.insert(target.extra_keys.begin(), target.extra_keys.end());
  return {keys.begin(), keys.end()};
}

Verification verify(const VerifyOptions& options) {
  const settings::Instance instance = load_valid_instance(options.instance, true);
  const settings::PipelineDefinition& definition = known_definition(instance.pipelines, "pipeline", options.pipeline);
  if (definition.deliver == settings::DeliverPolicy::every_change) {
    throw Error(ErrorCode::config_invalid, "pipeline " + definition.name + " sends messages: nothing stands at its target that could be compared", {},
                "`datapicker status` and `datapicker dead-letters list` say what became of them");
  }
  const settings::TableDefinition& table = instance.tables.at(definition.table);
  journal::ReadOnlyJournal journal(instance.journal_path);
  if (!known_layout(*journal, table.name)) {
    throw Error(ErrorCode::environment_missing, "the table '" + table.name + "' was never read, so there is nothing to compare", {}, "let the daemon read it first");
  }
  Verification result{.pipeline = definition.name, .table = table.name, .source = table.connection, .connection = definition.target.connection};
  if (options.source) result.journal = compare_source(*journal, instance, table, options);
  else result.journal.unable = "not asked for";
  if (options.target) result.target = compare_target(*journal, instance, definition, options);
  else result.target.unable = "not asked for";
  return result;
}

json::object json_of(const Verification& verification) {
  return {{"pipeline", verification.pipeline}, {"table", verification.table},   {"source", verification.source},
          {"connection", verification.connection}, {"differs", verification.differs()}, {"journal", json_of(verification.journal)},
          {"target", json_of(verification.target)}};
}

}  // namespace engine::operate
