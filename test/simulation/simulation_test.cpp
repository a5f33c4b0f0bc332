// The promises of the whole engine under random edits, lost connections, disks that break, clocks that jump and sudden deaths. One seed, one
// story: DATAPICKER_SEED=n runs that one alone, DATAPICKER_SEEDS=n as many.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>

#include "engine/base/metrics.h"
#include "engine/model/fields.h"
#include "test/simulation/small_world.h"

using namespace simulation;
using engine::model::CallKind;
using test::FakeTarget;

namespace {

std::string match_of(const std::string& code) { return R"({"code":")" + code + R"("})"; }

/// Nothing is lost, and nothing is there that no table holds.
void check_equal(const SmallWorld& world) {
  std::size_t rows = 0;
  for (const auto& table : world.tables) {
    for (const test::Cells& row : table->source.rows) {
      ++rows;
      INFO(table->name, " ", row[0].value(), " ", row[1].value(), " ", row[2].value());
      const FakeTarget::Record* record = world.target.record(match_of(row[0].value()));
      REQUIRE(record != nullptr);
      CHECK(engine::model::fields_json(record->fields) == R"({"name":")" + row[1].value() + R"(","version":)" + row[2].value() + "}");
    }
  }
  CHECK(world.target.records.size() == rows);
}

/// What is made is made once for its key, and what reaches one record comes in the order in which it was captured.
void check_effects(const SmallWorld& world) {
  std::map<std::string, int> made;
  std::map<std::string, std::int64_t> newest;
  for (const FakeTarget::Effect& effect : world.target.effects) {
    if (effect.kind == CallKind::create) CHECK(++made[effect.idempotency_key] == 1);
    const std::size_t generation = effect.idempotency_key.rfind('-');
    const std::size_t seq = effect.idempotency_key.rfind('-', generation - 1);
    const std::int64_t number = std::stoll(effect.idempotency_key.substr(seq + 1, generation - seq - 1));
    CHECK(number >= newest[effect.id]);
    newest[effect.id] = number;
  }
}

void simulate(Api api) {
  const char* one = std::getenv("DATAPICKER_SEED");
  const char* more = std::getenv("DATAPICKER_SEEDS");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t count = one != nullptr ? 1 : more != nullptr ? std::strtoull(more, nullptr, 10) : 8;
  int kills = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    INFO("DATAPICKER_SEED=", seed);
    SmallWorld world(seed, api);
    for (int i = 0; i < 150; ++i) world.act();
    world.recover();
    check_equal(world);
    check_effects(world);
    // The target is well and a day has passed: whatever is still open does not advance.
    CHECK(world.left_over() == "");
    kills += world.kills;
  }
  CHECK(kills > static_cast<int>(count));
  // Each change had its entry in the log: whoever says that one was missing gives a false alarm.
  CHECK(engine::metrics_text().find("datapicker_capture_healed_rows_total{operation=\"any\",table=\"by_tail\"}") == std::string::npos);
}

}  // namespace

TEST_CASE("simulation: at a keyed API everything ends as the tables say, whatever befalls") { simulate(Api::keyed); }
TEST_CASE("simulation: at an API that can only be searched the same, and nothing is made twice") { simulate(Api::searched); }
TEST_CASE("simulation: at an API that honours idempotency keys the same, and each key is used once") { simulate(Api::honours_keys); }
