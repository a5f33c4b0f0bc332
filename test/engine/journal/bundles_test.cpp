#include "engine/journal/delivery/bundles.h"

#include <doctest/doctest.h>

#include "engine/journal/connection.h"
#include "test/engine/journal/temporary_journal.h"

namespace engine::journal {
namespace {

using test::TemporaryFolder;

struct Bundled {
  TemporaryFolder folder;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Records> records;
  std::int64_t pipeline_id = 0;

  Bundled() {
    Journal::open({.path = folder.journal()});
    connection = std::make_unique<Connection>(folder.journal().string(), Connection::Mode::read_write);
    records = std::make_unique<Records>(*connection);
    pipeline_id = records->pipelines.ensure("customers", 1, 0).id;
  }

  std::int64_t bundle(const std::string& transaction = "7") {
    return records->bundles.add({.pipeline_id = pipeline_id, .cycle_id = 3, .source_transaction = transaction, .changes = 2});
  }
  std::int64_t plan(const std::string& key, std::optional<std::int64_t> bundle_id) {
    return records->deliveries.plan({.pipeline_id = pipeline_id,
                                     .key = key,
                                     .connection = "crm",
                                     .object = "companies",
                                     .match = "{\"code\":" + key + "}",
                                     .fields = "{}",
                                     .bundle_id = bundle_id});
  }
  void set(std::int64_t id, DeliveryState state) {
    Delivery delivery = *records->deliveries.find(id);
    delivery.state = state;
    records->deliveries.update(delivery);
  }
  std::string hold(std::int64_t bundle_id) {
    const auto hold = records->bundles.hold(bundle_id);
    return hold ? std::to_string(hold->member.id) + " " + hold->reason : "";
  }
};

TEST_CASE("a bundle that nothing holds begins, once") {
  Bundled world;
  const std::int64_t bundle = world.bundle();
  world.plan("1", bundle);
  world.plan("2", bundle);
  CHECK(world.hold(bundle).empty());
  CHECK(world.records->bundles.begin(bundle));
  CHECK_FALSE(world.records->bundles.begin(bundle));
  CHECK(world.records->bundles.find(bundle)->state == BundleState::begun);
}

TEST_CASE("a bundle is held by a row of it that is dead or held, or that stands behind another delivery of its record") {
  Bundled world;
  const std::int64_t before = world.plan("2", std::nullopt);
  const std::int64_t bundle = world.bundle();
  const std::int64_t first = world.plan("1", bundle);
  CHECK(world.hold(bundle).empty());
  for (const DeliveryState state : {DeliveryState::dead, DeliveryState::held}) {
    world.set(first, state);
    CHECK(world.hold(bundle) == std::to_string(first) + " is " + std::string(name_of(state)));
    CHECK_FALSE(world.records->bundles.begin(bundle));
  }
  world.set(first, DeliveryState::pending);
  world.set(before, DeliveryState::in_flight);
  const std::int64_t second = world.plan("2", bundle);
  CHECK(world.hold(bundle) == std::to_string(second) + " stands behind delivery " + std::to_string(before) + " (2)");
  world.set(before, DeliveryState::delivered);
  CHECK(world.records->bundles.begin(bundle));
}

TEST_CASE("a bundle of a row waits until the earlier one is over, whatever became of the row itself; then it is found behind it") {
  Bundled world;
  const std::int64_t earlier = world.bundle("7");
  const std::int64_t done = world.plan("1", earlier);
  const std::int64_t open = world.plan("2", earlier);
  REQUIRE(world.records->bundles.begin(earlier));
  world.set(done, DeliveryState::delivered);
  const std::int64_t later = world.bundle("8");
  const std::int64_t waits = world.plan("1", later);
  world.plan("3", later);
  CHECK(world.hold(later) == std::to_string(waits) + " stands behind an earlier transaction that is not all delivered");
  CHECK(world.records->bundles.behind(earlier).empty());
  world.set(open, DeliveryState::dead);
  CHECK(world.hold(later).empty());
  const auto behind = world.records->bundles.behind(earlier);
  REQUIRE(behind.size() == 1);
  CHECK(behind.front().id == waits);
}

TEST_CASE("a bundle of which all is dead before it was sent holds the next one until a person has decided") {
  Bundled world;
  const std::int64_t earlier = world.bundle("7");
  const std::int64_t dead = world.plan("1", earlier);
  world.set(dead, DeliveryState::dead);
  const std::int64_t later = world.bundle("8");
  const std::int64_t waits = world.plan("1", later);
  CHECK(world.hold(later) == std::to_string(waits) + " stands behind an earlier transaction that is not all delivered");
  CHECK(world.records->bundles.keeps_place(*world.records->deliveries.find(dead)));
  world.set(dead, DeliveryState::rejected);
  CHECK(world.hold(later).empty());
}

TEST_CASE("a dead one that something newer of its row has overtaken does not get its place back") {
  Bundled world;
  const std::int64_t bundle = world.bundle();
  const std::int64_t dead = world.plan("1", bundle);
  world.set(dead, DeliveryState::dead);
  world.plan("1", std::nullopt);
  CHECK_FALSE(world.records->bundles.keeps_place(*world.records->deliveries.find(dead)));
}

TEST_CASE("what waits in a bundle keeps its place when its row is planned anew; within the bundle the newer state replaces it") {
  Bundled world;
  const std::int64_t bundle = world.bundle();
  const std::int64_t first = world.plan("1", bundle);
  world.plan("1", std::nullopt);
  CHECK(world.records->deliveries.find(first)->state == DeliveryState::pending);
  const std::int64_t other = world.bundle("8");
  const std::int64_t replaced = world.plan("2", other);
  const std::int64_t newest = world.plan("2", other);
  CHECK(world.records->deliveries.find(replaced)->superseded_by == newest);
}

TEST_CASE("retention forgets a bundle when none of its deliveries is left, and the ties of a cycle with the cycle") {
  Bundled world;
  const std::int64_t cycle = world.records->cycles.start(1, "tail", 0);
  world.records->cycles.tie(cycle, "7", "8");
  world.records->cycles.close(cycle, 0);
  const std::int64_t over = world.bundle(), waits = world.bundle();
  const std::int64_t ended = world.plan("1", over);
  world.plan("2", waits);
  world.set(ended, DeliveryState::delivered);
  const std::map<std::int64_t, std::int64_t> mapped;
  for (int round = 0; round < 2; ++round) {
    Sweep sweep;
    while (!sweep.done) world.records->retention.step(sweep, {1'000, 1'000'000}, mapped, 10);
  }
  CHECK_FALSE(world.records->bundles.find(over));
  CHECK(world.records->bundles.find(waits));
  CHECK(world.records->cycles.ties(cycle).empty());
}

}  // namespace
}  // namespace engine::journal
