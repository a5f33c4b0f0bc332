#include "engine/operate/story.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/typed_key.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

constexpr std::size_t story_entries_max = 1'000;

json::object image_of(const std::optional<std::string>& image) {
  return image ? json::parse(*image).as_object() : json::object{};
}

journal::SourceTable table_named(journal::Records& records, const std::string& name) {
  if (const auto table = records.tables.find(name)) return *table;
  std::vector<std::string> names;
  for (const journal::SourceTable& table : records.tables.all()) names.push_back(table.name);
  const std::string near = settings::nearest(name, names);
  std::string known;
  for (const std::string& each : names) known += (known.empty() ? "" : ", ") + each;
  throw Error(ErrorCode::config_invalid, "the journal knows no table '" + name + "'", {},
              !near.empty() ? "did you mean '" + near + "'?" : "tables: " + (known.empty() ? "none yet" : known));
}

json::value optional_json(const std::optional<std::string>& text) { return text ? json::parse(*text) : json::value(nullptr); }

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object json_of(const journal::Attempt& attempt) {
  return {{"id", attempt.id},           {"step", attempt.step},
          {"number", attempt.number},   {"started_ms", attempt.started_ms},
          {"ended_ms", or_null(attempt.ended_ms)}, {"request", attempt.request},
          {"outcome", or_null(attempt.outcome)},   {"status", or_null(attempt.status)},
          {"reason", or_null(attempt.reason)},     {"answer", or_null(attempt.answer)}};
}

json::value json_of(const std::optional<TogetherStory>& together) {
  if (!together) return nullptr;
  return json::object{{"transaction", together->transaction}, {"state", together->begun ? "begun" : "waiting"}, {"held_by", or_null(together->held_by)}};
}

json::object json_of(const journal::Report& report) {
  return {{"status", report.status},       {"remote_id", report.remote_id}, {"recipient", report.recipient},
          {"reason", report.reason},       {"at_ms", report.at_ms},         {"received_ms", report.received_ms}};
}

json::object json_of(const journal::DeliveryDecision& decision) {
  return {{"decision", decision.decision}, {"actor", decision.actor}, {"reason", decision.reason}, {"at_ms", decision.at_ms}, {"anomaly", or_null(decision.anomaly_id)}};
}

json::value json_of(const std::optional<journal::Anomaly>& anomaly) {
  if (!anomaly) return nullptr;
  return json::object{{"id", anomaly->id},     {"kind", anomaly->kind},   {"state", journal::name_of(anomaly->state)}, {"text", anomaly->text},
                      {"numbers", json::parse(anomaly->numbers)}, {"opened_ms", anomaly->opened_ms}};
}

json::value json_of(const std::optional<journal::Rejection>& rejected) {
  if (!rejected) return nullptr;
  json::object object{{"anomaly", rejected->anomaly_id}, {"effect", rejected->present ? "present" : "absent"}, {"fields", json::parse(rejected->fields)}};
  if (rejected->match) object["match"] = json::parse(*rejected->match);
  return object;
}

PipelineStory pipeline_story(journal::Records& records, const journal::PipelineRow& pipeline, const std::string& key) {
  PipelineStory story;
  story.pipeline = pipeline.name;
  for (journal::Delivery& delivery : records.deliveries.of_key(pipeline.id, key, story_entries_max)) {
    story.deliveries.push_back(delivery_story(records, std::move(delivery)));
  }
  story.rejected = records.deliveries.rejections().of(pipeline.id, key);
  story.last_sent = records.deliveries.last_sent(pipeline.id, key);
  if (story.last_sent) {
    story.remote_id =
        records.deliveries.remote_id(story.last_sent->connection, story.last_sent->object, story.last_sent->match);
  }
  return story;
}

const model::Column* nested_table(const model::Layout& layout, std::string_view name) {
  const auto column = layout.find(name);
  return column && layout.columns[*column].is_table() ? &layout.columns[*column] : nullptr;
}

json::value value_in(const json::object& image, std::string_view column) {
  const json::value* value = image.if_contains(column);
  return value == nullptr ? json::value(nullptr) : *value;
}

