// Two rows that stand for one record: at once, or one after the other when a key changed.
#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {

const std::string a = R"({"name":"A"})";
const std::string b = R"({"name":"B"})";
const std::string match = R"({"code":"X"})";

}  // namespace

TEST_CASE("a record that another row stands for stays when the row goes that made it, and goes with the last of them") {
  World world;
  SUBCASE("where records are upserted") { make_upsert_object(world.target); }
  SUBCASE("where records are looked up, made and changed") { make_ticket_object(world.target); }
  world.start();
  world.plan("K1", a, "X");
  world.settle();
  world.plan("K2", b, "X");
  const auto gone = world.plan_delete("K1", "X");
  world.settle();
  CHECK(world.state(gone) == "skipped");
  CHECK(world.delivery(gone).reason == "another row stands for the record now");
  CHECK_FALSE(world.last_sent("K1")->live);
  REQUIRE(world.target.record(match) != nullptr);
  CHECK(world.target.record(match)->fields == engine::model::fields_from_json(b));
  const auto last = world.plan_delete("K2", "X");
  world.settle();
  CHECK(world.state(last) == "delivered");
  CHECK(world.target.record(match) == nullptr);
}

TEST_CASE("a record that no other row stands for any more goes with its row") {
  World world;
  make_upsert_object(world.target);
  world.start();
  world.plan("K1", a, "X");
  world.plan("K2", a, "Y");
  world.settle();
  const auto gone = world.plan_delete("K1", "X");
  world.settle();
  CHECK(world.state(gone) == "delivered");
  CHECK(world.target.record(match) == nullptr);
}
