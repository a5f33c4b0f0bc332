#include "engine/operate/inspect/assess/watch_plan.h"

#include <boost/json.hpp>
#include <system_error>

#include <fstream>

#include "engine/base/error.h"
#include "engine/base/whole_file.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

constexpr const char* file_name = "watch.json";

json::array json_of(const std::vector<Stretch>& stretches) {
  json::array all;
  for (const Stretch& each : stretches) all.push_back(json::array{each.begin_ms, each.end_ms});
  return all;
}

std::vector<Stretch> stretches_from(const json::value& value) {
  std::vector<Stretch> all;
  for (const json::value& each : value.as_array()) all.push_back({each.at(0).as_int64(), each.at(1).as_int64()});
  return all;
}

json::array json_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

std::vector<std::string> texts_from(const json::value& value) {
  std::vector<std::string> all;
  for (const json::value& each : value.as_array()) all.emplace_back(each.as_string());
  return all;
}

std::string text_of(const json::value& value, std::string_view name) { return std::string(value.as_object().at(name).as_string()); }
std::int64_t number_of(const json::value& value, std::string_view name) { return value.as_object().at(name).as_int64(); }

json::object json_of(const CaptureProposal& proposal) {
  return {{"mode", proposal.mode},           {"every_ms", proposal.every_ms},           {"column", proposal.column},
          {"overlap_ms", proposal.overlap_ms}, {"full_every_ms", proposal.full_every_ms}, {"diff_every_ms", proposal.diff_every_ms},
          {"cycle_ms", proposal.cycle_ms},   {"reasons", json_of(proposal.reasons)},    {"alternatives", json_of(proposal.alternatives)}};
}

CaptureProposal proposal_from(const json::value& value) {
  CaptureProposal proposal{.mode = text_of(value, "mode"), .every_ms = number_of(value, "every_ms"), .column = text_of(value, "column")};
  proposal.overlap_ms = number_of(value, "overlap_ms");
  proposal.full_every_ms = number_of(value, "full_every_ms");
  proposal.diff_every_ms = number_of(value, "diff_every_ms");
  proposal.cycle_ms = value.at("cycle_ms").to_number<double>();
  proposal.reasons = texts_from(value.at("reasons"));
  proposal.alternatives = texts_from(value.at("alternatives"));
  return proposal;
}

json::object json_of(const WatchedTable& table) {
  return {{"name", table.name},
          {"from", table.from},
          {"query", table.query},
          {"key", json_of(table.key)},
          {"exclude", json_of(table.exclude)},
          {"every_ms", table.every_ms},
          {"full_every_ms", table.full_every_ms},
          {"user_column", table.user_column},
          {"proposal", json_of(table.proposal)},
          {"stretches", json_of(table.stretches)},
          {"cycles", table.cycles},
          {"busy_ms", table.busy_ms}};
}

WatchedTable table_from(const json::value& value) {
  WatchedTable table{.name = text_of(value, "name"), .from = text_of(value, "from"), .query = text_of(value, "query")};
  table.key = texts_from(value.at("key"));
  table.exclude = texts_from(value.at("exclude"));
  table.every_ms = number_of(value, "every_ms");
  table.full_every_ms = number_of(value, "full_every_ms");
  table.user_column = text_of(value, "user_column");
  table.proposal = proposal_from(value.at("proposal"));
  table.stretches = stretches_from(value.at("stretches"));
  table.cycles = number_of(value, "cycles");
  table.busy_ms = number_of(value, "busy_ms");
  return table;
}

WatchPlan plan_from(const json::value& value) {
  WatchPlan plan{.connection = text_of(value, "connection"), .server = text_of(value, "server")};
  for (const json::value& each : value.at("tables").as_array()) plan.tables.push_back(table_from(each));
  for (const json::value& each : value.at("not_watched").as_array()) plan.not_watched.push_back({text_of(each, "from"), text_of(each, "reason")});
  plan.stretches = stretches_from(value.at("stretches"));
  return plan;
}

}  // namespace

std::int64_t WatchPlan::watched_ms() const {
  std::int64_t sum = 0;
  for (const Stretch& each : stretches) sum += each.end_ms - each.begin_ms;
  return sum;
}

std::optional<WatchPlan> read_plan(const std::filesystem::path& folder) {
  std::ifstream file(folder / file_name);
  if (!file) return std::nullopt;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  try {
    return plan_from(json::parse(text));
  } catch (const std::exception& problem) {
    throw Error(ErrorCode::journal_failed, std::string("it cannot be read: ") + problem.what(), {{"file", (folder / file_name).string()}},
                "give another folder with --out to begin anew");
  }
}

void write_plan(const std::filesystem::path& folder, const WatchPlan& plan) {
  json::array tables, not_watched;
  for (const WatchedTable& table : plan.tables) tables.push_back(json_of(table));
  for (const NotWatched& each : plan.not_watched) not_watched.push_back(json::object{{"from", each.from}, {"reason", each.reason}});
  const json::object whole{{"connection", plan.connection}, {"server", plan.server}, {"tables", tables}, {"not_watched", not_watched},
                           {"stretches", json_of(plan.stretches)}};
  replace_file(folder / file_name, json::serialize(whole));
}

settings::TableDefinition definition_of(const WatchedTable& table, const std::string& connection) {
  settings::TableDefinition definition{.name = table.name, .connection = connection};
  definition.request = {.from = table.from, .query = table.query, .key = table.key, .exclude = table.exclude};
  definition.capture.every_ms = table.every_ms;
  definition.capture.full_every_ms = table.full_every_ms;
  return definition;
}

}  // namespace engine::operate
