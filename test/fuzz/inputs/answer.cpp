// What a target answers, as the shipped definitions read it: each record of the call gets an outcome, and a failure of the wire is never a success.
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "connectors/http/answer/judge.h"
#include "connectors/http/http_target.h"
#include "connectors/http/plan.h"
#include "connectors/http/prepare.h"
#include "connectors/http/request/prepared_request.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/target/target_definition_reader.h"
#include "test/fuzz/fuzzed.h"

using namespace engine::model;
using namespace engine::settings;
using namespace connectors::http;

namespace {

constexpr const char* definitions[] = {"corebos", "dataverse", "freshdesk",       "glpi",       "hubspot",    "jira",   "odoo",   "odoo_jsonrpc",
                                       "request_tracker", "salesforce", "servicenow", "suitecrm", "vtiger", "whatsapp", "zammad", "zendesk"};

TargetConnection shipped(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(SOURCE_DIR) + "/connectors/targets/" + name + ".yaml").rdbuf();
  Diagnostics diagnostics;
  const auto root = parse_yaml(text.str(), "definition.yaml", diagnostics);
  const auto nothing = parse_yaml("{}", "connection.yaml", diagnostics);
  TargetConnection connection;
  connection.name = name;
  connection.target = read_target_definition(*root, diagnostics).value();
  merge_connection_requests(*nothing, connection.target, diagnostics);
  return connection;
}

const TargetPlan& plan_of(std::size_t which) {
  static std::map<std::size_t, TargetPlan> plans;
  which %= std::size(definitions);
  const auto found = plans.find(which);
  return found != plans.end() ? found->second : plans.emplace(which, TargetPlan(shipped(definitions[which]))).first->second;
}

FieldValue text(std::string value) { return FieldScalar(std::move(value)); }

/// What was asked, as it is frozen with the request. Nullopt where the definition asks for more than these calls hold.
std::optional<std::string> expected(const TargetPlan& plan, const std::string& object, CallKind kind, std::size_t records) {
  std::vector<Call> calls;
  for (std::size_t i = 0; i < records; ++i) {
    const std::string number = std::to_string(i);
    calls.push_back({.kind = kind, .object = object, .match = {{"code", text("C" + number)}}, .remote_id = number,
                     .fields = {{"name", text("Rossi")}}, .changed_fields = {{"name", text("Rossi")}}, .comment = "text [m]", .marker = "[m]",
                     .association = "company", .to = "7", .idempotency_key = "k-" + number});
  }
  std::optional<std::string> expect;
  fuzz::taken([&] { expect = thawed(prepare_calls(plan, calls).request).expect; });
  return expect;
}

bool took(const CallAnswer& answer) { return std::holds_alternative<Delivered>(answer.outcome); }

void judged(const TargetPlan& plan, const std::string& name, CallKind kind, const RawAnswer& raw, std::size_t records) {
  const ObjectPlan& object = plan.of(name);
  const auto expect = expected(plan, name, kind, records);
  if (!expect) return;
  const std::vector<CallAnswer> answers = judge({plan, object, kind, records, records > 1, *expect, name}, raw, 1'800'000'000'000);
  fuzz::demand(answers.size() == records, "each record has its answer");
  for (const CallAnswer& answer : answers) {
    fuzz::demand(!took(answer) || raw.failure.empty(), "an answer that did not come whole is no success");
    fuzz::demand(answer.answer.size() < 100'000, "what is kept of an answer is bounded");
  }
}

}  // namespace

/// Which definition, status, how the wire ended, a header's value; behind a zero byte the body.
void fuzz::take(std::string_view input) {
  if (input.size() < 4) return;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(input[at]); };
  constexpr int statuses[] = {200, 201, 202, 204, 207, 302, 400, 401, 403, 404, 409, 412, 422, 429, 500, 503};
  const TargetPlan& plan = plan_of(byte(0));
  RawAnswer raw;
  raw.status = statuses[byte(1) % std::size(statuses)];
  raw.request_begun = true;
  if (byte(2) % 4 == 3) raw.failure = "the connection was closed";
  const std::size_t batch = 2 + byte(3) % 3;
  input.remove_prefix(4);
  const std::string header(next_part(input));
  for (const char* name : {"Retry-After", "Location", "Link"}) raw.headers.emplace_back(name, header);
  raw.body = input;
  for (const auto& [name, object] : plan.objects) {
    for (const auto& [kind, call] : object.calls) judged(plan, name, kind, raw, 1);
    for (const auto& [kind, call] : object.batch) judged(plan, name, kind, raw, batch);
  }
}
