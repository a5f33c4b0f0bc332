// Recorded changes through two folders: what is said to differ is compared with what the test itself works out.
#include "engine/operate/review/plan/plan.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/base/error.h"
#include "engine/operate/instance_access.h"
#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using namespace engine::operate;

namespace {

namespace fs = std::filesystem;

const std::string mapping = "map: { name: code, credit: credit }\n";

/// A journal whose changes have columns code, active and credit, beside two folders that read the same table.
class World {
 public:
  World() {
    for (const char* side : {"now", "edited"}) {
      write(side, "datapicker.yaml", "instance: small\njournal: { path: " + journal.folder + "/journal.db }\n");
      write(side, "connections/erp.yaml", "connection: erp\nodbc: Driver=SQLite3;Database=/nowhere.db\ndialect: sqlite\n");
      write(side, "connections/shop.yaml", shop("fields"));
      write(side, "tables/customer.yaml", "table: customer\nconnection: erp\nfrom: customer\nkey: [code]\n");
      pipeline(side, mapping);
    }
  }

  static std::string shop(const std::string& body) {
    return "connection: shop\ntarget: webhook\nurl: http://127.0.0.1:1\nrepeat_safe: true\nrequests:\n"
           "  upsert: { method: PUT, path: \"/{match.code}\", body: " + body + " }\n"
           "  delete: { method: DELETE, path: \"/{match.code}\", gone: [404] }\n";
  }
  void write(const std::string& side, const std::string& file, const std::string& text) const {
    const fs::path path = fs::path(journal.folder) / side / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void pipeline(const std::string& side, const std::string& rest, const std::string& name = "to_shop", const std::string& where = "active = 'S'") const {
    write(side, "pipelines/" + name + "/pipeline.yaml",
          "pipeline: " + name + "\ntable: customer\nwhere: " + where + "\n" + rest +
              "target: { connection: shop, object: " + name + ", match: { code: trim(code) } }\n");
  }
  void update(const std::string& code, const std::string& before, const std::string& after) {
    journal.change(code, test::image(code, "S", before), test::image(code, "S", after));
  }
  Plan plan(std::size_t samples = 100) const {
    return operate::plan({.instance = fs::path(journal.folder) / "now", .edited = fs::path(journal.folder) / "edited", .samples = samples, .threads = 3});
  }

  test::SmallJournal journal;
};

struct Row {
  bool active = false;
  std::string credit;
};

/// Rows that come, change and go by chance; told as they changed.
class Shuffled {
 public:
  struct Step {
    std::optional<Row> before;
    std::optional<Row> after;
  };
  Shuffled(World& world, unsigned seed, int number) : random_(seed) {
    for (int i = 0; i < number; ++i) {
      const std::string code = "c" + std::to_string(random_() % 12);
      std::optional<Row>& row = rows_[code];
      std::optional<Row> after;
      if (!row || random_() % 5 != 0) after = Row{random_() % 3 != 0, std::to_string(random_() % 4) + ".00"};
      world.journal.change(code, text_of(code, row), text_of(code, after));
      steps.push_back({row, after});
      row = after;
    }
  }
  std::vector<Step> steps;

 private:
  static std::optional<std::string> text_of(const std::string& code, const std::optional<Row>& row) {
    if (!row) return std::nullopt;
    return test::image(code, row->active ? "S" : "N", row->credit);
  }
  std::mt19937 random_;
  std::map<std::string, std::optional<Row>> rows_;
};

}  // namespace

TEST_CASE("an unchanged configuration shows no difference, whatever changed and whatever was looked up since") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    World world;
    for (const char* side : {"now", "edited"}) {
      world.pipeline(side, "depends_on: [to_shop]\nmap: { parent: \"remote_id('to_shop', code)\", was: old.credit, when: change_time() }\n"
                           "guard: { rules: [ { name: some credit, check: credit is not null } ], mass_change: { update: 1, delete: 1, ignore_below: 0 } }\n", "children");
    }
    const Shuffled shuffled(world, seed, 200);
    const auto known = [&](const std::string& id) {
      world.journal.journal().write([&](journal::Records& records) {
        records.deliveries.put_remote_id("shop", "to_shop", R"({"code":"c1"})", id, 1);
      });
      world.journal.sent("c1", R"({"credit":"1.00"})");
    };
    known("4711");
    const Plan before = world.plan();
    known("4712");
    const Plan after = world.plan();
    CHECK_FALSE(before.differs());
    CHECK_FALSE(after.differs());
    CHECK(after.changes == 200);
    REQUIRE(after.pipelines.size() == 2);
    CHECK(after.pipelines[0].holds.then == before.pipelines[0].holds.then);
    CHECK(after.pipelines[0].calls.at(PastCall::update).then > 0);
  }
}

