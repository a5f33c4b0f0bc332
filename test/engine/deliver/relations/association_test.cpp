#include <doctest/doctest.h>

#include "engine/deliver/association.h"
#include "test/engine/deliver/objects.h"

using namespace test;
using engine::deliver::next_association;

namespace {

engine::model::FieldMap fields(const std::string& json) { return engine::model::fields_from_json(json); }

std::string related(const std::string& name, const std::string& company, const std::string& owner) {
  return "{\"->company\":" + company + ",\"->owner\":" + owner + ",\"name\":\"" + name + "\"}";
}

World& with_associations(World& world) {
  make_ticket_object(world.target);
  world.target.offers(CallKind::associate);
  return world;
}

std::set<std::string> associations_of(const World& world) { return world.target.records.begin()->second.associations; }

}  // namespace

TEST_CASE("relations are made after the record, each by a call of its own, and the record's fields do not hold them") {
  World world;
  with_associations(world);
  const auto id = world.plan("K1", related("A", "\"C1\"", "\"U1\""));
  world.start();
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(associations_of(world) == std::set<std::string>{"company:C1", "owner:U1"});
  CHECK(world.target.records.begin()->second.fields == fields(R"({"name":"A"})"));
  CHECK(world.last_sent("K1")->fields == related("A", "\"C1\"", "\"U1\""));
  std::vector<std::string> steps;
  for (const auto& attempt : world.attempts(id)) steps.push_back(attempt.step);
  CHECK(steps == std::vector<std::string>{"find", "create", "associate", "associate"});
}

TEST_CASE("only the relation that changed is made, without writing the record") {
  World world;
  with_associations(world);
  world.plan("K1", related("A", "\"C1\"", "\"U1\""));
  world.start();
  world.settle();
  const auto id = world.plan("K1", related("A", "\"C2\"", "\"U1\""));
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.attempts(id).size() == 1);
  CHECK(world.target.effects.back().match == "company:C2");
  const auto same = world.plan("K1", related("A", "\"C2\"", "\"U1\""));
  world.settle();
  CHECK(world.state(same) == "skipped");
}

TEST_CASE("where the target can end a relation, the old one is ended first") {
  World world;
  with_associations(world).target.offers(CallKind::dissociate);
  world.plan("K1", related("A", "\"C1\"", "null"));
  world.start();
  world.settle();
  world.plan("K1", related("A", "\"C2\"", "null"));
  world.settle();
  CHECK(associations_of(world) == std::set<std::string>{"company:C2"});
  const auto cleared = world.plan("K1", related("A", "null", "null"));
  world.settle();
  CHECK(world.state(cleared) == "delivered");
  CHECK(associations_of(world).empty());
}

TEST_CASE("a relation that is refused is a dead letter; the next delivery makes it, and writes no record again") {
  World world;
  with_associations(world);
  world.target.script = {Fate::taken, Fate::taken, Fate::refused};  // find, create, associate
  const auto id = world.plan("K1", related("A", "\"C1\"", "null"));
  world.start();
  world.settle();
  CHECK(world.state(id) == "dead");
  CHECK(world.last_sent("K1")->fields == R"({"name":"A"})");
  const auto again = world.plan("K1", related("A", "\"C1\"", "null"));
  world.settle();
  CHECK(world.state(again) == "delivered");
  CHECK(world.target.count_seen(CallKind::create) == 1);
  CHECK(world.target.count_seen(CallKind::update) == 0);
  CHECK(associations_of(world) == std::set<std::string>{"company:C1"});
}

TEST_CASE("a kill between record and relations leaves none out and writes the record once") {
  for (int commits = 1; commits < 12; ++commits) {
    CAPTURE(commits);
    World world;
    with_associations(world);
    const auto id = world.plan("K1", related("A", "\"C1\"", "\"U1\""));
    world.start();
    while (world.commits < commits && world.step([](std::size_t) { return 0; })) continue;
    world.restart();
    world.pass(60'000);
    CHECK(world.state(id) == "delivered");
    CHECK(world.target.records.size() == 1);
    CHECK(associations_of(world) == std::set<std::string>{"company:C1", "owner:U1"});
  }
}

TEST_CASE("an answer to a relation that was lost is asked for again under the same key") {
  World world;
  with_associations(world);
  world.target.script = {Fate::taken, Fate::taken, Fate::taken_answer_lost};
  const auto id = world.plan("K1", related("A", "\"C1\"", "null"));
  world.start();
  world.pass(10'000);
  CHECK(world.state(id) == "delivered");
  REQUIRE(world.target.effects.size() == 3);
  CHECK(world.target.effects[1].idempotency_key == world.target.effects[2].idempotency_key);
  CHECK(world.target.effects[1].idempotency_key.ends_with("-associate-company"));
}

TEST_CASE("a relation that the mapping speaks of no more stays where the target cannot end it") {
  engine::model::ObjectTraits traits;
  traits.calls[CallKind::associate] = {};
  CHECK_FALSE(next_association(fields("{}"), fields(R"({"->company":"C1"})"), traits));
  traits.calls[CallKind::dissociate] = {};
  const auto next = next_association(fields("{}"), fields(R"({"->company":"C1"})"), traits);
  REQUIRE(next);
  CHECK(next->kind == CallKind::dissociate);
  CHECK(next->to == "C1");
}
