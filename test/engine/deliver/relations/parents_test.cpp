#include <doctest/doctest.h>

#include "engine/deliver/references.h"
#include "engine/model/reference.h"
#include "test/engine/deliver/objects.h"

using namespace test;
using engine::journal::Delivery;

namespace {

/// Companies, and contacts that refer to them.
class Family {
 public:
  Family() {
    world.add_pipeline("companies").has_children = true;
    auto& contacts = world.add_pipeline("contacts");
    contacts.parents = {{world.id_of("companies"), "companies", "companies"}};
    contacts.wait_for_parent_ms = 3'600'000;
    make_ticket_object(world.target);
  }

  Delivery company(const std::string& key) {
    Delivery delivery = world.of_pipeline("companies", key);
    delivery.fields = R"({"name":"Rossi"})";
    return delivery;
  }
  Delivery contact(const std::string& key, const std::string& company) {
    const std::string_view part = company;
    Delivery delivery = world.of_pipeline("contacts", key);
    delivery.fields = engine::model::fields_json(
        {{"company", engine::model::FieldScalar(engine::model::reference_text("companies", {&part, 1}))}});
    return delivery;
  }
  Delivery gone(const std::string& pipeline, const std::string& key) {
    Delivery delivery = world.of_pipeline(pipeline, key);
    delivery.present = false;
    return delivery;
  }
  std::string company_of(const std::string& key) {
    const auto* record = world.target.record("{\"code\":\"" + key + "\"}");
    return record == nullptr ? "no record" : engine::model::fields_json(record->fields);
  }
  std::size_t position(CallKind kind, const std::string& match) const {
    const auto& effects = world.target.effects;
    for (std::size_t i = 0; i < effects.size(); ++i) {
      if (effects[i].kind == kind && effects[i].match == "{\"code\":\"" + match + "\"}") return i;
    }
    return effects.size();
  }

  World world;
};

}  // namespace

TEST_CASE("a child waits for its parent, and goes as soon as the parent was delivered") {
  Family family;
  World& world = family.world;
  const auto child = world.plan(family.contact("P1", "C1"));
  const auto other = world.plan(family.company("C2"));
  world.start();
  world.settle();
  CHECK(world.state(child) == "pending");
  CHECK(world.delivery(child).reason == "waits for companies [\"C1\"], which is not at the target yet");
  CHECK(world.state(other) == "delivered");  // other keys go on

  world.plan(family.company("C1"));
  world.settle();
  CHECK(world.state(child) == "delivered");
  const std::string id = *world.journal().read()->deliveries.remote_id("crm", "companies", "{\"code\":\"C1\"}");
  CHECK(family.company_of("P1") == "{\"company\":\"" + id + "\"}");
  CHECK(*world.delivery(child).look_ups == "{\"companies [\\\"C1\\\"]\":\"" + id + "\"}");
}

TEST_CASE("a child and its parent that come together go in one run, whichever stands first") {
  Family family;
  World& world = family.world;
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 50; ++i) {
    const std::string n = std::to_string(i);
    ids.push_back(world.plan(family.contact("P" + n, "C" + n)));
    ids.push_back(world.plan(family.company("C" + n)));
  }
  world.start();
  world.settle();
  for (const auto id : ids) CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.size() == 100);
}