TEST_CASE("of an edited expression exactly those calls differ whose request does") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    World world;
    world.pipeline("edited", "map: { name: code, credit: \"CASE CAST(credit AS TEXT) WHEN '2.00' THEN 'two' ELSE credit END\" }\n");
    const Shuffled shuffled(world, seed, 300);
    std::int64_t wanted = 0;
    for (const auto& [before, after] : shuffled.steps) {
      if (!after || !after->active || after->credit != "2.00") continue;
      const bool is_call = !before || !before->active || before->credit != after->credit;
      wanted += is_call ? 1 : 0;
    }
    const Plan plan = world.plan();
    REQUIRE(plan.pipelines.size() == 1);
    const PipelinePlan& pipeline = plan.pipelines.front();
    CHECK(pipeline.differences == std::map<DifferenceKind, std::int64_t>{{DifferenceKind::different, wanted}});
    CHECK(pipeline.fields == std::map<std::string, std::int64_t>{{"credit", wanted}});
    REQUIRE_FALSE(pipeline.samples.empty());
    CHECK(pipeline.samples.front().fields.front().now == R"("2.00")");
    CHECK(pipeline.samples.front().fields.front().then == R"("two")");
    CHECK(pipeline.samples.front().then.request.method == "PUT");
    CHECK(pipeline.samples.front().then.request.body.find("\"two\"") != std::string::npos);
  }
}

TEST_CASE("an edited where adds and removes calls, one by one") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    World world;
    world.pipeline("edited", mapping, "to_shop", "CAST(credit AS TEXT) <> '1.00'");
    const Shuffled shuffled(world, seed, 300);
    std::int64_t added = 0, removed = 0, different = 0;
    for (const auto& [before, after] : shuffled.steps) {
      const auto call = [&, was = before, is = after](const auto& wanted) {
        const bool there = was && wanted(*was);
        if (!is || !wanted(*is)) return there ? "delete" : "";
        return !there || was->credit != is->credit ? "put" : "";
      };
      const std::string now = call([](const Row& row) { return row.active; });
      const std::string then = call([](const Row& row) { return row.credit != "1.00"; });
      added += now.empty() && !then.empty() ? 1 : 0;
      removed += !now.empty() && then.empty() ? 1 : 0;
      different += !now.empty() && !then.empty() && now != then ? 1 : 0;
    }
    const Plan plan = world.plan();
    CHECK(plan.pipelines.front().number(DifferenceKind::added) == added);
    CHECK(plan.pipelines.front().number(DifferenceKind::removed) == removed);
    CHECK(plan.pipelines.front().number(DifferenceKind::different) == different);
  }
}

TEST_CASE("a request that its connection makes otherwise is different, though it is mapped alike") {
  World world;
  world.write("edited", "connections/shop.yaml", World::shop("{ customer: fields }"));
  world.update("c1", "1.00", "2.00");
  const Plan plan = world.plan();
  CHECK(plan.pipelines.front().number(DifferenceKind::different) == 1);
  CHECK(plan.pipelines.front().samples.front().fields.empty());
}

TEST_CASE("a rule that came keeps back what it would have kept back, and says so") {
  World world;
  world.pipeline("edited", mapping + "guard: { rules: [ { name: not three, check: \"CAST(credit AS TEXT) <> '3.00'\" } ] }\n");
  world.update("c1", "1.00", "2.00");
  world.update("c2", "1.00", "3.00");
  const PipelinePlan plan = world.plan().pipelines.front();
  CHECK(plan.differs());
  CHECK(plan.number(DifferenceKind::removed) == 1);
  CHECK(plan.rules.at("not three").now == 0);
  CHECK(plan.rules.at("not three").then == 1);
  CHECK(plan.samples.front().then.reason == "the rule 'not three' is not met: it would be held");
  CHECK(plan.samples.front().fields.size() == 2);
}

