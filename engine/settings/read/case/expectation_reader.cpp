#include "engine/settings/read/case/expectation_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/map_reader.h"

namespace engine::settings {

namespace {

/// Keys of `then:` that list deliveries of one state.
constexpr std::pair<const char*, const char*> listed_states[] = {
    {"dead_letters", "dead"}, {"skipped", "skipped"}, {"uncertain", "uncertain"}, {"superseded", "superseded"},
    {"expired", "expired"},   {"pending", "pending"}, {"held", "held"},           {"suppressed", "suppressed"}};

const std::vector<std::string> states{"pending",    "held",    "in_flight", "uncertain", "delivered", "skipped", "superseded",
                                      "suppressed", "dropped", "expired",   "rejected",  "dead",      "healed"};
const std::vector<std::string> operations{"insert", "update", "delete", "snapshot"};

ExpectedRequest read_request(const YamlNode& value, Diagnostics& diagnostics) {
  ExpectedRequest request{.origin = value.origin()};
  MapReader reader(value, expected_request_block(), "the request", diagnostics);
  request.method = reader.required_text("method");
  request.path = reader.required_text("path");
  if (const YamlNode* headers = reader.take("headers")) {
    for (const YamlEntry& entry : headers->entries()) request.headers.emplace_back(entry.key, entry.value);
  }
  if (const YamlNode* body = reader.take_any("body")) request.body = *body;
  request.exact = reader.boolean("exact", false);
  reader.finish();
  return request;
}

std::optional<std::vector<ExpectedRequest>> read_requests(MapReader& reader, const char* key) {
  const YamlNode* value = reader.take(key);
  if (value == nullptr) return std::nullopt;
  std::vector<ExpectedRequest> requests;
  if (!value->is_sequence()) refuse_kind(*value, reader.named(key), "a list of requests", reader.diagnostics());
  for (const YamlNode& item : value->items()) requests.push_back(read_request(item, reader.diagnostics()));
  return requests;
}

/// A state that is not named is expected to have none, so a misspelt name must not pass for a zero.
std::optional<std::map<std::string, ExpectedCount>> read_counts(MapReader& reader, const char* key,
                                                                const Block& block, const std::vector<std::string>& names) {
  const YamlNode* value = reader.take(key);
  if (value == nullptr) return std::nullopt;
  std::map<std::string, ExpectedCount> counts;
  MapReader counted(*value, block, reader.named(key), reader.diagnostics());
  for (const std::string& name : names) {
    if (!counted.has(name)) continue;
    counts[name] = {value->find(name)->origin(), counted.integer(name, 0, 0, 1'000'000'000)};
  }
  for (const YamlEntry& entry : value->entries()) {
    if (counts.contains(entry.key)) continue;
    reader.diagnostics().error("value.unknown", entry.origin, fmt::format("{} knows no '{}'", reader.named(key), entry.key),
                               did_you_mean(entry.key, names, "it may have " + listed(names, "and")));
  }
  return counts;
}

std::optional<YamlNode> read_key(MapReader& reader) {
  const YamlNode* key = reader.take("key");
  if (key == nullptr) return std::nullopt;
  if (key->is_map()) refuse_kind(*key, reader.named("key"), "a value, or a list of them", reader.diagnostics());
  return *key;
}

std::vector<ExpectedDelivery> read_deliveries(const YamlNode& list, const std::string& named, Diagnostics& diagnostics) {
  std::vector<ExpectedDelivery> deliveries;
  if (!list.is_sequence()) refuse_kind(list, named, "a list", diagnostics);
  for (const YamlNode& item : list.items()) {
    ExpectedDelivery delivery{.origin = item.origin()};
    if (item.is_scalar()) {
      delivery.key = item;
    } else {
      MapReader reader(item, expected_delivery_block(), "an item of " + named, diagnostics);
      delivery.key = read_key(reader);
      delivery.reason = reader.text("reason");
      reader.finish();
    }
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

std::optional<std::vector<ExpectedLastSent>> read_last_sent(MapReader& reader) {
  const YamlNode* value = reader.take("last_sent");
  if (value == nullptr) return std::nullopt;
  std::vector<ExpectedLastSent> all;
  if (!value->is_sequence()) refuse_kind(*value, reader.named("last_sent"), "a list", reader.diagnostics());
  for (const YamlNode& item : value->items()) {
    MapReader one(item, expected_last_sent_block(), "an item of last_sent", reader.diagnostics());
    ExpectedLastSent sent{.origin = item.origin()};
    sent.key = read_key(one);
    if (one.has("live")) sent.live = one.boolean("live", true);
    if (const YamlNode* fields = one.take("fields")) sent.fields = *fields;
    sent.exact = one.boolean("exact", false);
    one.finish();
    all.push_back(std::move(sent));
  }
  return all;
}

/// A misspelt state would be one that nothing ever has.
void check_state(const MapReader& reader, const ExpectedAnomaly& anomaly, Diagnostics& diagnostics) {
  static const std::vector<std::string> known{"open", "released", "rejected", "healed"};
  if (anomaly.state.empty() || std::find(known.begin(), known.end(), anomaly.state) != known.end()) return;
  diagnostics.error("value.unknown", anomaly.origin, fmt::format("{} is no state: '{}'", reader.named("state"), anomaly.state),
                    did_you_mean(anomaly.state, known, "it may be " + listed(known, "or")));
}

std::optional<std::vector<ExpectedAnomaly>> read_anomalies(MapReader& reader) {
  const YamlNode* value = reader.take("anomalies");
  if (value == nullptr) return std::nullopt;
  std::vector<ExpectedAnomaly> all;
  if (!value->is_sequence()) refuse_kind(*value, reader.named("anomalies"), "a list", reader.diagnostics());
  for (const YamlNode& item : value->items()) {
    MapReader one(item, expected_anomaly_block(), "an item of anomalies", reader.diagnostics());
    ExpectedAnomaly anomaly{.origin = item.origin(), .kind = one.text("kind"), .state = one.text("state"), .text = one.text("text")};
    if (one.has("held")) anomaly.held = one.integer("held", 0, 0, 1'000'000'000);
    check_state(one, anomaly, reader.diagnostics());
    one.finish();
    all.push_back(std::move(anomaly));
  }
  return all;
}

}  // namespace

CaseExpectation read_case_expectation(const YamlNode& value, Diagnostics& diagnostics) {
  CaseExpectation then{.origin = value.origin()};
  MapReader reader(value, expectation_block(), "'then' of the case", diagnostics);
  then.requests = read_requests(reader, "requests");
  then.reads = read_requests(reader, "reads");
  then.in_order = reader.boolean("in_order", false);
  then.deliveries = read_counts(reader, "deliveries", counted_states_block(), states);
  then.changes = read_counts(reader, "changes", counted_changes_block(), operations);
  for (const auto& [key, state] : listed_states) {
    const YamlNode* list = reader.take(key);
    if (list != nullptr) then.in_state[state] = read_deliveries(*list, reader.named(key), diagnostics);
  }
  then.last_sent = read_last_sent(reader);
  then.anomalies = read_anomalies(reader);
  if (value.is_map() && value.entries().empty()) {
    diagnostics.error("value.missing", value.origin(), "'then' expects nothing", "add 'requests:' or 'deliveries:'");
  }
  reader.finish();
  return then;
}

}  // namespace engine::settings
