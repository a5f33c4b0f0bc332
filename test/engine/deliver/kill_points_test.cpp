#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {

/// The whole life of two records, killed after `commits` of the loop's commits. Returns whether it got that far.
bool live_and_die(const std::function<void(FakeTarget&)>& make, int commits, Fate under_way, bool with_comment) {
  World world;
  make(world.target);
  world.target.automatic = false;
  const auto plan_all = [&](int round) {
    for (const std::string key : {"K1", "K2"}) {
      auto delivery = world.delivery_for(key, "");
      delivery.fields = "{\"n\":" + std::to_string(round) + "}";
      if (with_comment) delivery.comment = "round " + std::to_string(round);
      world.plan(delivery);
    }
  };
  bool died = false;
  world.start();
  plan_all(1);
  for (int round = 1; round <= 2; ++round) {
    while (true) {
      if (!died && world.commits == commits) {
        died = true;
        world.kill(under_way);
        world.start();
      }
      if (world.target.waiting() > 0) {
        world.target.process(Fate::taken);
      } else if (!world.step([](std::size_t) { return 0; })) {
        break;
      }
    }
    world.target.automatic = true;
    world.pass(30'000);
    world.target.automatic = false;
    if (round == 1) plan_all(2);
  }
  world.target.automatic = true;
  world.pass(60'000);

  INFO("killed after commit ", commits);
  CHECK(world.target.records.size() == 2);
  std::map<std::string, int> creates;
  for (const auto& effect : world.target.effects) {
    if (effect.kind == CallKind::create) CHECK(++creates[effect.idempotency_key] == 1);
  }
  for (const auto& [id, record] : world.target.records) {
    CHECK(engine::model::fields_json(record.fields) == "{\"n\":2}");
    if (with_comment) CHECK(record.comments.size() == 2);
  }
  return died;
}

void die_everywhere(const std::function<void(FakeTarget&)>& make, bool with_comment) {
  for (const Fate fate : {Fate::lost, Fate::taken_answer_lost}) {
    int commits = 0;
    while (live_and_die(make, commits, fate, with_comment)) ++commits;
    CHECK(commits >= 4);
  }
}

}  // namespace

TEST_CASE("killed after any commit, a keyed API ends as wanted") { die_everywhere(make_upsert_object, false); }

TEST_CASE("killed after any commit, an API that honours idempotency keys sees each effect once") {
  die_everywhere(make_repeat_safe_object, false);
}

TEST_CASE("killed after any commit, records that travel together end as those that go alone") {
  const auto together = [](FakeTarget& target) {
    for (auto& [kind, traits] : target.object().calls) {
      if (kind == CallKind::create || kind == CallKind::update) traits.records_max = 10;
    }
  };
  die_everywhere([&](FakeTarget& target) { make_ticket_object(target); together(target); }, true);
  die_everywhere([&](FakeTarget& target) { make_repeat_safe_object(target); together(target); }, false);
}

TEST_CASE("killed after any commit, jobs of the target are waited for, and none is begun twice") {
  die_everywhere([](FakeTarget& target) { make_ticket_object(target); target.polls_of_job = 2; }, true);
  die_everywhere([](FakeTarget& target) { make_upsert_object(target); target.polls_of_job = 2; }, false);
}

TEST_CASE("killed after any commit, a ticket system has no doubles, neither tickets nor comments") {
  die_everywhere([](FakeTarget& target) { make_ticket_object(target, ReadBack::always); }, true);
}
