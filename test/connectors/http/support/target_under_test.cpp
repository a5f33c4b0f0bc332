#include "test/connectors/http/support/target_under_test.h"

#include <doctest/doctest.h>

#include <fstream>
#include <future>
#include <sstream>

#include "connectors/http/http_target.h"
#include "engine/settings/target/target_definition_reader.h"

namespace test_http {

using namespace engine::model;
using namespace engine::settings;

namespace {

void demand_no_problems(const Diagnostics& diagnostics) {
  for (const Diagnostic& problem : diagnostics.all()) {
    FAIL_CHECK(problem.origin.text() << ": " << problem.message << " " << problem.suggestion);
  }
  REQUIRE(diagnostics.ok());
}

}  // namespace

TargetConnection connection_from(const std::string& definition, const std::string& connection) {
  Diagnostics diagnostics;
  const auto root = parse_yaml(definition, "definition.yaml", diagnostics);
  demand_no_problems(diagnostics);
  const auto read = read_target_definition(*root, diagnostics);
  demand_no_problems(diagnostics);
  const auto own = parse_yaml(connection, "connection.yaml", diagnostics);
  demand_no_problems(diagnostics);
  TargetConnection result;
  result.name = "under_test";
  result.target = *read;
  merge_connection_requests(*own, result.target, diagnostics);
  demand_no_problems(diagnostics);
  result.timeout_ms = 10'000;
  return result;
}

TargetConnection shipped_connection(const std::string& name, const std::string& connection) {
  std::ifstream file(std::string(SOURCE_DIR) + "/connectors/targets/" + name + ".yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return connection_from(text.str(), connection);
}

std::unique_ptr<Target> target_of(TargetConnection connection, const std::string& url) {
  connection.url = url;
  return connectors::http::make_http_target(connection);
}

std::vector<CallAnswer> answers_to(Target& target, const PreparedCall& call) {
  auto promise = std::make_shared<std::promise<std::vector<CallAnswer>>>();
  auto future = promise->get_future();
  target.send(call, [promise](std::vector<CallAnswer> answers) { promise->set_value(std::move(answers)); });
  REQUIRE(future.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  auto answers = future.get();
  REQUIRE(answers.size() == call.records);
  return answers;
}

CallAnswer answer_to(Target& target, const Call& call) {
  return answers_to(target, target.prepare({&call, 1})).front();
}

FieldValue text(std::string value) { return FieldScalar(std::move(value)); }
FieldValue number(std::string digits) { return FieldScalar(NumberText{std::move(digits)}); }
FieldValue null() { return FieldScalar(std::monostate{}); }

Call customer(CallKind kind) {
  Call call;
  call.kind = kind;
  call.object = "customer";
  call.match = {{"code", text("C001")}};
  call.fields = {{"address.city", text("Roma")}, {"credit", number("1000.00")}, {"name", text("Rossi Srl")}};
  call.changed_fields = {{"credit", number("1000.00")}};
  call.idempotency_key = "k-1";
  if (kind == CallKind::comment) {
    call.comment = "Limit raised [datapicker:k-1]";
    call.marker = "[datapicker:k-1]";
  }
  if (kind == CallKind::find_comment) call.marker = "[datapicker:k-1]";
  const bool addresses = kind != CallKind::create && kind != CallKind::upsert && kind != CallKind::find;
  if (addresses) call.remote_id = "42";
  return call;
}

}  // namespace test_http
