// The shipped definition against a real Request Tracker. RT takes 0.3 to 0.4 s a call: about 30 calls in all.
// Needs RT_URL (…/REST/2.0) and RT_TOKEN of a server that server.sh started; RT_SCRIPT and RT_DIR to stop it
// at the end.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>

#include "connectors/http/http_target.h"
#include "engine/settings/target/target_definition_reader.h"

using namespace engine::model;
using namespace engine::settings;

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE_MESSAGE(value != nullptr, name << " is not set");
  return value;
}

std::unique_ptr<Target> tracker(const std::string& token, const std::string& key_field = "ExternalId") {
  std::ifstream file(std::string(SOURCE_DIR) + "/connectors/targets/request_tracker.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  Diagnostics diagnostics;
  TargetConnection connection;
  connection.target =
      *read_target_definition(*parse_yaml(text.str(), "request_tracker.yaml", diagnostics), diagnostics);
  merge_connection_requests(*parse_yaml("options: { key_field: " + key_field + " }", "helpdesk.yaml", diagnostics),
                            connection.target, diagnostics);
  REQUIRE(diagnostics.ok());
  connection.name = "helpdesk";
  connection.url = environment("RT_URL");
  connection.auth = HeaderAuth{"Authorization", engine::Secret("token " + token)};
  return connectors::http::make_http_target(connection);
}

FieldValue text(const std::string& value) { return FieldScalar(value); }

const std::string code = "C'1\\ 100% \"è\" €/?#&{x}";

Call ticket(CallKind kind, const FieldMap& fields = {}) {
  Call call;
  call.kind = kind;
  call.object = "ticket";
  call.match = {{"ExternalId", text(code)}};
  call.fields = fields;
  call.changed_fields = fields;
  call.idempotency_key = "k-1";
  return call;
}

CallAnswer ask(Target& target, const Call& call) {
  std::promise<CallAnswer> answer;
  target.send(target.prepare({&call, 1}), [&](std::vector<CallAnswer> answers) { answer.set_value(answers.at(0)); });
  CallAnswer result = answer.get_future().get();
  CAPTURE(result.answer);
  CHECK(result.answer.find(environment("RT_TOKEN")) == std::string::npos);
  return result;
}

std::string outcome(const CallAnswer& answer) { return std::string(name_of(answer.outcome)); }

}  // namespace

TEST_CASE("a ticket lives: created, found, read back, updated, refused, commented, resolved, deleted") {
  const auto target = tracker(environment("RT_TOKEN"));
  const FieldMap fields{{"CustomFields.Credit", FieldScalar(NumberText{"1000.50"})},
                        {"Queue", text("General")},
                        {"Subject", text("Rossi \"& Figli\" è qui €")}};
  CHECK(ask(*target, ticket(CallKind::find)).found.empty());
  const CallAnswer created = ask(*target, ticket(CallKind::create, fields));
  REQUIRE(outcome(created) == "delivered");
  const auto id = std::get<Delivered>(created.outcome).remote_id;
  REQUIRE(id.has_value());
  CHECK(ask(*target, ticket(CallKind::find)).found == std::vector<std::string>{*id});

  const auto addressed = [&](CallKind kind, const FieldMap& with = {}) {
    Call call = ticket(kind, with);
    call.remote_id = id;
    return call;
  };
  const CallAnswer stored = ask(*target, addressed(CallKind::read_back, fields));
  CHECK(outcome(stored) == "delivered");
  CHECK(stored.fields == fields);

  CHECK(outcome(ask(*target, addressed(CallKind::update, {{"Priority", FieldScalar(std::int64_t{5})},
                                                          {"Owner", text("datapicker")}}))) == "delivered");
  const FieldMap wanted{{"Owner", text("datapicker")}, {"Priority", FieldScalar(std::int64_t{5})}};
  CHECK(ask(*target, addressed(CallKind::read_back, wanted)).fields == wanted);

  {
    // A refused status is partial, and read-back shows the old one.
    const FieldMap refused{{"Status", text("nonsense")}, {"Subject", text("taken")}};
    CHECK(outcome(ask(*target, addressed(CallKind::update, refused))) == "partial");
    const CallAnswer after = ask(*target, addressed(CallKind::read_back, refused));
    CHECK(after.fields == FieldMap{{"Status", text("new")}, {"Subject", text("taken")}});
  }
  {
    // A field that RT does not know is accepted with 200 and missing in the read-back.
    const FieldMap unknown{{"CustomFields.Nope", text("x")}, {"NoSuchField", text("x")}};
    CHECK(outcome(ask(*target, addressed(CallKind::update, unknown))) == "delivered");
    CHECK(ask(*target, addressed(CallKind::read_back, unknown)).fields.empty());
  }
  {
    // A null clears a custom field.
    const FieldMap cleared{{"CustomFields.Credit", FieldScalar(std::monostate{})}};
    CHECK(outcome(ask(*target, addressed(CallKind::update, cleared))) == "delivered");
    CHECK(ask(*target, addressed(CallKind::read_back, cleared)).fields == cleared);
  }
  {
    // A comment is found by its marker, and only by its own.
    Call comment = addressed(CallKind::comment);
    comment.comment = "Limit 1 -> 2 è\n[datapicker:k-7]";
    comment.marker = "[datapicker:k-7]";
    Call look = comment;
    look.kind = CallKind::find_comment;
    CHECK(ask(*target, look).found.empty());
    CHECK(outcome(ask(*target, comment)) == "delivered");
    CHECK(ask(*target, look).found.size() == 1);
    look.marker = "[datapicker:k-8]";
    CHECK(ask(*target, look).found.empty());
  }
  {
    // Resolved is resolved, twice as well.
    CHECK(outcome(ask(*target, addressed(CallKind::resolve))) == "delivered");
    CHECK(outcome(ask(*target, addressed(CallKind::resolve))) == "delivered");
    const FieldMap resolved{{"Status", text("resolved")}};
    CHECK(ask(*target, addressed(CallKind::read_back, resolved)).fields == resolved);
  }
  CHECK(outcome(ask(*target, addressed(CallKind::delete_))) == "delivered");
  CHECK(ask(*target, ticket(CallKind::find)).found.empty());
}

