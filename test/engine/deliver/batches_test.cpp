// Journaled calls that travel together: each record has its own attempt and its own end.
#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {

std::string name_of(int i) { return "K" + std::to_string(i); }
std::string match_of(int i) { return "{\"code\":\"" + name_of(i) + "\"}"; }

void travel_together(FakeTarget& target, std::size_t records_max) {
  for (const CallKind kind : {CallKind::create, CallKind::update, CallKind::delete_}) {
    target.object().calls[kind].records_max = records_max;
  }
}

/// A hundred records that want to be made.
struct Hundred {
  explicit Hundred(std::function<void(FakeTarget&)> make, int in_flight) {
    make(world.target);
    world.options.in_flight = in_flight;
    for (int i = 0; i < 100; ++i) ids.push_back(world.plan(name_of(i), R"({"n":1})"));
  }
  int in_state(const std::string& state) {
    return static_cast<int>(std::count_if(ids.begin(), ids.end(), [&](auto id) { return world.state(id) == state; }));
  }
  std::int64_t id(int i) const { return ids[static_cast<std::size_t>(i)]; }

  World world;
  std::vector<std::int64_t> ids;
};

/// Nothing can be looked up there: all go in one request.
void make_blind_object(FakeTarget& target) {
  make_message_object(target);
  travel_together(target, 100);
}

/// Each is found first, and its create joins those whose look-ups ended with it.
void make_searched_object(FakeTarget& target) {
  make_ticket_object(target);
  travel_together(target, 10);
}

std::size_t largest(const FakeTarget& target, CallKind kind) {
  std::size_t most = 0;
  for (const auto& seen : target.seen) {
    if (seen.kind != kind) continue;
    std::size_t records = 0;
    for (std::size_t at = seen.request.find("\"key\":"); at != std::string::npos; at = seen.request.find("\"key\":", at + 1))
      ++records;
    most = std::max(most, records);
  }
  return most;
}

}  // namespace

