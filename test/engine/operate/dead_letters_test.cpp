#include "engine/operate/dead_letters.h"

#include <doctest/doctest.h>

#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using namespace engine::operate;

namespace {

/// Deliveries of so many records, all dead.
std::vector<std::int64_t> dead_letters(test::SmallJournal& world, int number) {
  std::vector<std::int64_t> ids;
  for (int i = 0; i < number; ++i) {
    const std::string code = "C" + std::to_string(i);
    world.plan(world.change(code, std::nullopt, test::image(code, "S", "1.00")));
    journal::Delivery delivery = world.deliveries(code).front();
    delivery.state = journal::DeliveryState::dead;
    world.journal().write([&](journal::Records& records) { records.deliveries.update(delivery); });
    ids.push_back(delivery.id);
  }
  return ids;
}

settings::Instance small_instance() {
  settings::Instance instance;
  instance.pipelines.emplace("to_shop", test::small_pipeline("to_shop"));
  return instance;
}

bool always(std::int64_t, std::int64_t) { return true; }

}  // namespace

TEST_CASE("of many that are retried, one that cannot be undoes none of the others") {
  test::SmallJournal world;
  Decision decision;
  decision.ids = dead_letters(world, 3);
  decision.ids.insert(decision.ids.begin() + 1, 999);
  const auto decided = decide(world.journal(), small_instance(), decision, "ann", world.clock, always);
  REQUIRE(decided.size() == 4);
  for (const Decided& each : decided) {
    CHECK(each.done == (each.id != 999));
    CHECK_MESSAGE(each.what.find(each.done ? "takes its place" : "there is no delivery 999") != std::string::npos, each.what);
  }
  for (const char* code : {"C0", "C1", "C2"}) {
    const auto all = world.deliveries(code);
    REQUIRE(all.size() == 2);
    CHECK(all[0].state == journal::DeliveryState::superseded);
    CHECK(all[1].state == journal::DeliveryState::pending);
  }
}

TEST_CASE("whoever decides about many is told how far it is, and may stop") {
  test::SmallJournal world;
  Decision decision{.action = Decision::Action::discard};
  decision.ids = dead_letters(world, 2);
  std::int64_t total = 0;
  const auto decided = decide(world.journal(), small_instance(), decision, "ann", world.clock, [&](std::int64_t, std::int64_t all) {
    total = all;
    return false;
  });
  CHECK(total == 2);
  CHECK(decided.empty());
  CHECK(world.deliveries("C0").front().state == journal::DeliveryState::dead);
}

TEST_CASE("what a person says was not delivered waits for the end of its pipeline's pause") {
  test::SmallJournal world;
  world.plan(world.change("C1", std::nullopt, test::image("C1", "S", "1.00")));
  journal::Delivery delivery = world.deliveries("C1").front();
  delivery.state = journal::DeliveryState::uncertain;
  world.journal().write([&](journal::Records& records) {
    records.deliveries.update(delivery);
    records.pauses.put({journal::PauseKind::pipeline, "to_shop", "anna", "", 1});
  });
  const Decision decision{.settled = Decision::Settled::not_delivered, .ids = {delivery.id}};
  const auto decided = decide(world.journal(), small_instance(), decision, "ann", world.clock, always);
  REQUIRE(decided.size() == 1);
  CHECK(decided[0].what == "sent again under its key when the pause ends");
  CHECK(world.deliveries("C1").front().state == journal::DeliveryState::held);
  world.journal().write([](journal::Records& records) { records.pauses.remove(journal::PauseKind::pipeline, "to_shop", 2); });
  CHECK(world.deliveries("C1").front().state == journal::DeliveryState::pending);
}