TEST_CASE("what RT refuses is permanent, and only a wrong token stops the connection") {
  const auto target = tracker(environment("RT_TOKEN"));
  const CallAnswer queue = ask(*target, ticket(CallKind::create, {{"Queue", text("Nope")}, {"Subject", text("x")}}));
  CHECK(queue.status == 403);
  REQUIRE(outcome(queue) == "permanent");
  CHECK_FALSE(std::get<Permanent>(queue.outcome).auth);
  const CallAnswer status =
      ask(*target, ticket(CallKind::create, {{"Queue", text("General")}, {"Status", text("nonsense")}}));
  CHECK(outcome(status) == "permanent");
  Call gone = ticket(CallKind::update, {{"Subject", text("x")}});
  gone.remote_id = "99999";
  const CallAnswer missing = ask(*target, gone);
  REQUIRE(outcome(missing) == "permanent");
  CHECK(std::get<Permanent>(missing.outcome).missing);

  const auto stranger = tracker("1-1-0123456789abcdef");
  const CallAnswer refused = ask(*stranger, ticket(CallKind::find));
  REQUIRE(outcome(refused) == "permanent");
  CHECK(std::get<Permanent>(refused.outcome).auth);
}

TEST_CASE("a key field that does not exist is told by the read-back, before tickets are doubled") {
  const auto target = tracker(environment("RT_TOKEN"), "NoSuchField");
  const FieldMap fields{{"Queue", text("General")}, {"Subject", text("without key")}};
  const CallAnswer created = ask(*target, ticket(CallKind::create, fields));
  REQUIRE(outcome(created) == "delivered");
  Call look = ticket(CallKind::read_back, fields);
  look.remote_id = std::get<Delivered>(created.outcome).remote_id;
  const CallAnswer stored = ask(*target, look);
  REQUIRE(outcome(stored) == "partial");
  CHECK(std::get<Partial>(stored.outcome).refused == std::vector<std::string>{"CustomFields.NoSuchField"});
}

TEST_CASE("while RT is down nothing is sent") {
  const std::string stop = environment("RT_SCRIPT") + " stop " + environment("RT_DIR");
  REQUIRE(std::system(stop.c_str()) == 0);
  const CallAnswer answer =
      ask(*tracker(environment("RT_TOKEN")), ticket(CallKind::create, {{"Queue", text("General")}}));
  CHECK(outcome(answer) == "retry_later");
  CHECK_FALSE(answer.any_byte_sent);
}
