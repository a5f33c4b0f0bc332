// Which fields are read before they are overwritten, which of them drifted, and how a delivery keeps that. Pure.
#include <doctest/doctest.h>

#include "engine/deliver/drift.h"

using engine::journal::Drift;
using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::settings::OnDrift;

namespace {

FieldMap fields(const std::string& json) { return engine::model::fields_from_json(json); }

}  // namespace

TEST_CASE("a field drifted when it is neither as it was sent nor as it is wanted") {
  const engine::deliver::DriftRules rules{{"email", OnDrift::hold}, {"name", OnDrift::overwrite}, {"phone", OnDrift::keep}};
  const FieldMap sent = fields(R"({"email":"a@x","name":"A","phone":"1"})");
  const FieldMap written = fields(R"({"email":"b@x","name":"B","phone":"3"})");
  const auto asked = engine::deliver::overwritten(written, sent, rules, false);
  CHECK(asked.sent == fields(R"({"email":"a@x","phone":"1"})"));
  CHECK(asked.wanted == fields(R"({"email":"b@x","phone":"3"})"));

  CHECK_FALSE(engine::deliver::drifted(asked, sent, fields(R"({"email":"a@x","phone":"3"})"), rules).json());
  const Drift both = engine::deliver::drifted(asked, sent, fields(R"({"email":"c@x","name":"Z","phone":"2"})"), rules);
  CHECK(both.json() == R"({"email":{"sent":"a@x","there":"c@x","wanted":"b@x"},"phone":{"kept":true,"sent":"1","there":"2","wanted":"3"}})");
  CHECK(both.asks_a_person());
  CHECK(both.names(true) == "phone");
  // Somebody emptied it.
  CHECK(engine::deliver::drifted(asked, sent, fields(R"({"email":"a@x"})"), rules).json() == R"({"phone":{"kept":true,"sent":"1","wanted":"3"}})");
}

TEST_CASE("a field that was never sent counts as sent empty, and what a person let go is not asked about again") {
  const engine::deliver::DriftRules rules{{"email", OnDrift::hold}, {"phone", OnDrift::keep}};
  const FieldMap written = fields(R"({"email":"b@x","phone":"3"})");
  const auto asked = engine::deliver::overwritten(written, {}, rules, true);
  CHECK(asked.sent == fields(R"({"phone":null})"));
  CHECK_FALSE(engine::deliver::drifted(asked, {}, {}, rules).json());
  CHECK(engine::deliver::drifted(asked, {}, fields(R"({"phone":"2"})"), rules).json() == R"({"phone":{"kept":true,"there":"2","wanted":"3"}})");
}

TEST_CASE("what a delivery keeps of drift is read as it was written, digits and lists too") {
  Drift drift;
  drift.add("a", {.sent = engine::model::FieldValue(std::vector<FieldScalar>{FieldScalar(std::string("x")), FieldScalar(1)}), .there = {}, .wanted = FieldScalar(true), .kept = false});
  drift.add("b", {.sent = {}, .there = FieldScalar(engine::model::NumberText{"1.50"}), .wanted = FieldScalar{}, .kept = true});
  const Drift read(drift.json());
  CHECK(read.json() == drift.json());
  CHECK(read.json() == R"({"a":{"sent":["x",1],"wanted":true},"b":{"kept":true,"there":1.50,"wanted":null}})");
  CHECK(read.as_sent(R"({"a":1,"b":2})") == R"({"a":1})");
  CHECK_THROWS(Drift(std::string(R"({"a":1})")));
}
