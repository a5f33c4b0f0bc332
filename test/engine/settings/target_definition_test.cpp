#include <doctest/doctest.h>

#include "engine/settings/target/target_definition_reader.h"

using namespace engine::settings;
using engine::model::CallKind;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::ReadBack;

namespace {

/// The helpdesk of the grammar's example, with a batch beside it.
const char* helpdesk = R"(target: helpdesk
about: A ticket system
proved: { by: real server, version: "5.0.3" }
options: { key_field: ExternalId, prefix: v3, queue: }
headers: { X-Version: "{{options.prefix}}" }
objects:
  ticket:
    find:
      request: { method: GET, path: /tickets, query: { query: "CF.{{options.key_field}}='{match|rt_quote}'" } }
      items: /items
      id: /id
      more_than_one: dead_letter
      consistent_after: 2s
    create: { request: { method: POST, path: /ticket, body: fields }, set: { "CustomFields.{{options.key_field}}": "{match}", n: 1 }, id: /id, repeat_safe: false, read_back: always }
    update: { request: { method: PUT, path: "/ticket/{remote_id}", body: changed_fields }, repeat_safe: true }
    comment: { request: { method: POST, path: "/ticket/{remote_id}/comment", body: { Content: "{text}", At: "{{options.prefix}}" } }, marker: { find: "/ticket/{remote_id}/history" } }
    resolve: { as: update, set: { Status: resolved } }
    read_back: { request: { method: GET, path: "/ticket/{remote_id}" }, fields: { CustomFields.*: "/CustomFields/[name={name}]/values" }, write_only: pin }
    batch:
      upsert:
        request: { method: POST, path: "/{{options.prefix}}/batch", body: { inputs: "{records}" } }
        record: { id: "{match_value}", properties: fields }
        at_most: { records: 100, bytes: 1MB }
        accounted_by: { id: /results/*/id, trace: /errors/*/context/trace }
answers:
  - { status: 401, class: auth }
  - { status: [400, 403, 500-503], class: permanent }
  - { status: 429, class: retry, after: { header: Retry-After, unit: 1m } }
  - { call: update, status: 2xx, body_matches: "isn't a valid", class: partial }
)";

std::string problems(const Diagnostics& diagnostics) {
  std::string all;
  for (const Diagnostic& problem : diagnostics.all())
    all += problem.origin.text() + " " + problem.code + ": " + problem.message + "\n";
  return all;
}

TargetDefinition read(const std::string& text) {
  Diagnostics diagnostics;
  const auto definition = read_target_definition(parse_yaml(text, "t.yaml", diagnostics).value(), diagnostics);
  CHECK(problems(diagnostics) == "");
  REQUIRE(definition.has_value());
  return *definition;
}

std::string refused(const std::string& text) {
  Diagnostics diagnostics;
  const auto definition = read_target_definition(parse_yaml(text, "t.yaml", diagnostics).value(), diagnostics);
  CHECK_FALSE(definition.has_value());
  return problems(diagnostics);
}

std::string merge(TargetDefinition& definition, const std::string& connection) {
  Diagnostics diagnostics;
  merge_connection_requests(parse_yaml(connection, "c.yaml", diagnostics).value(), definition, diagnostics);
  return problems(diagnostics);
}

std::string object(const std::string& entries) { return "target: t\nobjects:\n  o:\n    " + entries + "\n"; }

}  // namespace

