#include "connectors/targets/message/message.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"

using namespace engine::model;
using connectors::targets::message_of;
using connectors::targets::SubjectTemplate;

namespace {

Call call(CallKind kind) {
  Call made;
  made.kind = kind;
  made.object = "customers";
  made.match = {{"code", std::string("C 1.x>")}};
  made.fields = {{"address.city", std::string("Roma")}, {"credit", NumberText{"10.50"}}};
  made.idempotency_key = "j-1-2-0";
  return made;
}

Call with_origin(CallKind kind, bool is_new) {
  Call made = call(kind);
  made.origin = CallOrigin{.pipeline = "p", .seq = 7, .changed_ms = 1700000000000, .is_new = is_new, .before = {}};
  if (!is_new) made.origin->before = FieldMap{{"credit", NumberText{"9.00"}}};
  return made;
}

}  // namespace

TEST_CASE("a subject names object, pipeline and match, whose separators lose their meaning") {
  CHECK(SubjectTemplate("erp.{object}.{match.code}").of(call(CallKind::upsert)) == "erp.customers.C=201=2Ex=3E");
  CHECK(SubjectTemplate("{pipeline}.{match}").of(with_origin(CallKind::upsert, true)) == "p.C=201=2Ex=3E");
  CHECK_THROWS_AS(SubjectTemplate("{field.x}"), engine::Error);
  CHECK_THROWS_AS(SubjectTemplate("{object"), engine::Error);
  CHECK_THROWS_AS(SubjectTemplate("{match.id}").of(call(CallKind::upsert)), engine::Error);
  Call empty = call(CallKind::upsert);
  empty.match = {{"code", std::string()}};
  CHECK_THROWS_AS(SubjectTemplate("{match}").of(empty), engine::Error);
}

TEST_CASE("a plain message is the fields under the record's key, and nothing for a record that is gone") {
  const auto message = message_of(call(CallKind::upsert), SubjectTemplate("{object}"), false);
  CHECK(message.key == R"({"code":"C 1.x>"})");
  CHECK(message.value == R"({"address":{"city":"Roma"},"credit":10.50})");
  CHECK_FALSE(message_of(call(CallKind::delete_), SubjectTemplate("{object}"), false).value.has_value());
}

TEST_CASE("the envelope says what was, what is, and what happened, as Debezium does") {
  const auto value = [](CallKind kind, bool is_new) { return message_of(with_origin(kind, is_new), SubjectTemplate("{object}"), true).value.value(); };
  const std::string source =
      R"("source":{"version":"1","connector":"datapicker","name":"p","db":"","table":"customers","snapshot":"false","ts_ms":1700000000000,"seq":7})";
  CHECK(value(CallKind::upsert, true) ==
        R"({"before":null,"after":{"address":{"city":"Roma"},"code":"C 1.x>","credit":10.50},)" + source + R"(,"op":"c","ts_ms":1700000000000})");
  CHECK(value(CallKind::upsert, false) ==
        R"({"before":{"code":"C 1.x>","credit":9.00},"after":{"address":{"city":"Roma"},"code":"C 1.x>","credit":10.50},)" + source +
            R"(,"op":"u","ts_ms":1700000000000})");
  CHECK(value(CallKind::delete_, false) == R"({"before":{"code":"C 1.x>","credit":9.00},"after":null,)" + source + R"(,"op":"d","ts_ms":1700000000000})");
}

TEST_CASE("a frozen message says the same as before the crash") {
  for (const CallKind kind : {CallKind::upsert, CallKind::delete_}) {
    const auto message = message_of(call(kind), SubjectTemplate("{object}"), false);
    const auto read = connectors::targets::read_message(connectors::targets::request_text(message));
    CHECK(read.subject == message.subject);
    CHECK(read.id == message.id);
    CHECK(read.operation == message.operation);
    CHECK(read.key == message.key);
    CHECK(read.value == message.value);
  }
}
