// The two numbers that a guard has to be good at, at once and with the same defaults.
#include <doctest/doctest.h>

#include <cstdio>

#include "test/engine/guard/watched_month.h"

using test::Disaster;

namespace {

constexpr std::uint64_t seeds = 20;
constexpr double week_ms = 7 * 86'400'000.0;
constexpr double weeks_of_month = test::ErpMonth::days / 7.0;

/// Of what drips, something has left before it is more than usual.
std::int64_t to_be_held(Disaster disaster, std::int64_t effects) { return disaster == Disaster::dripping ? effects * 8 / 10 : effects * 99 / 100; }

}  // namespace

TEST_CASE("in twenty months there is at most one false alarm a week") {
  std::size_t all = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const test::MonthResult month = test::watch_month(seed, Disaster::none);
    CAPTURE(seed);
    CHECK(static_cast<double>(month.false_alarms.size()) <= weeks_of_month);
    all += month.false_alarms.size();
  }
  const double weeks_on_guard = weeks_of_month - static_cast<double>(engine::settings::MassChange().rhythm.learn_ms) / week_ms;
  std::printf("false alarms: %zu in %lu months of five pipelines, %.2f a week; %.2f a week of the days after learning\n", all, seeds,
              static_cast<double>(all) / (weeks_of_month * seeds), static_cast<double>(all) / (weeks_on_guard * seeds));
  CHECK_MESSAGE(all > 0, "business that looks like a disaster is in the months, and should be asked about");
}

TEST_CASE("each disaster is held in at least nineteen of twenty months") {
  for (const Disaster disaster : test::all_disasters) {
    std::size_t held = 0;
    std::int64_t left_most = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const test::MonthResult month = test::watch_month(seed, disaster);
      if (month.disaster_held >= to_be_held(disaster, month.disaster_effects)) ++held;
      left_most = std::max(left_most, month.disaster_effects - month.disaster_held);
    }
    std::printf("%s: held in %zu of %lu months; at most %ld effects left before\n", name_of(disaster).c_str(), held, seeds, left_most);
    CAPTURE(name_of(disaster));
    CHECK(held >= 19);
  }
}