TEST_CASE("a definition is read with all it says") {
  TargetDefinition definition = read(helpdesk);
  CHECK(merge(definition, "options: { key_field: Erp, queue: x }") == "");
  const ObjectDefinition& ticket = definition.objects.at("ticket");
  CHECK(definition.headers.at("X-Version") == "v3");
  CHECK(ticket.find->request.query.at("query") == "CF.Erp='{match|rt_quote}'");
  CHECK(ticket.find->consistent_after_ms == 2'000);
  const CallDefinition& create = ticket.calls.at(CallKind::create);
  CHECK(create.request.body == "\"fields\"");
  CHECK(create.set ==
        FieldMap{{"CustomFields.Erp", FieldScalar(std::string("{match}"))}, {"n", FieldScalar(std::int64_t{1})}});
  CHECK(create.repeat_safe == false);
  CHECK(create.read_back == ReadBack::always);
  CHECK(ticket.calls.at(CallKind::comment).request.body == R"({"Content":"{text}","At":"v3"})");
  CHECK(ticket.comment_history->request.path == "/ticket/{remote_id}/history");
  CHECK(ticket.calls.at(CallKind::resolve).as == CallKind::update);
  CHECK(ticket.read_back->write_only == std::vector<std::string>{"pin"});
  const BatchDefinition& batch = ticket.batch.at(CallKind::upsert);
  CHECK(batch.request.path == "/v3/batch");
  CHECK(batch.records_max == 100);
  CHECK(batch.bytes_max == 1'000'000);
  CHECK(batch.accounted_by.at("trace") == "/errors/*/context/trace");
  REQUIRE(definition.answers.size() == 4);
  CHECK(definition.answers[1].statuses == std::vector<std::pair<int, int>>{{400, 400}, {403, 403}, {500, 503}});
  CHECK(definition.answers[2].after.unit_ms == 60'000);
  CHECK(definition.answers[3].statuses == std::vector<std::pair<int, int>>{{200, 299}});
  CHECK(definition.answers[3].calls == std::vector{CallKind::update});
}

TEST_CASE("an option that is missing, unknown or misspelt is told") {
  TargetDefinition definition = read(helpdesk);
  CHECK(merge(definition, "options: { key_feild: Erp }") ==
        "c.yaml:1:12 key.unknown: the target 'helpdesk' has no option 'key_feild'\n");
  definition = read(object("upsert: { method: PUT, path: \"/{{options.x}}\" }"));
  CHECK(merge(definition, "{}") == "t.yaml:4:13 reference.unknown: the option 'x' is not declared\n");
  definition =
      read("target: t\noptions: { x: }\nobjects: { o: { upsert: { method: PUT, path: \"/{{options.x}}\" } } }");
  CHECK(merge(definition, "{}") == "t.yaml:3:25 value.missing: the option 'x' has no value\n");
}

TEST_CASE("an option cannot break out of the text it stands in, in a body") {
  TargetDefinition definition = read(
      "target: t\noptions: { x: 'a\"b' }\nobjects: { o: { upsert: { method: PUT, path: /c, body: { k: "
      "\"{{options.x}}\" } } } }");
  CHECK(merge(definition, "{}") == "");
  CHECK(definition.objects.at("o").calls.at(CallKind::upsert).request.body == R"({"k":"a\"b"})");
}

TEST_CASE("a connection writes requests only where the definition leaves them open") {
  TargetDefinition fixed = read(helpdesk);
  CHECK(merge(fixed, "options: { queue: x }\nrequests: { upsert: { method: PUT, path: /c } }")
            .starts_with("c.yaml:2:11 key.unknown: the target 'helpdesk' has its own requests"));
  TargetDefinition open = read("target: webhook\nobjects: { \"*\": {} }");
  CHECK(merge(open, "connection: x") ==
        "c.yaml:1:1 key.missing: the target 'webhook' needs the requests of this API\n");
  open = read("target: webhook\nobjects: { \"*\": {} }");
  CHECK(merge(open,
              "repeat_safe: true\nrequests: { create: { method: POST, path: /c }, update: { method: POST, path: /c, "
              "repeat_safe: false }, "
              "delete: { method: DELETE, path: /c, gone: [404, 410] } }") == "");
  const auto& calls = open.objects.at("*").calls;
  CHECK(calls.at(CallKind::create).repeat_safe == true);
  CHECK(calls.at(CallKind::update).repeat_safe == false);
  CHECK(calls.at(CallKind::delete_).request.gone == std::vector{404, 410});
}

TEST_CASE("what cannot be meant is refused where it stands") {
  CHECK(refused("target: t\n") == "t.yaml:1:1 key.missing: the target definition has no 'objects'\n");
  CHECK(refused(object("upsrt: { method: PUT, path: /c }")).starts_with("t.yaml:4:5 key.unknown:"));
  CHECK(refused(object("upsert: { method: PUT, path: c }"))
            .starts_with("t.yaml:4:34 value.type: 'path' of 'upsert' must begin with '/'"));
  CHECK(refused(object("upsert: { method: PULL, path: /c }")).starts_with("t.yaml:4:23 value."));
  CHECK(refused(object("upsert: { path: /c }")).starts_with("t.yaml:4:13 key.missing:"));
  CHECK(refused(object("upsert: { method: PUT, path: /c, gone: [4040] }")).starts_with("t.yaml:4:45 value.type:"));
  CHECK(refused(object("create: { method: POST, path: /c, id: data.id }")).starts_with("t.yaml:4:43 value.type:"));
  CHECK(refused(object("resolve: { as: updat }")).starts_with("t.yaml:4:20 value.unknown: there is no call 'updat'"));
  CHECK(refused(object("find: { method: GET, path: /c }")).starts_with("t.yaml:4:11 key.missing: 'find' has no 'id'"));
  CHECK(refused(object("upsert: { method: PUT, path: /c }") + "answers: [ { status: 99, class: retry } ]")
            .starts_with("t.yaml:5:22 value.type:"));
  CHECK(refused(object("upsert: { method: PUT, path: /c }") + "answers: [ { class: retry } ]")
            .starts_with("t.yaml:5:12 value.missing:"));
  CHECK(refused(object("upsert: { method: PUT, path: /c }") + "answers: [ { status: 400, class: retri } ]")
            .starts_with("t.yaml:5:34 value."));
  CHECK(refused(object("batch: { upsert: { method: POST, path: /b, record: fields, at_most: { records: 10 }, "
                       "accounted_by: { order: /r, id: /x } } }"))
            .find("not by both") != std::string::npos);
}

TEST_CASE("an empty value is told, and nothing else happens") {
  CHECK(refused(object("comment: { method: POST, path: /c, marker: }")).starts_with("t.yaml:4:"));
  CHECK(refused(object("delete: { request: { method: DELETE, path: /c }, gone: }"))
            .find("'gone' belongs into the request") != std::string::npos);
}