void add_layout(journal::Records& records, const model::Change& change, DocumentLayouts& layouts, std::set<std::int64_t>& seen) {
  if (!seen.insert(change.layout_id).second) return;
  auto layout = records.tables.layout(change.layout_id);
  if (!layout) return;
  const bool is_document = std::any_of(layout->columns.begin(), layout->columns.end(), [](const model::Column& column) { return column.is_table(); });
  if (is_document) layouts.emplace(change.layout_id, *std::move(layout));
}

}  // namespace

std::optional<TogetherStory> together_story(journal::Records& records, const journal::Delivery& delivery) {
  const auto bundle = delivery.bundle_id ? records.bundles.find(*delivery.bundle_id) : std::nullopt;
  if (!bundle) return std::nullopt;
  TogetherStory story{.transaction = bundle->source_transaction, .begun = bundle->state == journal::BundleState::begun, .held_by = {}};
  if (story.begun) return story;
  if (const auto hold = records.bundles.hold(bundle->id)) {
    story.held_by = "delivery " + std::to_string(hold->member.id) + " (" + hold->member.key + ") " + hold->reason;
  }
  return story;
}

DeliveryStory delivery_story(journal::Records& records, journal::Delivery delivery) {
  DeliveryStory story;
  story.attempts = records.deliveries.attempts(delivery.id);
  story.reports = records.reports.of(delivery.id);
  story.together = together_story(records, delivery);
  story.drift = journal::Drift(delivery.drift);
  story.decisions = records.deliveries.decisions(delivery.id);
  std::optional<std::int64_t> anomaly = delivery.anomaly_id;
  story.delivery = std::move(delivery);
  for (const journal::DeliveryDecision& decision : story.decisions) {
    if (decision.anomaly_id) anomaly = decision.anomaly_id;
  }
  if (anomaly) story.anomaly = records.anomalies.find(*anomaly);
  return story;
}

DocumentLayouts document_layouts(journal::Records& records, std::span<const ListedChange> changes) {
  DocumentLayouts layouts;
  std::set<std::int64_t> seen;
  for (const ListedChange& listed : changes) add_layout(records, listed.change, layouts, seen);
  return layouts;
}