TEST_CASE("of a batch of 100 each record ends by itself: 97 taken, one tried again, one dead, one unsure") {
  Hundred all(make_blind_object, 100);
  World& world = all.world;
  world.target.fate_of_match = {{match_of(3), Fate::busy}, {match_of(50), Fate::refused}, {match_of(99), Fate::lost}};
  world.start();
  world.settle();
  CHECK(largest(world.target, CallKind::create) == 100);
  CHECK(world.target.count_seen(CallKind::create) == 1);
  CHECK(all.in_state("delivered") == 97);
  CHECK(world.state(all.id(3)) == "pending");
  CHECK(world.state(all.id(50)) == "dead");
  CHECK(world.state(all.id(99)) == "uncertain");
  world.target.fate_of_match.clear();
  world.pass(60'000);
  CHECK(world.state(all.id(3)) == "delivered");
  CHECK(world.state(all.id(99)) == "uncertain");
  CHECK(world.target.records.size() == 98);
  CHECK(world.attempts(all.id(3)).size() == 2);
  CHECK(world.attempts(all.id(4)).size() == 1);
}

TEST_CASE("a record of a batch that is throttled waits, and no try is counted") {
  Hundred all(make_blind_object, 100);
  World& world = all.world;
  world.target.fate_of_match = {{match_of(3), Fate::throttled}};
  world.start();
  world.settle();
  CHECK(all.in_state("delivered") == 99);
  CHECK(world.state(all.id(3)) == "pending");
  CHECK(world.delivery(all.id(3)).tries == 0);
  world.target.fate_of_match.clear();
  world.pass(60'000);
  CHECK(all.in_state("delivered") == 100);
}

TEST_CASE("updates and deletes travel together, and what is newer comes after what is older") {
  Hundred all(make_searched_object, 16);
  World& world = all.world;
  world.start();
  world.settle();
  CHECK(largest(world.target, CallKind::create) == 10);
  for (int i = 0; i < 100; ++i) world.plan(name_of(i), R"({"n":2})");
  world.settle();
  CHECK(largest(world.target, CallKind::update) == 10);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(world.target.record(match_of(i)) != nullptr);
    CHECK(engine::model::fields_json(world.target.record(match_of(i))->fields) == R"({"n":2})");
    world.plan_delete(name_of(i));
  }
  world.settle();
  CHECK(largest(world.target, CallKind::delete_) == 10);
  CHECK(world.target.records.empty());
  CHECK(world.target.effects.size() == 300);
}

TEST_CASE("a batch refused as a whole is sent record by record, and nobody is made twice") {
  Hundred all(make_blind_object, 100);
  World& world = all.world;
  world.target.automatic = false;
  world.start();
  bool refused = false;
  for (int i = 0; i < 10'000; ++i) {
    if (world.target.waiting() > 0) {
      const bool is_batch = !refused && world.target.next_is(CallKind::create, 2);
      refused = refused || is_batch;
      world.target.process(is_batch ? Fate::refused : Fate::taken);
    } else if (!world.step([](std::size_t) { return 0; })) {
      break;
    }
  }
  CHECK(refused);
  CHECK(all.in_state("delivered") == 100);
  CHECK(world.target.records.size() == 100);
}

TEST_CASE("before a batch leaves, the attempt of each of its records is on disk, and a kill leaves each to itself") {
  Hundred all(make_blind_object, 100);
  World& world = all.world;
  world.target.automatic = false;
  world.start();
  while (!world.target.next_is(CallKind::create, 100)) REQUIRE(world.step([](std::size_t) { return 0; }));
  for (const auto id : all.ids) {
    CHECK(world.state(id) == "in_flight");
    CHECK(world.delivery(id).frozen.has_value());
    CHECK(world.delivery(id).step == "create");
  }
  world.kill(Fate::taken);
  world.target.automatic = true;
  world.start();
  world.pass(60'000);
  CHECK(all.in_state("uncertain") == 100);
  CHECK(world.target.records.size() == 100);
}

TEST_CASE("requests with more records than the target can do shrink until they are answered, and grow again") {
  Hundred all(
      [](FakeTarget& target) {
        make_upsert_object(target);
        target.object().calls[CallKind::upsert].records_max = 40;
        target.records_taken_max = 15;
      },
      1);
  World& world = all.world;
  world.start();
  world.pass(60'000);
  CHECK(all.in_state("delivered") == 100);
  CHECK(largest(world.target, CallKind::upsert) <= 15);
  world.target.records_taken_max = 1'000;
  for (int round = 2; round < 6; ++round) {
    for (int i = 0; i < 100; ++i) world.plan(name_of(i), "{\"n\":" + std::to_string(round) + "}");
    world.pass(1'000);
  }
  CHECK(largest(world.target, CallKind::upsert) == 40);
}

TEST_CASE("a request that failed counts once against the connection, however many records were in it") {
  Hundred all(make_blind_object, 100);
  World& world = all.world;
  world.target.script = {Fate::busy};
  world.start();
  world.settle();
  CHECK(world.loop->status().state == "running");
}

TEST_CASE("a process that stops while a batch waits for look-ups sends what it has begun") {
  World world;
  make_searched_object(world.target);
  world.target.automatic = false;
  const auto id = world.plan("K1", R"({"n":1})");
  world.start();
  world.settle();
  world.loop->drain();
  REQUIRE(world.target.next_is(CallKind::find, 1));
  world.target.process(Fate::taken);
  world.settle();
  REQUIRE(world.target.next_is(CallKind::create, 1));
  world.target.process(Fate::taken);
  world.settle();
  CHECK(world.loop->is_idle());
  CHECK(world.state(id) == "delivered");
}

TEST_CASE("records of a batch that was refused as a whole are not uncertain when the process ends before they go alone") {
  World world;
  world.target.offers(CallKind::create, {.records_max = 3});
  world.target.automatic = false;
  std::vector<std::int64_t> ids;
  for (const char* key : {"K1", "K2", "K3"}) ids.push_back(world.plan(key, R"({"name":"A"})"));
  world.start();
  world.settle();
  REQUIRE(world.target.next_is(CallKind::create, 3));
  world.loop->drain();
  world.target.process(Fate::refused);
  world.settle();
  CHECK(world.loop->is_idle());
  for (const auto id : ids) {
    CHECK(world.state(id) == "pending");
    CHECK(world.attempts(id).size() == 1);
  }
  world.kill();
  world.target.automatic = true;
  world.start();
  world.pass(60'000);
  for (const auto id : ids) CHECK(world.state(id) == "delivered");
  CHECK(world.target.effects.size() == 3);
}

TEST_CASE("records that were read one by one before they are overwritten are written together") {
  World world;
  make_ticket_object(world.target);
  world.pipeline.drift = {{"phone", engine::settings::OnDrift::keep}};
  world.start();
  for (int i = 0; i < 4; ++i) world.plan("C" + std::to_string(i), R"({"phone":"1"})");
  world.settle();
  world.kill();
  world.target.offers(CallKind::update, {.records_max = 10});
  world.target.seen.clear();
  world.start();
  for (int i = 0; i < 4; ++i) world.plan("C" + std::to_string(i), R"({"phone":"2"})");
  world.pass(1'000);
  CHECK(world.target.count_seen(CallKind::read_back) == 4);
  CHECK(world.target.count_seen(CallKind::update) == 1);
}
