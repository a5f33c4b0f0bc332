// `dry_run: true` on a connection: everything is decided, nothing leaves.
#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {
const std::string a = R"({"name":"A"})";
}

TEST_CASE("a dry run keeps the request it would have sent, sends none, and remembers nothing as sent") {
  World world;
  SUBCASE("an upsert") { make_upsert_object(world.target); }
  SUBCASE("a record that would be looked for first") { make_ticket_object(world.target); }
  world.options.dry_run = true;
  const auto id = world.plan("K1", a);
  world.start();
  world.pass(60'000);
  CHECK(world.state(id) == "suppressed");
  CHECK(world.delivery(id).reason == "dry_run");
  CHECK(world.delivery(id).frozen.has_value());
  CHECK(world.attempts(id).empty());
  CHECK(world.target.seen.empty());
  CHECK_FALSE(world.last_sent("K1").has_value());
}

TEST_CASE("without dry_run the same fields, planned again, are sent") {
  World world;
  make_upsert_object(world.target);
  world.options.dry_run = true;
  world.plan("K1", a);
  world.start();
  world.settle();
  world.options.dry_run = false;
  world.restart();
  const auto id = world.plan("K1", a);
  world.settle();
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("what may already be at the target stays open through a dry run, and is settled after it") {
  World world;
  make_ticket_object(world.target);
  world.target.object().consistent_after_ms = 60'000;
  world.target.script = {Fate::taken, Fate::taken_answer_lost};
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  REQUIRE(world.state(id) == "uncertain");
  world.options.dry_run = true;
  world.restart();
  world.pass(120'000);
  CHECK(world.state(id) == "uncertain");
  world.options.dry_run = false;
  world.restart();
  world.pass(120'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("in a dry run nothing is read before it would be overwritten") {
  World world;
  make_ticket_object(world.target);
  world.pipeline.drift = {{"phone", engine::settings::OnDrift::keep}};
  world.start();
  world.plan("C1", R"({"phone":"1"})");
  world.settle();
  world.kill();
  world.target.seen.clear();
  world.options.dry_run = true;
  world.start();
  const auto id = world.plan("C1", R"({"phone":"2"})");
  world.settle();
  CHECK(world.state(id) == "suppressed");
  CHECK(world.target.seen.empty());
}