TEST_CASE("a child whose parent never comes is a dead letter that says so, after its limit and across a restart") {
  Family family;
  World& world = family.world;
  const auto child = world.plan(family.contact("P1", "C1"));
  world.start();
  world.pass(1'800'000);
  world.restart();
  world.pass(1'799'000);
  CHECK(world.state(child) == "pending");
  world.pass(2'000);
  CHECK(world.state(child) == "dead");
  CHECK(world.delivery(child).reason == "waited 1 h for companies [\"C1\"], which did not come to the target");
  CHECK(world.target.seen.empty());
}

TEST_CASE("a child that waits is woken after a restart, too") {
  Family family;
  World& world = family.world;
  const auto child = world.plan(family.contact("P1", "C1"));
  world.start();
  world.settle();
  world.restart();
  world.settle();
  world.plan(family.company("C1"));
  world.settle();
  CHECK(world.state(child) == "delivered");
}

TEST_CASE("a newer change of a child that waits takes its place") {
  Family family;
  World& world = family.world;
  const auto old = world.plan(family.contact("P1", "C1"));
  world.start();
  world.settle();
  const auto newer = world.plan(family.contact("P1", "C2"));
  world.plan(family.company("C2"));
  world.settle();
  CHECK(world.state(old) == "superseded");
  CHECK(world.state(newer) == "delivered");
}

TEST_CASE("a parent's delete waits for its children's deletes, and only for those") {
  Family family;
  World& world = family.world;
  for (const char* key : {"C1", "C2"}) world.plan(family.company(key));
  for (const char* key : {"P1", "P2"}) world.plan(family.contact(key, "C1"));
  world.start();
  world.settle();
  world.target.automatic = false;
  const auto parent = world.plan(family.gone("companies", "C1"));
  const auto lonely = world.plan(family.gone("companies", "C2"));
  const auto first = world.plan(family.gone("contacts", "P1"));
  world.settle();
  CHECK(world.delivery(parent).reason == "waits until contacts [\"P1\"] is deleted");
  while (world.target.waiting() > 0) {
    world.target.process(Fate::taken);
    world.settle();
  }
  for (const auto id : {parent, lonely, first}) CHECK(world.state(id) == "delivered");
  CHECK(family.position(CallKind::delete_, "P1") < family.position(CallKind::delete_, "C1"));
  CHECK(world.target.record("{\"code\":\"P2\"}") != nullptr);  // nobody asked for that
}

TEST_CASE("a parent that gets another id makes its children out of date, and a child gone for good none") {
  Family family;
  World& world = family.world;
  world.plan(family.company("C1"));
  for (const char* key : {"P1", "P2"}) world.plan(family.contact(key, "C1"));
  world.start();
  world.settle();
  world.plan(family.gone("contacts", "P2"));
  world.settle();
  world.target.records.erase("R1");  // somebody removed the company at the target
  Delivery again = family.company("C1");
  again.fields = R"({"name":"Verdi"})";
  world.plan(std::move(again));
  world.settle();
  CHECK(world.journal().read()->deliveries.outdated(world.id_of("contacts"), 10) ==
        std::vector<std::string>{"[\"P1\"]"});
}

TEST_CASE("a reference keeps the id under which its request went out, whatever the parent's id is by now") {
  Family family;
  World& world = family.world;
  world.plan(family.company("C1"));
  world.start();
  world.settle();
  world.target.object().consistent_after_ms = 2'000;
  world.target.script = {Fate::taken, Fate::taken_answer_lost};  // find, create
  const auto child = world.plan(family.contact("P1", "C1"));
  world.settle();
  REQUIRE(world.state(child) == "uncertain");
  world.write([&](engine::journal::Records& records) {
    records.deliveries.put_remote_id("crm", "companies", "{\"code\":\"C1\"}", "R99", 1);
  });
  world.pass(5'000);
  REQUIRE(world.state(child) == "delivered");
  const auto sent = world.journal().read()->deliveries.last_sent(world.id_of("contacts"), "[\"P1\"]");
  CHECK(*sent->fields == "{\"company\":\"R1\"}");
}

TEST_CASE("where a target tells no ids the parent's match value stands for one") {
  Family family;
  World& world = family.world;
  world.target.object() = {};
  make_upsert_object(world.target);
  world.target.object().match_is_id = true;
  world.write([&](engine::journal::Records& records) {
    records.deliveries.put_last_sent({.pipeline_id = world.id_of("companies"),
                                      .key = "[\"C1\"]",
                                      .connection = "crm",
                                      .object = "companies",
                                      .match = "{\"code\":\"erp-C1\"}",
                                      .fields = "{}",
                                      .live = true});
  });
  const auto child = world.plan(family.contact("P1", "C1"));
  world.start();
  world.settle();
  CHECK(world.state(child) == "delivered");
  CHECK(family.company_of("P1") == R"({"company":"erp-C1"})");
}

TEST_CASE("the id of a parent whose upsert told none is looked up, for the children that wait for it") {
  Family family;
  World& world = family.world;
  world.target.object() = {};
  make_upsert_object(world.target);
  world.target.offers(CallKind::find);
  world.target.tells_ids = false;
  const auto child = world.plan(family.contact("P1", "C1"));
  world.start();
  world.target.script = {Fate::taken, Fate::busy};  // upsert, find
  const auto parent = world.plan(family.company("C1"));
  world.settle();
  CHECK(world.state(child) == "pending");
  world.restart();
  world.pass(60'000);
  CHECK(world.state(parent) == "delivered");
  CHECK(world.state(child) == "delivered");
  const std::string id = *world.journal().read()->deliveries.remote_id("crm", "companies", "{\"code\":\"C1\"}");
  CHECK(family.company_of("P1") == "{\"company\":\"" + id + "\"}");
  CHECK(world.target.effects.size() == 2);  // the parent was not written again

  const int looked = world.target.count_seen(CallKind::find);
  Delivery again = family.company("C1");
  again.fields = R"({"name":"Verdi"})";
  world.plan(std::move(again));
  world.settle();
  CHECK(world.target.count_seen(CallKind::find) == looked);
}

TEST_CASE("a parent that a search does not show yet is looked for until it does") {
  Family family;
  World& world = family.world;
  world.target.object() = {};
  make_upsert_object(world.target);
  world.target.offers(CallKind::find);
  world.target.object().consistent_after_ms = 10'000;
  world.target.tells_ids = false;
  world.target.clock = &world.time;
  world.target.find_lags_ms = 25'000;
  world.start();
  const auto child = world.plan(family.contact("P1", "C1"));
  world.plan(family.company("C1"));
  world.pass(15'000);
  CHECK(world.state(child) == "pending");
  world.pass(60'000);
  CHECK(world.state(child) == "delivered");
}

TEST_CASE("a reference that is no key of the parent's table is a dead letter at once") {
  Family family;
  World& world = family.world;
  const std::string_view parts[] = {"C1", "7"};
  Delivery delivery = world.of_pipeline("contacts", "P1");
  delivery.fields = engine::model::fields_json(
      {{"company", engine::model::FieldScalar(engine::model::reference_text("companies", parts))}});
  const auto child = world.plan(std::move(delivery));
  world.start();
  world.settle();
  CHECK(world.state(child) == "dead");
  CHECK(world.delivery(child).reason == "companies [\"C1\",\"7\"] has not the form of a key of that pipeline's table");
}

TEST_CASE("a reference stands inside a text, in a list and as a number; what only looks like one is text") {
  const std::string_view key = "C1";
  const std::string reference = engine::model::reference_text("companies", {&key, 1});
  using engine::model::FieldScalar;
  engine::model::FieldMap fields{
      {"bind", FieldScalar("/accounts(" + reference + ")")},
      {"list", std::vector<FieldScalar>{FieldScalar(reference), FieldScalar(std::int64_t{1})}},
      {"number", FieldScalar(*engine::model::number_reference(reference))},
      {"text", FieldScalar("\x02 remote_id")},
  };
  CHECK(engine::model::may_hold_references(engine::model::fields_json(fields)));
  CHECK_FALSE(engine::model::number_reference("x" + reference));
  engine::model::put_in_ids(fields, [](const engine::model::Reference& one) {
    return std::optional(one.pipeline == "companies" && one.key == std::vector<std::string>{"C1"} ? "42" : "?");
  });
  CHECK(engine::model::fields_json(fields) ==
        R"json({"bind":"/accounts(42)","list":["42",1],"number":42,"text":"\u0002 remote_id"})json");
}

namespace {

void move_record(Family& family, const std::string& pipeline, const std::string& from, const std::string& to) {
  bool moved = false;
  family.world.write([&](engine::journal::Records& records) {
    moved = records.deliveries.move_record(family.world.id_of(pipeline), "[\"" + from + "\"]", "[\"" + to + "\"]");
  });
  REQUIRE(moved);
}

std::vector<std::string> outdated_contacts(Family& family) {
  return family.world.journal().read()->deliveries.outdated(family.world.id_of("contacts"), 10);
}

}  // namespace

TEST_CASE("references go with a record whose row gets another key, on either side") {
  Family family;
  World& world = family.world;
  world.plan(family.company("C1"));
  for (const char* contact : {"P1", "P2"}) world.plan(family.contact(contact, "C1"));
  world.start();
  world.settle();
  const std::size_t effects = world.target.effects.size();
  move_record(family, "companies", "C1", "C9");
  move_record(family, "contacts", "P1", "P9");
  const auto same = world.plan(family.contact("P2", "C9"));
  world.settle();
  CHECK(world.state(same) == "skipped");
  CHECK(world.target.effects.size() == effects);

  // The company is made anew at the target, and has another id.
  world.target.records.erase("R1");
  Delivery again = family.company("C9");
  again.fields = R"({"name":"Verdi"})";
  world.plan(std::move(again));
  world.settle();
  CHECK(outdated_contacts(family) == std::vector<std::string>{"[\"P2\"]", "[\"P9\"]"});
}

TEST_CASE("references that are sent while their row gets another key are the new key's") {
  Family family;
  World& world = family.world;
  world.plan(family.company("C1"));
  world.start();
  world.settle();
  world.target.automatic = false;
  world.plan(family.contact("P1", "C1"));
  world.settle();
  move_record(family, "contacts", "P1", "P9");
  world.target.automatic = true;
  while (world.target.waiting() > 0) {
    world.target.process(Fate::taken);
    world.settle();
  }
  world.write([&](engine::journal::Records& records) { records.deliveries.outdate_look_ups(world.id_of("companies"), "[\"C1\"]", "another"); });
  CHECK(outdated_contacts(family) == std::vector<std::string>{"[\"P9\"]"});
}
