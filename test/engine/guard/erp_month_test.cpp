#include "test/engine/guard/erp_month.h"

#include <doctest/doctest.h>

#include <algorithm>

using test::Disaster;
using test::ErpCycle;
using test::ErpMonth;

namespace {

bool same(const ErpCycle& one, const ErpCycle& other) {
  return one.pipeline == other.pipeline && one.at_ms == other.at_ms && one.inserts == other.inserts && one.updates == other.updates &&
         one.deletes == other.deletes && one.announced == other.announced && one.disaster == other.disaster;
}

std::int64_t effects_of(const ErpCycle& cycle) { return cycle.inserts + cycle.updates + cycle.deletes; }

std::int64_t effects_on(const ErpMonth& month, int day, std::size_t pipeline) {
  constexpr std::int64_t day_ms = 86'400'000;
  std::int64_t sum = 0;
  for (const ErpCycle& cycle : month.cycles()) {
    if (cycle.pipeline == pipeline && (cycle.at_ms - ErpMonth::begin_ms()) / day_ms == day) sum += effects_of(cycle);
  }
  return sum;
}

}  // namespace

TEST_CASE("a seed is a month, and a disaster is all that it adds") {
  for (const Disaster disaster : test::all_disasters) {
    CAPTURE(name_of(disaster));
    const ErpMonth quiet(7, Disaster::none);
    const ErpMonth month(7, disaster);
    std::vector<ErpCycle> rest;
    std::int64_t done = 0;
    for (const ErpCycle& cycle : month.cycles()) {
      if (cycle.disaster == Disaster::none) rest.push_back(cycle);
      else done += effects_of(cycle);
    }
    CHECK(std::equal(rest.begin(), rest.end(), quiet.cycles().begin(), quiet.cycles().end(), same));
    CHECK(done >= 1'000);
  }
}

TEST_CASE("the months have offices that close, month ends, a holiday, an outage and an announced price list") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const ErpMonth month(seed, Disaster::none);
    CHECK(effects_on(month, 14, 1) + effects_on(month, 15, 1) > 5 * effects_on(month, 13, 1));
    CHECK(effects_on(month, 25, 4) > effects_on(month, 18, 4));
    CHECK(std::ranges::count_if(month.cycles(), [](const ErpCycle& cycle) { return cycle.announced; }) == 1);
    CHECK(std::ranges::any_of(month.cycles(), [](const ErpCycle& cycle) { return cycle.down_ms > 0; }));
    CHECK(month.cycles().size() > 10'000);
  }
}