std::vector<ColumnChange> columns_of(const model::Change& change, const DocumentLayouts& layouts) {
  const auto layout = layouts.find(change.layout_id);
  const json::object before = image_of(change.before);
  const json::object after = image_of(change.after);
  std::vector<ColumnChange> columns;
  const auto side = [](const json::object& image, std::string_view column) {
    const json::value* value = image.if_contains(column);
    return value == nullptr ? std::string() : json::serialize(*value);
  };
  // Of a delete the columns are those of the row as it was.
  for (const auto& [name, value] : after.empty() ? before : after) {
    if (const model::Column* table = layout == layouts.end() ? nullptr : nested_table(layout->second, name)) {
      append_nested_changes(*table, value_in(before, name), value_in(after, name), columns);
      continue;
    }
    ColumnChange column{std::string(name), side(before, name), side(after, name)};
    const bool is_update = change.before && change.after;
    if (!is_update || column.before != column.after) columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<ListedChange> list_changes(journal::Records& records, const std::string& table,
                                       std::optional<std::int64_t> after_seq, std::size_t limit) {
  std::map<std::int64_t, std::string> names;
  for (const journal::SourceTable& each : records.tables.all()) names[each.id] = each.name;
  std::vector<model::Change> changes;
  if (table.empty()) {
    changes = records.changes.page(after_seq.value_or(0), limit, !after_seq);
  } else {
    const journal::SourceTable wanted = table_named(records, table);
    changes = after_seq ? records.changes.after(wanted.id, *after_seq, limit) : records.changes.newest(wanted.id, limit);
  }
  std::vector<ListedChange> listed;
  for (model::Change& change : changes) {
    std::string name = names[change.table_id];
    listed.push_back({std::move(change), std::move(name)});
  }
  return listed;
}

Story story_of(journal::Records& records, const std::string& table, std::span<const std::string> key_parts) {
  const journal::SourceTable row = table_named(records, table);
  Story story;
  story.table = table;
  const TypedKey key = typed_key(records, row.name, key_parts);
  story.key = key.json;
  story.changes = records.changes.of_key(row.id, story.key, story_entries_max);
  std::set<std::int64_t> seen;
  for (const model::Change& change : story.changes) {
    add_layout(records, change, story.layouts, seen);
    if (const auto delivery = records.echoes.delivery_of(change.seq)) story.echoes[change.seq] = *delivery;
  }
  if (auto image = records.images.find(row.id, key.encoded)) story.image = std::move(image->image);
  for (const journal::PipelineRow& pipeline : records.pipelines.all()) {
    if (pipeline.table_id == row.id) story.pipelines.push_back(pipeline_story(records, pipeline, story.key));
  }
  return story;
}

json::value json_of(const model::Change& change, const std::string& table) {
  return json::object{{"seq", change.seq},
                      {"table", table},
                      {"key", json::parse(change.key)},
                      {"operation", model::name_of(change.operation)},
                      {"cycle", change.cycle_id},
                      {"captured_ms", change.captured_ms},
                      {"changed", json::parse(change.changed_columns)},
                      {"before", optional_json(change.before)},
                      {"after", optional_json(change.after)},
                      {"source_transaction", or_null(change.source_transaction)},
                      {"source_user", or_null(change.source_user)},
                      {"source_ms", change.source_time_ms ? json::value(*change.source_time_ms) : json::value(nullptr)}};
}

json::value json_of(const DeliveryStory& story, const std::string& pipeline) {
  const journal::Delivery& delivery = story.delivery;
  json::array attempts;
  for (const journal::Attempt& attempt : story.attempts) attempts.push_back(json_of(attempt));
  json::array reports;
  for (const journal::Report& report : story.reports) reports.push_back(json_of(report));
  json::array decisions;
  for (const journal::DeliveryDecision& decision : story.decisions) decisions.push_back(json_of(decision));
  return json::object{{"id", delivery.id},
                      {"pipeline", pipeline},
                      {"key", json::parse(delivery.key)},
                      {"first_seq", delivery.first_seq},
                      {"last_seq", delivery.last_seq},
                      {"generation", delivery.generation},
                      {"connection", delivery.connection},
                      {"object", delivery.object},
                      {"match", json::parse(delivery.match)},
                      {"effect", delivery.present ? "present" : "absent"},
                      {"fields", optional_json(delivery.fields)},
                      {"comment", or_null(delivery.comment)},
                      {"state", journal::name_of(delivery.state)},
                      {"reason", delivery.reason},
                      {"operation", delivery.operation},
                      {"idempotency_key", or_null(delivery.idempotency_key)},
                      {"tries", delivery.tries},
                      {"not_before_ms", delivery.not_before_ms},
                      {"settle_by_ms", or_null(delivery.settle_by_ms)},
                      {"waits", optional_json(delivery.waits)},
                      {"drift", optional_json(delivery.drift)},
                      {"superseded_by", or_null(delivery.superseded_by)},
                      {"created_ms", delivery.created_ms},
                      {"updated_ms", delivery.updated_ms},
                      {"attempts", std::move(attempts)},
                      {"reports", std::move(reports)},
                      {"together", json_of(story.together)},
                      {"decisions", std::move(decisions)},
                      {"anomaly", json_of(story.anomaly)}};
}

json::value json_of(const Story& story) {
  json::array changes;
  for (const model::Change& change : story.changes) {
    json::object one = json_of(change, story.table).as_object();
    if (const auto echo = story.echoes.find(change.seq); echo != story.echoes.end()) one["echo_of"] = echo->second;
    changes.push_back(std::move(one));
  }
  json::array pipelines;
  for (const PipelineStory& pipeline : story.pipelines) {
    json::array deliveries;
    for (const DeliveryStory& delivery : pipeline.deliveries) deliveries.push_back(json_of(delivery, pipeline.pipeline));
    json::value sent = nullptr;
    if (pipeline.last_sent) {
      sent = json::object{{"match", json::parse(pipeline.last_sent->match)},
                          {"fields", optional_json(pipeline.last_sent->fields)},
                          {"live", pipeline.last_sent->live},
                          {"sent_ms", pipeline.last_sent->sent_ms}};
    }
    pipelines.push_back(json::object{{"pipeline", pipeline.pipeline},
                                     {"remote_id", or_null(pipeline.remote_id)},
                                     {"last_sent", std::move(sent)},
                                     {"rejected", json_of(pipeline.rejected)},
                                     {"deliveries", std::move(deliveries)}});
  }
  return json::object{{"table", story.table},
                      {"key", json::parse(story.key)},
                      {"image", optional_json(story.image)},
                      {"changes", std::move(changes)},
                      {"pipelines", std::move(pipelines)}};
}

}  // namespace engine::operate
