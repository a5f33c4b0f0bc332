#include "engine/operate/cases/remote_records.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "engine/operate/cases/json_place.h"

namespace json = boost::json;
using engine::model::Call;
using engine::model::CallKind;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::operate::RemoteRecords;
using namespace engine::settings;

namespace {

/// Tickets that are found by a list, tell their id, and show custom fields in a list of their own.
TargetDefinition tickets() {
  ObjectDefinition ticket;
  ticket.find = FindDefinition{.items = "/items", .id = "/id"};
  ticket.read_back = ReadBackDefinition{.fields = {{"CustomFields.*", "/CustomFields/[name={name}]/values"}}};
  ticket.calls[CallKind::create] = CallDefinition{.id = "/id"};
  ticket.calls[CallKind::update] = CallDefinition{};
  TargetDefinition definition;
  definition.objects["ticket"] = ticket;
  return definition;
}

Call call(CallKind kind, const std::string& code, const std::string& credit = "1") {
  Call call{.kind = kind, .object = "ticket"};
  call.match = FieldMap{{"code", FieldScalar(code)}};
  call.fields = FieldMap{{"CustomFields.Credit", FieldScalar(credit)}};
  call.changed_fields = call.fields;
  return call;
}

struct Other {
  TargetDefinition definition = tickets();
  RemoteRecords records{definition};
  std::string ask(const Call& call) { return records.answer({&call, 1}).body; }
  std::string tell(const Call& call) {
    records.apply({&call, 1}, R"({"Subject":"x"})");
    return ask(call);
  }
};

}  // namespace

TEST_CASE("a look-up finds nothing before the record is made, and its id after that") {
  Other other;
  CHECK(other.ask(call(CallKind::find, "C1")) == R"({"items":[]})");
  CHECK(other.tell(call(CallKind::create, "C1")) == R"({"id":"1"})");
  CHECK(other.tell(call(CallKind::create, "C2")) == R"({"id":"2"})");
  CHECK(other.ask(call(CallKind::find, "C2")) == R"({"items":[{"id":"2"}]})");
}

TEST_CASE("a read-back shows what was sent where the definition looks for it, the body's own fields included") {
  Other other;
  other.tell(call(CallKind::create, "C1", "7.00"));
  CHECK(other.ask(call(CallKind::read_back, "C1")) == R"({"Subject":"x","CustomFields":[{"name":"Credit","values":"7.00"}]})");
}

TEST_CASE("a record that was deleted is not found any more") {
  Other other;
  other.tell(call(CallKind::create, "C1"));
  other.tell(call(CallKind::delete_, "C1"));
  CHECK(other.ask(call(CallKind::find, "C1")) == R"({"items":[]})");
}

TEST_CASE("a record that is addressed by its id is found by the match value it got last") {
  Other other;
  other.tell(call(CallKind::create, "C1"));
  Call moved = call(CallKind::update, "C9");
  moved.remote_id = "1";
  other.tell(moved);
  CHECK(other.ask(call(CallKind::find, "C9")) == R"({"items":[{"id":"1"}]})");
  CHECK(other.ask(call(CallKind::find, "C1")) == R"({"items":[]})");
}

TEST_CASE("a batch is accounted for record by record, as its definition reads the answer") {
  TargetDefinition definition = tickets();
  definition.objects["ticket"].batch[CallKind::upsert] = BatchDefinition{.records_max = 10, .accounted_by = {{"match", "/results/*/code"}}};
  RemoteRecords records(definition);
  const std::vector<Call> calls{call(CallKind::upsert, "C1"), call(CallKind::upsert, "C2")};
  records.apply(calls, "[]");
  CHECK(records.answer(calls).body == R"({"results":[{"code":"C1"},{"code":"C2"}]})");
}

TEST_CASE("a batch's results say in their order what the definition looks for in each") {
  TargetDefinition definition = tickets();
  BatchDefinition& batch = definition.objects["ticket"].batch[CallKind::upsert];
  batch = {.records_max = 10, .record_taken = "/success", .record_id = "/id"};
  RemoteRecords records(definition);
  const std::vector<Call> calls{call(CallKind::upsert, "C1"), call(CallKind::upsert, "C2")};
  records.apply(calls, "[]");
  CHECK(records.answer(calls).body == R"([{"id":"1","success":true},{"id":"2","success":true}])");
  batch = {.records_max = 10, .accounted_by_order = "/results", .record_failed = "/error", .record_index = "/index", .record_status = "/code", .record_id = "/key"};
  CHECK(records.answer(calls).body == R"({"results":[{"key":"1","index":0,"code":200},{"key":"2","index":1,"code":200}]})");
}

TEST_CASE("a job has a name, and has ended when it is asked for") {
  TargetDefinition definition = tickets();
  definition.objects["ticket"].batch[CallKind::create] = {
      .job = JobDefinition{.id = "/job/id", .done = {.place = "/job/status", .is = {"completed"}}},
      .records_max = 10,
      .accounted_by_order = "/job/results"};
  RemoteRecords records(definition);
  const std::vector<Call> calls{call(CallKind::create, "C1"), call(CallKind::create, "C2")};
  records.apply(calls, "[]");
  CHECK(records.answer(calls).body == R"({"job":{"id":"job-1"}})");
  CHECK(records.asked("https://api.example.com/jobs/job-1").body ==
        R"({"job":{"results":[{"id":"1"},{"id":"2"}],"status":"completed"}})");
}

TEST_CASE("a pointer makes the objects and lists on its way") {
  json::value root;
  engine::operate::place_json(root, "/a/1/b", 7);
  engine::operate::place_json(root, "/a/0", nullptr);
  CHECK(json::serialize(root) == R"({"a":[null,{"b":7}]})");
}
