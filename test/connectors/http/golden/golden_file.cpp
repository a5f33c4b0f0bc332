#include "test/connectors/http/golden/golden_file.h"

#include <doctest/doctest.h>

#include <set>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "test/connectors/http/golden/golden_yaml.h"

namespace test_http {

using namespace engine::model;
using namespace engine::settings;
using connectors::http::RawAnswer;

namespace {

constexpr const char* connection_file = "connection.yaml";

const YamlNode& required(const YamlNode& map, std::string_view key) {
  const YamlNode* value = map.find(key);
  REQUIRE_MESSAGE(value != nullptr, map.origin().text() << ": '" << key << "' is missing");
  return *value;
}

ExpectedRequest expected_request(const YamlNode& node, const std::map<std::string, std::optional<std::string>>& always) {
  demand_keys(node, {"method", "path", "url", "query", "headers", "body", "form"});
  ExpectedRequest request;
  request.method = text_at(node, "method");
  request.url = text_at(node, "url", text_at(node, "path"));
  if (node.find("query") != nullptr) request.query = texts_at(node, "query");
  request.headers = always;
  if (const YamlNode* headers = node.find("headers")) {
    for (const YamlEntry& entry : headers->entries()) {
      request.headers[entry.key] = entry.value.is_null() ? std::nullopt : std::optional(entry.value.text());
    }
  }
  request.form = texts_at(node, "form");
  if (!request.form.empty()) request.body_kind = ExpectedRequest::Body::form;
  if (const YamlNode* body = node.find("body")) {
    const bool is_text = body->is_scalar() && !body->is_null();
    request.body_kind = is_text ? ExpectedRequest::Body::text : ExpectedRequest::Body::json;
    request.body = is_text ? body->text() : json_of(*body);
  }
  return request;
}

RawAnswer recorded_answer(const YamlNode& node) {
  RawAnswer answer;
  answer.request_begun = true;
  answer.duration_ms = 5;
  if (text_at(node, "lost") == "true") {
    answer.failure = "the connection was closed";
    return answer;
  }
  answer.status = std::stoi(text_at(node, "status", "200"));
  for (const auto& [name, value] : texts_at(node, "headers")) answer.headers.emplace_back(name, value);
  if (const YamlNode* body = node.find("body")) answer.body = body->is_scalar() ? body->text() : json_of(*body);
  return answer;
}

ExpectedOutcome expected_outcome(const YamlNode& node) {
  ExpectedOutcome expected;
  if (node.is_scalar()) {
    expected.outcome = node.text();
    return expected;
  }
  demand_keys(node, {"outcome", "remote_id", "after", "refused", "found", "fields", "reason"});
  expected.outcome = text_at(node, "outcome");
  expected.remote_id = text_at(node, "remote_id");
  if (node.find("after") != nullptr) expected.after_ms = duration_ms_of(text_at(node, "after"));
  expected.refused = list_at(node, "refused");
  expected.found = list_at(node, "found");
  expected.fields = fields_at(node, "fields");
  expected.reason = text_at(node, "reason");
  return expected;
}

std::vector<ExpectedOutcome> expected_outcomes(const YamlNode* node) {
  std::vector<ExpectedOutcome> outcomes;
  if (node == nullptr) return outcomes;
  if (!node->is_sequence()) return {expected_outcome(*node)};
  for (const YamlNode& item : node->items()) outcomes.push_back(expected_outcome(item));
  return outcomes;
}

/// A record of a batch says what it has of its own; the rest is the case's.
Call call_of(const YamlNode& shared, const YamlNode& own, const std::string& key) {
  const auto from = [&](const char* name) -> const YamlNode& { return own.find(name) != nullptr ? own : shared; };
  Call call;
  const auto kind = call_kind_of(text_at(shared, "call"));
  REQUIRE_MESSAGE(kind.has_value(), shared.origin().text() << ": there is no call '" << text_at(shared, "call") << "'");
  call.kind = *kind;
  call.object = text_at(shared, "object");
  call.match = fields_at(from("match"), "match");
  call.fields = fields_at(from("fields"), "fields");
  call.changed_fields = from("changed").find("changed") != nullptr ? fields_at(from("changed"), "changed") : call.fields;
  if (from("remote_id").find("remote_id") != nullptr) call.remote_id = text_at(from("remote_id"), "remote_id");
  call.idempotency_key = text_at(from("key"), "key", key);
  call.window_open = text_at(from("window"), "window") == "open";
  call.comment = text_at(from("comment"), "comment");
  call.marker = text_at(from("marker"), "marker");
  call.association = text_at(from("association"), "association");
  call.to = text_at(from("to"), "to");
  return call;
}

class FileReader {
 public:
  FileReader(const std::filesystem::path& path, std::vector<GoldenRun>& runs)
      : root_(yaml_file(path.string())), folder_(path.parent_path()), runs_(runs) {
    demand_keys(root_, {"connection", "headers", "enters", "cases"});
    for (const auto& [name, value] : texts_at(root_, "headers")) always_[name] = value;
    read_connection(folder_ / text_at(root_, "connection", connection_file));
  }

