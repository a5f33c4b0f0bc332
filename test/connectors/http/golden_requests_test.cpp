// The requests of the shipped definitions, as they are frozen, against files: UPDATE_GOLDEN=1 rewrites them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "test/connectors/http/support/target_under_test.h"

using namespace engine::model;
using namespace test_http;

namespace {

const char* webhook_requests = R"(
requests:
  find: { method: GET, path: /customers, query: { code: "{match}" }, items: /items, id: /id, absent: 404 }
  create: { method: POST, path: /customers, body: { code: "{match.code}", customer: fields }, id: /id }
  update: { method: PATCH, path: "/customers/{remote_id}", body: changed_fields }
  upsert: { method: PUT, path: "/customers/{match.code}", body: fields }
  delete: { method: DELETE, path: "/customers/{match.code}", gone: [404, 410] }
  archive: { method: POST, path: "/customers/{remote_id}/archive" }
  comment: { method: POST, path: "/customers/{remote_id}/notes", body: { note: "{text}", by: "erp {idempotency_key}" }, marker: { find: "/customers/{remote_id}/notes" } }
  read_back: { method: GET, path: "/customers/{remote_id}" }
batch:
  upsert:
    request: { method: POST, path: "/batch/{object}", body: { inputs: "{records}" } }
    record: { idProperty: "{match_field}", id: "{match_value}", trace: "{idempotency_key}", properties: fields }
    at_most: { records: 100, bytes: 1MB }
    accounted_by: { id: /results/*/id, trace: /errors/*/context/trace }
)";

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void check_golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(SOURCE_DIR) + "/test/golden/targets/" + name + ".txt";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  CHECK(actual == read_file(path));
}

std::string shown(const Target& target, const Call& call) {
  return std::string(name_of(call.kind)) + "\n" + target.prepare({&call, 1}).request + "\n\n";
}

Call ticket(CallKind kind) {
  Call call = customer(kind);
  call.object = "ticket";
  call.match = {{"ExternalId", text("C'0\\01")}};
  call.fields = {{"CustomFields.Credit", number("1000.00")},
                 {"Queue", text("General")},
                 {"Subject", text("Customer “Rossi” è qui")},
                 {"TimeWorked", null()}};
  call.changed_fields = {{"CustomFields.Credit", number("1000.00")}, {"TimeWorked", null()}};
  return call;
}

}  // namespace

TEST_CASE("the requests of a webhook are those of the golden file") {
  auto connection = shipped_connection("webhook", webhook_requests);
  connection.idempotency_header = "Idempotency-Key";
  const auto target = target_of(connection, "http://127.0.0.1:1");
  std::string all;
  for (const CallKind kind : {CallKind::find, CallKind::create, CallKind::update, CallKind::upsert, CallKind::delete_,
                              CallKind::archive, CallKind::comment, CallKind::find_comment, CallKind::read_back}) {
    all += shown(*target, customer(kind));
  }
  Call second = customer(CallKind::upsert);
  second.match = {{"code", text("C \"2\"")}};
  second.idempotency_key = "k-2";
  const std::vector<Call> calls{customer(CallKind::upsert), second};
  all += "batch of two\n" + target->prepare(calls).request + "\n";
  check_golden("webhook", all);
}

TEST_CASE("the requests to Request Tracker are those of the golden file") {
  const auto target =
      target_of(shipped_connection("request_tracker", "options: { key_field: ExternalId }"), "http://127.0.0.1:1");
  std::string all;
  for (const CallKind kind : {CallKind::find, CallKind::create, CallKind::update, CallKind::resolve, CallKind::delete_,
                              CallKind::comment, CallKind::find_comment, CallKind::read_back}) {
    all += shown(*target, ticket(kind));
  }
  check_golden("request_tracker", all);
}

TEST_CASE("the same call gives the same bytes, whatever else was prepared before") {
  const auto target = target_of(shipped_connection("webhook", webhook_requests), "http://127.0.0.1:1");
  const Call call = customer(CallKind::create);
  const std::string first = target->prepare({&call, 1}).request;
  const Call other = customer(CallKind::delete_);
  target->prepare({&other, 1});
  CHECK(target->prepare({&call, 1}).request == first);
}
