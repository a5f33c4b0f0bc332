#include <boost/json.hpp>

#include "engine/operate/inspect/assess/report.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

json::array array_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

json::object json_of(const Counts& counts) { return {{"insert", counts.inserts}, {"update", counts.updates}, {"delete", counts.deletes}}; }

json::array json_of(const CountsByTime& counts) {
  json::array all;
  for (const auto& [at, each] : counts) {
    json::object one = json_of(each);
    one.emplace("at_ms", at);
    all.push_back(std::move(one));
  }
  return all;
}

json::object json_of(const CaptureProposal& capture) {
  return {{"mode", capture.mode},
          {"every_ms", capture.every_ms},
          {"column", capture.column},
          {"overlap_ms", capture.overlap_ms},
          {"full_every_ms", capture.full_every_ms},
          {"reasons", array_of(capture.reasons)},
          {"alternatives", array_of(capture.alternatives)}};
}

json::object json_of(const AssessedTable& table) {
  json::array columns, users, repeats;
  for (const AssessedColumn& each : table.columns) columns.push_back(json::object{{"name", each.name}, {"changed", each.changed}, {"alone", each.alone}});
  for (const AssessedUser& each : table.users) users.push_back(json::object{{"name", each.name}, {"changes", each.changes}});
  for (const auto& [within_ms, count] : table.repeats) repeats.push_back(json::object{{"within_ms", within_ms}, {"updates", count}});
  const json::object limits{{"insert", table.limits.inserts}, {"update", table.limits.updates}, {"delete", table.limits.deletes}};
  return {{"name", table.name},
          {"from", table.from},
          {"key", array_of(table.key)},
          {"watched_since_ms", table.watched_since_ms},
          {"judged_by_rhythm_since_ms", table.rhythm_since_ms},
          {"problem", table.problem},
          {"rows", table.rows},
          {"bytes", table.bytes},
          {"changes", json_of(table.counts)},
          {"changes_while_not_watched", json_of(table.between)},
          {"over_time", json_of(table.by_time)},
          {"columns", columns},
          {"user_column", table.user_column},
          {"users", users},
          {"copied_rows", table.copied_rows},
          {"needed_rows", table.needed_rows},
          {"copy_delay_ms", table.copy_delay_ms},
          {"repeats", repeats},
          {"settle_ms", table.settle_ms},
          {"cycles", table.cycles},
          {"busy_ms", table.busy_ms},
          {"capture", json_of(table.capture)},
          {"limits", limits},
          {"yaml", table.yaml}};
}

json::object json_of(const Burst& burst) {
  return {{"table", burst.table},         {"begin_ms", burst.begin_ms}, {"end_ms", burst.end_ms},
          {"changes", json_of(burst.counts)}, {"share", burst.share},       {"columns", array_of(burst.columns)}};
}

json::object json_of(const WouldHold& hold) {
  return {{"table", hold.table}, {"at_ms", hold.at_ms}, {"changes", json_of(hold.counts)}, {"text", hold.text}, {"by_default", hold.by_default}};
}

template <typename Part>
json::array all_of(const std::vector<Part>& parts) {
  json::array all;
  for (const Part& each : parts) all.push_back(json_of(each));
  return all;
}

}  // namespace

std::string json_of(const Assessment& assessment) {
  const AssessmentSums sums = sums_of(assessment);
  json::array not_watched;
  for (const NotWatched& each : assessment.not_watched) not_watched.push_back(json::object{{"from", each.from}, {"reason", each.reason}});
  return json::serialize(json::object{{"connection", assessment.connection},
                                      {"server", assessment.server},
                                      {"dialect", assessment.dialect},
                                      {"begin_ms", assessment.begin_ms},
                                      {"end_ms", assessment.end_ms},
                                      {"watched_ms", assessment.watched_ms},
                                      {"wanted_ms", assessment.wanted_ms},
                                      {"complete", assessment.is_complete()},
                                      {"slot_ms", assessment.slot_ms},
                                      {"rows", sums.rows},
                                      {"changes", json_of(sums.counts)},
                                      {"copied_rows", sums.copied_rows},
                                      {"needed_rows", sums.needed_rows},
                                      {"copy_for_nothing", sums.for_nothing()},
                                      {"copy_delay_ms", sums.copy_delay_ms},
                                      {"busy_ms", sums.busy_ms},
                                      {"tables", all_of(assessment.tables)},
                                      {"not_watched", not_watched},
                                      {"bursts", all_of(assessment.bursts)},
                                      {"holds", all_of(assessment.holds)}});
}

}  // namespace engine::operate
