#include <doctest/doctest.h>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/settings/target/target_definition_reader.h"

using namespace engine::settings;
using engine::model::CallKind;

namespace {

TargetConnection shipped(const std::string& name, const std::string& connection_yaml) {
  Diagnostics diagnostics;
  const auto root =
      read_yaml_file(std::string(SOURCE_DIR) + "/connectors/targets/" + name + ".yaml", name, diagnostics);
  TargetConnection connection;
  connection.name = name;
  connection.url = "http://127.0.0.1:1";
  connection.target = read_target_definition(root.value(), diagnostics).value();
  merge_connection_requests(parse_yaml(connection_yaml, "c.yaml", diagnostics).value(), connection.target, diagnostics);
  REQUIRE(diagnostics.ok());
  return connection;
}

}  // namespace

TEST_CASE("Request Tracker's traits are those its answers deserve") {
  const auto target =
      connectors::catalog::make_target(shipped("request_tracker", "options: { key_field: ExternalId }"));
  const auto& ticket = target->traits("ticket");
  CHECK_FALSE(ticket.of(CallKind::create).repeat_safe);
  CHECK_FALSE(ticket.of(CallKind::comment).repeat_safe);
  CHECK(ticket.of(CallKind::update).repeat_safe);
  CHECK_FALSE(ticket.of(CallKind::update).whole);
  CHECK(ticket.of(CallKind::resolve).repeat_safe);
  CHECK(ticket.of(CallKind::create).read_back == engine::model::ReadBack::always);
  CHECK(ticket.of(CallKind::resolve).read_back == engine::model::ReadBack::always);
  for (const CallKind kind : {CallKind::find, CallKind::read_back, CallKind::find_comment})
    CHECK(ticket.of(kind).repeat_safe);
  CHECK_FALSE(ticket.has(CallKind::upsert));
  CHECK_THROWS_AS(target->traits("user"), engine::Error);
}

TEST_CASE("a write that carries every field, whatever differs, is known by its body") {
  const auto target = connectors::catalog::make_target(
      shipped("webhook", "requests: { upsert: { method: PUT, path: /c, body: fields }, update: { method: PATCH, path: /c, body: { customer: changed_fields } } }"));
  CHECK(target->traits("customer").of(CallKind::upsert).whole);
  CHECK_FALSE(target->traits("customer").of(CallKind::update).whole);
  const auto batched = connectors::catalog::make_target(shipped("hubspot", ""));
  CHECK(batched->traits("companies").of(CallKind::upsert).whole);
  CHECK_FALSE(batched->traits("companies").of(CallKind::update).whole);
}

TEST_CASE("a definition that asks for a read-back without saying how is refused") {
  auto connection = shipped("webhook", "requests: { upsert: { method: PUT, path: /c, read_back: always } }");
  CHECK_THROWS_WITH_AS(connectors::catalog::make_target(connection), doctest::Contains("no read_back request"),
                       engine::Error);
}

TEST_CASE("the built-in file needs its path and no definition") {
  TargetConnection connection;
  connection.name = "out";
  connection.target.name = "file";
  CHECK_THROWS_AS(connectors::catalog::make_target(connection), engine::Error);
  connection.path = "/nonexistent/out.jsonl";
  const auto target = connectors::catalog::make_target(connection);
  CHECK(target->traits("anything").of(CallKind::upsert).native_upsert);
}
