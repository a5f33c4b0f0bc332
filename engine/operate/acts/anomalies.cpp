#include "engine/operate/acts/anomalies.h"

#include <algorithm>
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/journal/delivery/drift.h"
#include "engine/model/fields.h"
#include "engine/operate/acts/request.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

using journal::Delivery;

constexpr std::size_t page_held = 500;
constexpr std::int64_t looked_at_max = 20'000;
constexpr std::size_t samples_max = 5;
constexpr std::size_t fields_of_sample_max = 12;

std::string name_of_pipeline(journal::Records& records, std::int64_t id) {
  for (const journal::PipelineRow& row : records.pipelines.all()) {
    if (row.id == id) return row.name;
  }
  return {};
}

ListedAnomaly listed(journal::Records& records, journal::Anomaly anomaly) {
  ListedAnomaly each{.anomaly = std::move(anomaly)};
  each.pipeline = name_of_pipeline(records, each.anomaly.pipeline_id);
  each.held = records.anomalies.count_held(each.anomaly.id);
  each.snoozed_until_ms = records.anomalies.snoozed_until(each.anomaly.id);
  return each;
}

/// As it stands in JSON, digits kept.
std::string value_text(const model::FieldMap& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : model::value_json(found->second);
}

std::string value_text(const std::optional<model::FieldValue>& value) { return value ? model::value_json(*value) : std::string(); }

/// Also fields that the row did not change, where the whole record would be sent.
void add_drift(const Delivery& delivery, RecordSample& sample) {
  const journal::Drift drift(delivery.drift);
  for (const auto& drifted : drift.fields()) {
    auto field = std::find_if(sample.fields.begin(), sample.fields.end(), [&](const FieldSample& each) { return each.field == drifted.first; });
    if (field == sample.fields.end()) field = sample.fields.insert(field, {drifted.first, value_text(drifted.second.sent), value_text(drifted.second.wanted)});
    field->there = value_text(drifted.second.there);
  }
}

/// What one held delivery would do, were it let go now.
RecordSample effect_of(journal::Records& records, const Delivery& delivery) {
  const auto sent = records.deliveries.last_sent(delivery.pipeline_id, delivery.key);
  RecordSample sample{.key = delivery.key};
  if (records.deliveries.is_as_sent(delivery, sent)) {
    sample.effect = "nothing";
    return sample;
  }
  const bool live = sent && sent->live;
  const model::FieldMap before = model::fields_from_json(live && sent->fields ? *sent->fields : "{}");
  const model::FieldMap after = model::fields_from_json(delivery.present ? delivery.fields.value_or("{}") : "{}");
  sample.effect = !delivery.present ? "delete" : live ? "update" : "create";
  for (const auto& [field, value] : delivery.present ? model::differing_fields(after, before) : before) {
    sample.fields.push_back({field, value_text(before, field), value_text(after, field)});
  }
  add_drift(delivery, sample);
  return sample;
}

void add(AnomalyStory& story, RecordSample sample) {
  ++story.looked_at;
  const bool is_new_effect = ++story.effects[sample.effect] == 1;
  if (sample.effect == "update") {
    for (const FieldSample& field : sample.fields) ++story.fields[field.field];
  }
  if (sample.effect == "nothing" || (story.samples.size() >= samples_max && !is_new_effect)) return;
  if (sample.fields.size() > fields_of_sample_max) sample.fields.resize(fields_of_sample_max);
  story.samples.push_back(std::move(sample));
}

json::object counts_json(const std::map<std::string, std::int64_t>& counts) {
  json::object object;
  for (const auto& [name, number] : counts) object[name] = number;
  return object;
}

}  // namespace

std::vector<ListedAnomaly> list_anomalies(journal::Records& records, const std::string& pipeline, bool closed, std::size_t limit) {
  if (!pipeline.empty() && !records.pipelines.find(pipeline)) {
    std::vector<std::string> names;
    for (const journal::PipelineRow& row : records.pipelines.all()) names.push_back(row.name);
    refuse_unknown("pipeline", pipeline, names);
  }
  std::vector<ListedAnomaly> all;
  for (journal::Anomaly& anomaly : closed ? records.anomalies.latest(limit) : records.anomalies.all_open()) {
    ListedAnomaly each = listed(records, std::move(anomaly));
    if (pipeline.empty() || each.pipeline == pipeline) all.push_back(std::move(each));
  }
  return all;
}

AnomalyStory anomaly_story(journal::Records& records, std::int64_t id) {
  auto anomaly = records.anomalies.find(id);
  if (!anomaly) {
    throw Error(ErrorCode::config_invalid, "there is no anomaly " + std::to_string(id), {}, "`datapicker anomalies list` shows them");
  }
  AnomalyStory story{.listed = listed(records, std::move(*anomaly))};
  for (std::int64_t after = 0; story.looked_at < looked_at_max;) {
    const std::vector<Delivery> page = records.anomalies.held(id, after, page_held);
    if (page.empty()) break;
    for (const Delivery& delivery : page) add(story, effect_of(records, delivery));
    after = page.back().id;
    story.target = page.back().connection + " " + page.back().object;
  }
  return story;
}

json::object json_of(const ListedAnomaly& each) {
  const journal::Anomaly& anomaly = each.anomaly;
  json::object object{{"id", anomaly.id},           {"kind", anomaly.kind},
                      {"pipeline", each.pipeline},  {"cycle_id", anomaly.cycle_id},
                      {"state", name_of(anomaly.state)}, {"held", each.held},
                      {"text", anomaly.text},       {"numbers", json::parse(anomaly.numbers)},
                      {"opened_ms", anomaly.opened_ms}, {"updated_ms", anomaly.updated_ms},
                      {"closed_ms", nullptr},       {"actor", anomaly.actor},
                      {"reason", anomaly.reason},
                      {"snoozed_until_ms", nullptr}};
  if (each.snoozed_until_ms > 0) object["snoozed_until_ms"] = each.snoozed_until_ms;
  if (anomaly.closed_ms) object["closed_ms"] = *anomaly.closed_ms;
  return object;
}

json::object json_of(const AnomalyStory& story) {
  json::object object = json_of(story.listed);
  object["target"] = story.target;
  object["looked_at"] = story.looked_at;
  object["effects"] = counts_json(story.effects);
  object["fields"] = counts_json(story.fields);
  json::array samples;
  for (const RecordSample& sample : story.samples) {
    json::array fields;
    for (const FieldSample& field : sample.fields) {
      json::object one{{"field", field.field}, {"before", field.before}, {"after", field.after}};
      if (field.there) one["there"] = *field.there;
      fields.push_back(std::move(one));
    }
    samples.push_back(json::object{{"key", sample.key}, {"effect", sample.effect}, {"fields", std::move(fields)}});
  }
  object["samples"] = std::move(samples);
  return object;
}

}  // namespace engine::operate
