// What is declared (schema/keys.h) is what readers read: each declared key is put into a document that fits it, with values
// that no key takes, that every key of its kind takes, and that stand for its absence.
#include <doctest/doctest.h>

#include <functional>

#include "engine/settings/read/alerts_reader.h"
#include "engine/settings/read/case/case_definition.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/dialect_reader.h"
#include "engine/settings/read/instance_file_reader.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"
#include "engine/settings/read/table/table_reader.h"
#include "engine/settings/schema/keys.h"
#include "engine/settings/target/target_definition_reader.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;

namespace {

using Read = std::function<void(const YamlNode&, Diagnostics&)>;

void read_instance(const YamlNode& root, Diagnostics& diagnostics) {
  Instance instance;
  read_variables(root, diagnostics);
  read_instance_file(root, instance, diagnostics);
  if (const YamlNode* alerts = root.find("alerts")) read_alerts(*alerts, "/nowhere", SecretLookup("/nowhere", false), diagnostics);
}

void read_source(const YamlNode& root, Diagnostics& diagnostics) {
  read_source_connection(root, SecretLookup("/nowhere", false), diagnostics);
}

void read_csv(const YamlNode& root, Diagnostics& diagnostics) { read_csv_connection(root, "/nowhere", diagnostics); }

void read_target(const YamlNode& root, Diagnostics& diagnostics) {
  const std::filesystem::path folder = "/nowhere";
  const SecretLookup secrets(folder, false);
  TargetCatalogue catalogue(folder, test_settings::catalogues().targets);
  read_target_connection(root, {folder, secrets, catalogue, false}, diagnostics);
}

void read_a_table(const YamlNode& root, Diagnostics& diagnostics) { read_table(root, 5'000, diagnostics); }
void read_a_pipeline(const YamlNode& root, Diagnostics& diagnostics) { read_pipeline(root, "p", diagnostics); }
void read_definition(const YamlNode& root, Diagnostics& diagnostics) { read_target_definition(root, diagnostics); }
void read_a_case(const YamlNode& root, Diagnostics& diagnostics) { read_case(root, "p", diagnostics); }
void read_a_dialect(const YamlNode& root, Diagnostics& diagnostics) { read_dialect(root, diagnostics); }

void read_environment(const YamlNode& root, Diagnostics& diagnostics) {
  test_settings::InstanceFolder folder;
  std::string text;
  for (const std::string& line : root.source().lines) text += line + "\n";
  folder.write("env/t.yaml", text);
  Diagnostics all;
  load_instance(InstancePlace(folder.path(), "t"), test_settings::catalogues(), {}, all);
  for (const Diagnostic& each : all.all()) {
    if (each.origin.file == "env/t.yaml") diagnostics.error(each.code, each.origin, each.message);
  }
}

/// Where a block stands in a document: `before`, its own entries, `after`.
struct Place {
  const Block& block;
  Read read;
  std::string before;
  std::vector<std::pair<std::string, std::string>> entries;
  std::string after = "}";
};

std::vector<Place> places_of_cases_guards_and_sources() {
  return {
      {case_block(), read_a_case, "{", {{"case", "c"}}},
      {case_answer_block(), read_a_case, "{case: c, when: [{answers: [{", {}, "}]}]}"},
      {expectation_block(), read_a_case, "{case: c, when: [], then: {", {}, "}}"},
      {expected_request_block(), read_a_case, "{case: c, when: [], then: {requests: [{", {}, "}]}}"},
      {expected_delivery_block(), read_a_case, "{case: c, when: [], then: {skipped: [{", {}, "}]}}"},
      {expected_last_sent_block(), read_a_case, "{case: c, when: [], then: {last_sent: [{", {}, "}]}}"},
      {counted_states_block(), read_a_case, "{case: c, when: [], then: {deliveries: {", {}, "}}}"},
      {counted_changes_block(), read_a_case, "{case: c, when: [], then: {changes: {", {}, "}}}"},
      {csv_block(), read_csv, "{", {{"connection", "c"}, {"csv", "f"}}},
      {source_block(), read_source, "{", {{"connection", "c"}, {"odbc", "D"}}},
      {trap_block(), read_a_dialect, "{dialect: d, traps: [{", {}, "}]}"},
      {probe_block(), read_a_dialect, "{dialect: d, probes: [{", {}, "}]}"},
      {dialect_checksum_block(), read_a_dialect, "{dialect: d, checksum: {", {}, "}}"},
      {dialect_writing_block(), read_a_dialect, "{dialect: d, write: {", {}, "}}"},
      {dialect_change_log_block(), read_a_dialect, "{dialect: d, change_log: {", {}, "}}"},
      {dialect_history_block(), read_a_dialect, "{dialect: d, histories: {h: {", {{"mark", "m"}, {"changes", "c"}}, "}}}"},
      {dialect_journal_block(), read_a_dialect, "{dialect: d, journal: {",
       {{"file", "f"}, {"receivers", "r"}, {"entries", "e"}, {"commits", "c"}, {"rows", "r"}, {"all_rows", "a"}}, "}}"},
      {dialect_block(), read_a_dialect, "{", {{"dialect", "d"}}},
      {guard_block(), read_a_pipeline, "{pipeline: p, table: t, map: {a: b}, guard: {", {}, "}}"},
      {mass_change_block(), read_a_pipeline, "{pipeline: p, table: t, map: {a: b}, guard: {mass_change: {", {}, "}}}"},
      {rhythm_block(), read_a_pipeline, "{pipeline: p, table: t, map: {a: b}, guard: {mass_change: {rhythm: {", {}, "}}}}"},
      {rule_block(), read_a_pipeline, "{pipeline: p, table: t, map: {a: b}, guard: {rules: [{", {{"name", "n"}, {"check", "c"}}, "}]}}"}};
}

std::vector<Place> places_of_tables() {
  const std::string capture = "{table: t, connection: c, from: f, key: [k], capture: {";
  return {
      {table_block(), read_a_table, "{", {{"table", "t"}, {"connection", "c"}, {"from", "f"}, {"key", "[k]"}}},
      {document_part_block(), read_a_table, "{table: t, connection: c, document: {root: {from: f, key: [k]}, n: {", {{"from", "f"}, {"key", "[k]"}, {"parent", "{a: k}"}}, "}}}"},
      {capture_block(), read_a_table, capture, {}, "}}"},
      {capture_block(), read_a_table, capture, {{"mode", "watermark"}, {"column", "[c]"}}, "}}"},
      {capture_block(), read_a_table, capture, {{"mode", "tail"}, {"by", "slot"}, {"log", "l"}}, "}}"}};
}

std::vector<Place> places() {
  const std::string pipeline = "{pipeline: p, table: t, map: {a: b}, ";
  const std::string written = pipeline + "target: {connection: c, object: o, match: {a: b}, ";
  const std::string web = "{connection: c, target: web, url: 'http://x', ";
  const std::string object = "{target: t, objects: {o: {";
  const std::string upsert = "upsert: {method: PUT, path: /x}, ";
  const std::vector<std::pair<std::string, std::string>> request{{"method", "PUT"}, {"path", "/x"}};
  return {
      {instance_block(), read_instance, "{", {{"instance", "i"}}},
      {journal_block(), read_instance, "{instance: i, journal: {", {}, "}}"},
      {retention_block(), read_instance, "{instance: i, journal: {retention: {", {}, "}}}"},
      {defaults_block(), read_instance, "{instance: i, defaults: {", {}, "}}"},
      {default_capture_block(), read_instance, "{instance: i, defaults: {capture: {", {}, "}}}"},
      {alert_block(), read_instance, "{instance: i, alerts: [{", {}, "}]}"},
      {mail_block(), read_instance, "{instance: i, alerts: [{mail: {", {}, "}}]}"},
      {webhook_block(), read_instance, "{instance: i, alerts: [{webhook: {", {}, "}}]}"},
      {listen_block(), read_instance, "{instance: i, listen: {", {}, "}}"},
      {environment_block(), read_environment, "{", {}},
      {target_connection_block(), read_target, "{", {{"connection", "c"}, {"target", "web"}, {"url", "'http://x'"}}},
      {target_connection_block(), read_target, "{", {{"connection", "c"}, {"target", "file"}}},
      {target_connection_block(), read_target, "{", {{"connection", "c"}, {"target", "odbc"}, {"odbc", "D"}}},
      {target_connection_block(), read_target, "{", {{"connection", "c"}, {"target", "nats"}, {"servers", "h"}}},
      {target_connection_block(), read_target, "{", {{"connection", "c"}, {"target", "kafka"}, {"servers", "h"}}},
      {written_table_block(), read_target, "{connection: c, target: odbc, odbc: D, tables: {t: {", {}, "}}}"},
      {auth_block(), read_target, web + "auth: {", {{"header", "X"}, {"value", "y"}}, "}}"},
      {auth_block(), read_target, web + "auth: {", {{"user", "u"}, {"password", "p"}}, "}}"},
      {auth_block(), read_target, web + "auth: {", {{"query", "X"}, {"value", "y"}}, "}}"},
      {oauth2_block(), read_target, web + "auth: {oauth2: {", {}, "}}}"},
      {tls_block(), read_target, web + "tls: {", {}, "}}"},
      {sign_block(), read_target, web + "sign: {", {}, "}}"},
      {webhook_rule_block(), read_target, web + "webhook: {", {}, "}}"},
      {limits_block(), read_target, web + "limits: {", {}, "}}"},
      {budget_block(), read_definition, "{target: t, objects: {}, limits: {budgets: {b: {", {}, "}}}}"},
      {usage_block(), read_definition, "{target: t, objects: {}, limits: {learn: [{", {}, "}]}}"},
      {answer_value_block(), read_definition, "{target: t, objects: {}, limits: {learn: [{remaining: {", {}, "}}]}}"},
      {object_block(), read_target, web + "requests: {", {}, "}}"},
      {batches_block(), read_target, web + "batch: {", {}, "}}"},
      {pipeline_block(), read_a_pipeline, "{", {{"pipeline", "p"}, {"table", "t"}, {"valid_for", "1h"}, {"map", "{a: b}"}}},
      {pipeline_block(), read_a_pipeline, "{", {{"pipeline", "p"}, {"table", "t"}, {"deliver", "together"}, {"map", "{a: b}"}}},
      {enumeration_block(), read_a_pipeline, pipeline + "values: {v: {", {}, "}}}"},
      {target_use_block(), read_a_pipeline, pipeline + "target: {", {}, "}}"},
      {on_delete_block(), read_a_pipeline, written + "on_delete: {", {}, "}}}"},
      {comment_block(), read_a_pipeline, written + "comment: {", {}, "}}}"},
      {target_definition_block(), read_definition, "{", {{"target", "t"}}},
      {auth_definition_block(), read_definition, "{target: t, objects: {}, auth: {", {}, "}}"},
      {oauth2_definition_block(), read_definition, "{target: t, objects: {}, auth: {oauth2: {", {}, "}}}"},
      {derive_block(), read_definition, "{target: t, objects: {}, auth: {derive: {a: {", {}, "}}}}"},
      {login_block(), read_definition, "{target: t, objects: {}, auth: {login: [{", {{"request", "{method: PUT, path: /x}"}}, "}]}}"},
      {auth_send_block(), read_definition, "{target: t, objects: {}, auth: {send: {", {}, "}}}"},
      {call_block(), read_definition, object + "upsert: {", request, "}}}}"},
      {call_block(), read_definition, object + upsert + "comment: {", request, "}}}}"},
      {marker_block(), read_definition, object + "comment: {method: PUT, path: /x, marker: {", {}, "}}}}}"},
      {request_block(), read_definition, object + "upsert: {request: {", request, "}}}}}"},
      {window_block(), read_definition, object + "window: {", {}, "}}}}"},
      {find_block(), read_definition, object + "find: {", request, "}}}}"},
      {pages_block(), read_definition, object + "find: {method: PUT, path: /x, id: /id, pages: {", {}, "}}}}}"},
      {field_block(), read_definition, object + "fields: {f: {", {{"type", "date"}}, "}}}}}"},
      {read_back_block(), read_definition, object + "read_back: {", request, "}}}}"},
      {batch_block(), read_definition, object + "batch: {upsert: {", request, "}}}}}"},
      {at_most_block(), read_definition, object + "batch: {upsert: {method: PUT, path: /x, at_most: {", {}, "}}}}}}"},
      {job_block(), read_definition, object + "upsert: {method: PUT, path: /x, job: {", {{"id", "/id"}, {"request", "{method: GET, path: /x}"}, {"done", "{at: /a}"}}, "}}}}}"},
      {accounting_block(), read_definition, object + "batch: {upsert: {method: PUT, path: /x, accounted_by: {", {}, "}}}}}}"},
      {answer_block(), read_definition, "{target: t, objects: {}, answers: [{", {}, "}]}"},
      {header_condition_block(), read_definition, "{target: t, objects: {}, answers: [{header: {", {}, "}}]}"},
      {json_condition_block(), read_definition, "{target: t, objects: {}, answers: [{json: {", {{"at", "/a"}}, "}}]}"},
      {after_block(), read_definition, "{target: t, objects: {}, answers: [{after: {", {}, "}}]}"}};
}

std::vector<Place> all_places() {
  std::vector<Place> all = places();
  for (Place& place : places_of_tables()) all.push_back(std::move(place));
  for (Place& place : places_of_cases_guards_and_sources()) all.push_back(std::move(place));
  return all;
}

/// The codes of what is said of `key: value`, which stands on the second line.
std::set<std::string> said_of(const Place& place, const Key& key, const std::string& value) {
  std::string text = place.before;
  for (const auto& [name, written] : place.entries) {
    if (name != key.name) text += name + ": " + written + ", ";
  }
  text += std::string("\n ") + key.name + ": " + value + "\n" + place.after;
  Diagnostics diagnostics;
  const auto root = parse_yaml(text, "f.yaml", diagnostics);
  CAPTURE(text);
  REQUIRE(root);
  place.read(*root, diagnostics);
  std::set<std::string> codes;
  for (const Diagnostic& each : diagnostics.all()) {
    if (each.origin.line == 2) codes.insert(each.code);
  }
  return codes;
}

/// `use` and `for_each` are gone before a definition is read.
bool is_laid_before(const Key& key) { return std::string_view(key.name) == "use" || std::string_view(key.name) == "for_each"; }

void for_each_key(const std::function<bool(const Place&, const Key&)>& holds) {
  std::map<std::pair<const Block*, std::string>, bool> result;
  for (const Place& place : all_places()) {
    for (const Key& key : place.block.keys) {
      if (!is_laid_before(key)) result[{&place.block, key.name}] = result[{&place.block, key.name}] || holds(place, key);
    }
  }
  for (const auto& [key, held] : result) {
    CAPTURE(std::string(key.first->name));
    CAPTURE(key.second);
    CHECK(held);
  }
}

}  // namespace

TEST_CASE("every declared key is read: one that takes no nonsense says so, and none is unknown") {
  for_each_key([](const Place& place, const Key& key) {
    const auto codes = said_of(place, key, "[[x]]");
    if (key.later) return codes == std::set<std::string>{"feature.not_yet"};
    return !codes.contains("key.unknown") && (key.type == KeyType::anything || !codes.empty());
  });
}

TEST_CASE("what is declared to hold without a key may be written, and so may every word that is declared") {
  for_each_key([](const Place& place, const Key& key) {
    bool fits = *key.fallback == '\0' || said_of(place, key, std::string("'") + key.fallback + "'").empty() ||
                said_of(place, key, key.fallback).empty();
    for (const char* choice : key.choices) {
      const auto codes = said_of(place, key, choice);
      fits = fits && (codes.empty() || codes == std::set<std::string>{"feature.not_yet"});
    }
    return fits;
  });
}