TEST_CASE("a quiet moment that came says how many calls it would have spared, and what goes to and fro would have been held") {
  World world;
  world.pipeline("edited", mapping + "guard: { settle: 30s }\n");
  world.update("c1", "1.00", "2.00");
  world.update("c1", "2.00", "3.00");
  world.update("c2", "1.00", "2.00");
  PipelinePlan plan = world.plan().pipelines.front();
  CHECK(plan.differs());
  CHECK(plan.merged.now == 0);
  CHECK(plan.merged.then == 1);
  world.pipeline("edited", mapping + "guard: { flip_flop: 2 }\n");
  world.update("c2", "2.00", "1.00");
  plan = world.plan().pipelines.front();
  CHECK_FALSE(plan.differs());
  world.update("c2", "1.00", "2.00");
  plan = world.plan().pipelines.front();
  CHECK(plan.differs());
  CHECK(plan.flip_flops.then == 1);
  CHECK(plan.merged.then == 0);
}

TEST_CASE("a limit that came says which cycles it would have held, though the calls are the same") {
  World world;
  world.pipeline("edited", mapping + "guard: { mass_change: { update: 2, ignore_below: 0 } }\n");
  for (const char* code : {"c1", "c2", "c3"}) world.update(code, "1.00", "2.00");
  const PipelinePlan plan = world.plan().pipelines.front();
  CHECK(plan.differs());
  CHECK(plan.differences.empty());
  CHECK(plan.holds.now == 0);
  REQUIRE(plan.holds_then.size() == 1);
  CHECK(plan.holds_then.front().text == "3 records would be changed; up to 2 may be without being asked");
}

TEST_CASE("what was far beyond the rhythm of its time is told for both folders, unless it had been announced") {
  World world;
  for (int i = 0; i < 120; ++i) world.update("c" + std::to_string(i), "1.00", "2.00");
  CHECK(world.plan().pipelines.front().holds.now == 0);
  const std::int64_t at_ms = world.journal.clock.wall_ms();
  world.journal.journal().write([&](journal::Records& records) { records.effect_hours.begin(1, at_ms - 20 * 86'400'000LL); });
  const PipelinePlan plan = world.plan().pipelines.front();
  CHECK(plan.holds.then == 1);
  REQUIRE(plan.holds_now.size() == 1);
  CHECK(plan.holds_now.front().text == "120 updates in this cycle; usual at this hour: none");
  CHECK_FALSE(plan.differs());
  world.journal.journal().write([&](journal::Records& records) {
    records.guarding.expect({.pipeline_id = 1, .left = {.updates = 150}, .until_ms = at_ms + 1, .made_ms = at_ms - 1});
    records.guarding.use_expected(1, {.updates = 150}, at_ms);
  });
  CHECK_MESSAGE(world.plan().pipelines.front().holds.now == 0, "used up since, and announced then");
}

TEST_CASE("a pipeline that is new calls for all, one that goes for nothing any more") {
  World world;
  world.pipeline("edited", mapping, "to_crm");
  fs::remove_all(fs::path(world.journal.folder) / "edited/pipelines/to_shop");
  world.update("c1", "1.00", "2.00");
  const Plan plan = world.plan();
  REQUIRE(plan.pipelines.size() == 2);
  CHECK(plan.pipelines[0].known == PipelinePlan::Known::only_then);
  CHECK(plan.pipelines[0].number(DifferenceKind::added) == 1);
  CHECK(plan.pipelines[1].known == PipelinePlan::Known::only_now);
  CHECK(plan.pipelines[1].number(DifferenceKind::removed) == 1);
}

TEST_CASE("an edited mapping that does not fit its table is refused with its place") {
  World world;
  world.pipeline("edited", "map: { credit: creditt }\n");
  CHECK_THROWS_AS(world.plan(), InvalidConfiguration);
}

TEST_CASE("of each kind of difference the newest are shown") {
  World world;
  world.pipeline("edited", "map: { name: upper(code), credit: credit }\n");
  for (int i = 0; i < 9; ++i) world.update("c" + std::to_string(i), "1.00", "2.00");
  const PipelinePlan plan = world.plan(2).pipelines.front();
  CHECK(plan.number(DifferenceKind::different) == 9);
  REQUIRE(plan.samples.size() == 2);
  CHECK(plan.samples[0].key == R"(["c7"])");
  CHECK(plan.samples[1].key == R"(["c8"])");
}
