#include <doctest/doctest.h>

#include "test/engine/deliver/objects.h"

using namespace test;
using engine::settings::WriteMode;

namespace {

const std::string a = R"({"name":"A","size":"1"})";
const std::string b = R"({"name":"B","size":"1"})";

engine::model::FieldMap fields(const std::string& json) { return engine::model::fields_from_json(json); }

/// A record that somebody else made.
void put_foreign(World& world, const std::string& key) {
  world.target.records["F1"] = {.object = "companies", .match = "{\"code\":\"" + key + "\"}", .fields = fields(R"({"name":"old"})")};
}

}  // namespace

TEST_CASE("create_only: a record that is there is left alone and counted as skipped, one that is not is made once") {
  World world;
  make_ticket_object(world.target);
  world.pipeline.mode = WriteMode::create_only;
  put_foreign(world, "K1");
  const auto there = world.plan("K1", a);
  const auto made = world.plan("K2", a);
  world.start();
  world.settle();
  CHECK(world.state(there) == "skipped");
  CHECK(world.delivery(there).reason == "the record is there, and the pipeline only creates");
  CHECK(world.target.records.at("F1").fields == fields(R"({"name":"old"})"));
  CHECK(world.state(made) == "delivered");
  const auto later = world.plan("K2", b);
  world.settle();
  CHECK(world.state(later) == "skipped");
  CHECK(world.target.record(R"({"code":"K2"})")->fields == fields(a));
}

TEST_CASE("create_only: a record that was made is marked when its row goes, one that was there is not") {
  World world;
  make_ticket_object(world.target);
  world.pipeline.mode = WriteMode::create_only;
  world.pipeline.on_delete = engine::settings::OnDelete::update;
  world.pipeline.on_delete_update = fields(R"({"active":"no"})");
  put_foreign(world, "K1");
  world.plan("K1", a);
  world.plan("K2", a);
  world.start();
  world.settle();
  const auto foreign = world.plan_delete("K1");
  const auto own = world.plan_delete("K2");
  world.settle();
  CHECK(world.state(foreign) == "skipped");
  CHECK(world.state(own) == "delivered");
  CHECK(world.target.records.at("F1").fields == fields(R"({"name":"old"})"));
  CHECK(world.target.record(R"({"code":"K2"})")->fields == fields(R"({"active":"no","name":"A","size":"1"})"));
}

TEST_CASE("create_only: the target itself says that the record is there") {
  World world;
  world.target.offers(CallKind::create);
  world.target.refuses_doubles = true;
  world.pipeline.mode = WriteMode::create_only;
  put_foreign(world, "K1");
  const auto id = world.plan("K1", a);
  world.start();
  world.settle();
  CHECK(world.state(id) == "skipped");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("update_only: what is not there is skipped, not created; what is there is updated") {
  World world;
  make_ticket_object(world.target);
  world.pipeline.mode = WriteMode::update_only;
  put_foreign(world, "K1");
  const auto there = world.plan("K1", a);
  const auto none = world.plan("K2", a);
  world.start();
  world.settle();
  CHECK(world.state(there) == "delivered");
  CHECK(world.target.records.at("F1").fields == fields(a));
  CHECK(world.state(none) == "skipped");
  CHECK(world.delivery(none).reason == "no record has this match value, and the pipeline only updates");
  CHECK(world.target.records.size() == 1);
}

TEST_CASE("update_only: a keyed update that meets nothing is skipped, and one that vanished is not made again") {
  World world;
  make_upsert_object(world.target);
  world.target.offers(CallKind::update, {.repeat_safe = true});
  world.pipeline.mode = WriteMode::update_only;
  put_foreign(world, "K1");
  const auto none = world.plan("K2", a);
  const auto there = world.plan("K1", a);
  world.start();
  world.settle();
  CHECK(world.state(none) == "skipped");
  CHECK(world.state(there) == "delivered");
  world.target.records.clear();
  const auto vanished = world.plan("K1", b);
  world.settle();
  CHECK(world.state(vanished) == "skipped");
  CHECK(world.target.records.empty());
  CHECK_FALSE(world.last_sent("K1")->live);
}

TEST_CASE("whole updates carry every field, changed ones those that differ") {
  World world;
  make_ticket_object(world.target);
  SUBCASE("whole") { world.pipeline.whole_updates = true; }
  SUBCASE("changed") { world.pipeline.whole_updates = false; }
  world.plan("K1", a);
  world.start();
  world.settle();
  world.plan("K1", b);
  world.settle();
  REQUIRE(world.target.effects.size() == 2);
  CHECK(world.target.effects[1].fields == (world.pipeline.whole_updates ? fields(b) : fields(R"({"name":"B"})")));
}

TEST_CASE("a create that is told that the record exists looks again until the search shows it, and updates it") {
  World world;
  make_ticket_object(world.target);
  world.target.clock = &world.time;
  world.target.find_lags_ms = 10'000;
  world.target.object().consistent_after_ms = 10'000;
  world.target.refuses_doubles = true;
  world.start();
  world.pass(1'000);
  world.target.records["F1"] = {.object = "companies", .match = R"({"code":"K1"})", .written_ms = world.time.wall_ms()};
  const auto id = world.plan("K1", a);
  world.pass(30'000);
  CHECK(world.state(id) == "delivered");
  CHECK(world.target.records.size() == 1);
  CHECK(world.target.records.at("F1").fields == fields(a));
}

TEST_CASE("a search that lags 10 s behind writes: an uncertain create never becomes a double") {
  for (const Fate fate : {Fate::taken_answer_lost, Fate::lost}) {
    for (const bool is_killed : {false, true}) {
      CAPTURE(static_cast<int>(fate));
      CAPTURE(is_killed);
      World world;
      make_ticket_object(world.target);
      world.target.clock = &world.time;
      world.target.find_lags_ms = 10'000;
      world.target.object().consistent_after_ms = 10'000;
      world.start();
      for (int i = 0; i < 20; ++i) {
        world.target.script = {Fate::taken, fate};
        world.plan("K" + std::to_string(i), a);
        world.settle();
        if (is_killed && i % 3 == 0) world.restart();
        world.pass(1'500);
        world.plan("K" + std::to_string(i), b);
      }
      world.pass(120'000);
      CHECK(world.target.records.size() == 20);
      for (const auto& [id, record] : world.target.records) CHECK(record.fields == fields(b));
      for (int i = 0; i < 20; ++i) CHECK(world.last_sent("K" + std::to_string(i))->fields == b);
    }
  }
}
