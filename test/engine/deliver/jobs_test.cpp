// Calls that the target answers with a job, and carries out later.
#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {

void make_job_object(FakeTarget& target) {
  make_ticket_object(target);
  target.polls_of_job = 3;
}

}  // namespace

TEST_CASE("a job is asked for until it is over, and its end is the delivery's") {
  World world;
  make_job_object(world.target);
  const auto id = world.plan("K1", R"({"n":1})");
  world.start();
  world.pass(1'500);
  CHECK(world.state(id) == "in_flight");
  CHECK(world.delivery(id).step == "poll");
  world.pass(5'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.count_seen(CallKind::poll) == 3);
  const auto attempts = world.attempts(id);
  REQUIRE(attempts.size() == 3);
  CHECK(attempts[1].outcome == "accepted");
  CHECK(attempts[2].outcome == "delivered");
  world.plan("K1", R"({"n":2})");
  world.pass(10'000);
  CHECK(engine::model::fields_json(world.target.record(R"({"code":"K1"})")->fields) == R"({"n":2})");
}

TEST_CASE("records that began together are asked for together, and each has its own end") {
  World world;
  make_message_object(world.target);
  world.target.object().calls[CallKind::create].records_max = 100;
  world.target.polls_of_job = 3;
  world.options.in_flight = 100;
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(world.plan("K" + std::to_string(i), R"({"n":1})"));
  world.target.fate_of_match = {{R"({"code":"K7"})", Fate::refused}};
  world.start();
  world.pass(10'000);
  CHECK(world.target.count_seen(CallKind::create) == 1);
  CHECK(world.target.count_seen(CallKind::poll) == 3);
  for (int i = 0; i < 50; ++i) CHECK(world.state(ids[static_cast<std::size_t>(i)]) == (i == 7 ? "dead" : "delivered"));
}

TEST_CASE("killed while a job is under way, the poll goes on, and nothing is made twice") {
  World world;
  make_message_object(world.target);
  world.target.object().calls[CallKind::create].records_max = 100;
  world.target.polls_of_job = 30;
  world.options.in_flight = 100;
  for (int i = 0; i < 5; ++i) world.plan("K" + std::to_string(i), R"({"n":1})");
  world.start();
  world.pass(3'000);
  world.restart();
  world.pass(60'000);
  CHECK(world.target.count_seen(CallKind::create) == 1);
  CHECK(world.target.records.size() == 5);
  for (int i = 1; i <= 5; ++i) CHECK(world.state(i) == "delivered");
}

TEST_CASE("a target that does not answer is asked for the job again when it is back") {
  World world;
  make_job_object(world.target);
  const auto id = world.plan("K1", R"({"n":1})");
  world.start();
  world.pass(1'500);
  world.target.otherwise = Fate::unreachable;
  world.pass(600'000);
  CHECK(world.state(id) == "in_flight");
  world.target.otherwise = Fate::taken;
  world.pass(60'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.count_seen(CallKind::create) == 1);
}
