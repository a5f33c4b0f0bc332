#include "engine/guard/mass_change.h"

#include <doctest/doctest.h>

using namespace engine;
using guard::judge;
using guard::Situation;

namespace {

settings::MassChange limits(double update_percent, std::int64_t delete_count) {
  settings::MassChange limits;
  limits.updates = {.is_set = true, .percent = update_percent};
  limits.deletes = {.is_set = true, .count = delete_count};
  return limits;
}

}  // namespace

TEST_CASE("without any configuration a fifth of the records may be deleted, and no more") {
  const settings::MassChange by_default;
  CHECK_FALSE(judge(by_default, {.cycle = {.deletes = 200}, .live = 1'000}).held);
  CHECK(judge(by_default, {.cycle = {.deletes = 201}, .live = 1'000}).held);
  CHECK_FALSE(judge(by_default, {.cycle = {.inserts = 1'000'000, .updates = 1'000'000}, .live = 1'000}).held);
}

TEST_CASE("few effects are never held, but for a target that would be emptied") {
  const settings::MassChange by_default;
  CHECK_FALSE(judge(by_default, {.cycle = {.deletes = 49}, .live = 60}).held);
  CHECK(judge(by_default, {.cycle = {.deletes = 40}, .live = 40}).held);
  CHECK_FALSE(judge(by_default, {.cycle = {.deletes = 9}, .live = 9}).held);
}

TEST_CASE("what drips is counted together, but a cycle without deletes is not held for earlier ones") {
  const settings::MassChange by_default;
  CHECK(judge(by_default, {.cycle = {.deletes = 1}, .window = {.deletes = 200}, .live = 1'000}).held);
  CHECK_FALSE(judge(limits(50, 10), {.cycle = {.updates = 1}, .window = {.deletes = 200}, .live = 1'000}).held);
}

TEST_CASE("what was announced passes and no more than that") {
  const Situation many{.cycle = {.updates = 300}, .expected = {.updates = 300}, .live = 1'000};
  const guard::Verdict passed = judge(limits(5, 10), many);
  CHECK_FALSE(passed.held);
  CHECK(passed.announced.updates == 300);
  CHECK(judge(limits(5, 10), {.cycle = {.updates = 301}, .expected = {.updates = 300}, .live = 1'000}).held);
  CHECK_MESSAGE(judge(limits(5, 10), {.cycle = {.updates = 300, .deletes = 60}, .expected = {.updates = 300}, .live = 1'000}).held,
                "deletes were not announced");
}

TEST_CASE("a verdict says in words what would happen, against what, and what is allowed") {
  CHECK(judge(limits(5, 100), {.cycle = {.updates = 1'412}, .live = 12'000}).text ==
        "1,412 records would be changed: 11.8 % of the 12,000 at the target; up to 5 % may be without being asked");
  CHECK(judge(limits(5, 100), {.cycle = {.deletes = 60}, .window = {.deletes = 50}, .live = 900}).text ==
        "60 records would be taken away, 110 with those of the last 1 h; up to 100 may be without being asked");
  CHECK(judge(limits(5, 100), {.cycle = {.deletes = 1}, .window = {.deletes = 110}, .live = 900}).text ==
        "1 record would be taken away, 111 with those of the last 1 h; up to 100 may be without being asked");
  CHECK(judge({}, {.cycle = {.deletes = 12}, .live = 12}).text == "12 records would be taken away: all that are at the target");
}

TEST_CASE("records at the target are counted only as far as a verdict needs them") {
  const settings::MassChange by_default;
  CHECK(guard::live_needed(by_default, {.cycle = {.deletes = 5}}) == 0);
  CHECK(guard::live_needed(by_default, {.cycle = {.deletes = 100}}) == 501);
  for (const std::int64_t live : {0, 99, 100, 499, 500, 501, 10'000}) {
    const Situation all{.cycle = {.deletes = 100}, .live = live};
    const Situation some{.cycle = {.deletes = 100}, .live = std::min<std::int64_t>(live, guard::live_needed(by_default, all))};
    CAPTURE(live);
    CHECK(judge(by_default, all).held == judge(by_default, some).held);
  }
}
