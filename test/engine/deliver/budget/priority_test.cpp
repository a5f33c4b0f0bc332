#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;
using engine::settings::Priority;

namespace {

/// A target that takes ten a second, and three pipelines that want to write more.
struct Rivals {
  Rivals() {
    make_upsert_object(world.target);
    world.options.in_flight = 4;
    world.options.budgets[""].allowances["per_second"] = {.requests = 10};
    world.pipeline.priority = Priority::low;
    world.other_pipelines[100] = {.name = "urgent", .priority = Priority::high};
    world.other_pipelines[101] = {.name = "ordinary"};
  }
  void plan(std::int64_t pipeline, const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      auto delivery = world.delivery_for(prefix + std::to_string(i), "");
      delivery.pipeline_id = pipeline;
      delivery.fields = R"({"n":1})";
      world.plan(std::move(delivery));
    }
  }
  int arrived(const std::string& prefix) const {
    int number = 0;
    for (const auto& effect : world.target.effects) number += effect.match.find("\"" + prefix) != std::string::npos ? 1 : 0;
    return number;
  }
  World world;
};

}  // namespace

TEST_CASE("what is urgent overtakes a thousand that wait already, and those still get their share") {
  Rivals rivals;
  rivals.plan(rivals.world.pipeline_id, "low", 1'000);
  rivals.world.start();
  rivals.world.pass(2'100);
  const int before = rivals.arrived("low");
  CHECK(before >= 20);
  rivals.plan(100, "high", 40);
  rivals.world.pass(5'000);
  CHECK(rivals.arrived("high") == 40);
  const int share = rivals.arrived("low") - before;
  CHECK(share >= 2);
  CHECK(share <= 12);
}

TEST_CASE("as long as urgent work comes, the least urgent does not starve") {
  Rivals rivals;
  rivals.plan(100, "high", 1'000);
  rivals.plan(101, "mid", 1'000);
  rivals.plan(rivals.world.pipeline_id, "low", 1'000);
  rivals.world.start();
  rivals.world.pass(20'000);
  CHECK(rivals.arrived("low") >= 8);
  CHECK(rivals.arrived("mid") >= 2 * rivals.arrived("low") - 2);
  CHECK(rivals.arrived("high") >= 5 * rivals.arrived("mid"));
}

TEST_CASE("a budget of some calls that is used up keeps no others back, however many wait for it") {
  World world;
  make_ticket_object(world.target);
  auto& search = world.options.budgets["search"];
  search.name = "search";
  search.calls = {CallKind::find};
  search.allowances["per_second"] = {.requests = 5};
  for (int i = 0; i < 400; ++i) world.plan("new" + std::to_string(i), R"({"n":1})");
  world.start();
  world.pass(10'000);
  CHECK(world.target.count_seen(CallKind::find) >= 50);
  CHECK(world.target.count_seen(CallKind::find) <= 56);
  // A record whose id is known needs no search.
  const auto known = world.plan("new0", R"({"n":2})");
  world.pass(100);
  CHECK(world.state(known) == "delivered");
  world.pass(80'000);
  CHECK(world.target.records.size() == 400);
}

TEST_CASE("a day's budget goes on over a restart, and status tells until when it is waited for") {
  World world;
  make_upsert_object(world.target);
  world.options.budgets[""].allowances["per_day"] = {.requests = 30, .in_ms = 86'400'000};
  for (int i = 0; i < 50; ++i) world.plan("K" + std::to_string(i), R"({"n":1})");
  world.start();
  world.pass(60'000);
  CHECK(world.target.effects.size() == 30);
  CHECK(world.loop->status().reason.find("waits for its budget (connection) until 2026-11-") == 0);
  world.restart();
  world.pass(3'600'000);
  CHECK(world.target.effects.size() == 30);
  CHECK(world.loop->status().state == "running");
  world.pass(86'400'000);
  CHECK(world.target.effects.size() == 50);
  CHECK(world.loop->status().reason.empty());
}

TEST_CASE("while all places in flight are taken, nobody looks at the clock for what is parked") {
  World world;
  make_ticket_object(world.target);
  auto& search = world.options.budgets["search"];
  search.name = "search";
  search.calls = {CallKind::find};
  search.allowances["per_second"] = {.requests = 2};
  world.options.in_flight = 2;
  world.target.automatic = false;
  for (int i = 0; i < 20; ++i) world.plan("K" + std::to_string(i), R"({"n":1})");
  world.start();
  world.settle();
  REQUIRE(world.target.waiting() == 2);
  world.time.advance(5'000);
  world.settle();
  CHECK(world.loop->wait_ms() >= 500);
  world.target.automatic = true;
  while (world.target.waiting() > 0) world.target.process(Fate::taken);
  world.pass(30'000);
  CHECK(world.target.records.size() == 20);
}