  void read() {
    for (const YamlNode& node : required(root_, "cases").items()) read_case(node);
  }

 private:
  void read_connection(const std::filesystem::path& path) {
    Diagnostics diagnostics;
    const SecretLookup secrets(folder_, true);
    TargetCatalogue catalogue(folder_, std::string(SOURCE_DIR) + "/connectors/targets");
    const auto connection =
        read_target_connection(yaml_file(path.string()), {folder_, secrets, catalogue, false}, diagnostics);
    for (const Diagnostic& problem : diagnostics.all()) {
      if (problem.level == Diagnostic::Level::error) FAIL_CHECK(diagnostic_text(problem));
    }
    REQUIRE_MESSAGE((connection && diagnostics.ok()), path.string() << " cannot be used");
    connection_ = *connection;
  }

  void read_case(const YamlNode& node) {
    demand_keys(node, {"case", "call", "object", "match", "fields", "changed", "remote_id", "window", "key", "comment", "marker",
                       "association", "to", "records", "request", "answers", "exchanges", "expect"});
    GoldenRun run{.origin = node.origin(), .name = text_at(node, "case"), .connection = connection_};
    if (const YamlNode* records = node.find("records")) {
      for (const YamlNode& record : records->items()) {
        run.calls.push_back(call_of(node, record, "key-" + std::to_string(run.calls.size() + 1)));
      }
    } else {
      run.calls.push_back(call_of(node, node, "key-1"));
    }
    if (const YamlNode* enters = root_.find("enters")) add_exchanges(*enters, {}, run);
    if (const YamlNode* exchanges = node.find("exchanges")) {
      add_exchanges(*exchanges, always_, run);
      run.outcomes = expected_outcomes(node.find("expect"));
      runs_.push_back(std::move(run));
      return;
    }
    add_answers(node, run);
  }

  void add_exchanges(const YamlNode& list, const std::map<std::string, std::optional<std::string>>& always,
                     GoldenRun& run) const {
    for (const YamlNode& item : list.items()) {
      demand_keys(item, {"request", "answer"});
      run.exchanges.push_back(
          {expected_request(required(item, "request"), always), recorded_answer(required(item, "answer"))});
    }
  }

  /// Each answer is a run of its own, from a new connection.
  void add_answers(const YamlNode& node, const GoldenRun& base) {
    const ExpectedRequest request = expected_request(required(node, "request"), always_);
    const YamlNode* answers = node.find("answers");
    if (answers == nullptr) {
      runs_.push_back(base);
      runs_.back().exchanges.push_back({request, RawAnswer{.status = 200, .request_begun = true}});
      return;
    }
    for (const YamlNode& answer : answers->items()) {
      demand_keys(answer, {"status", "headers", "body", "lost", "expect"});
      runs_.push_back(base);
      runs_.back().origin = answer.origin();
      runs_.back().exchanges.push_back({request, recorded_answer(answer)});
      runs_.back().outcomes = expected_outcomes(&required(answer, "expect"));
    }
  }

  YamlNode root_;
  std::filesystem::path folder_;
  std::vector<GoldenRun>& runs_;
  std::map<std::string, std::optional<std::string>> always_;
  TargetConnection connection_;
};

}  // namespace

std::vector<GoldenRun> golden_runs(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".yaml" && !name.starts_with("connection")) files.insert(entry.path());
  }
  std::vector<GoldenRun> runs;
  for (const auto& file : files) FileReader(file, runs).read();
  return runs;
}

}  // namespace test_http
