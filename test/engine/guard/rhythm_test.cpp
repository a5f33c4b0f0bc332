#include "engine/base/text/durations.h"
#include "engine/guard/rhythm.h"

#include <doctest/doctest.h>

#include "engine/guard/mass_change.h"

using namespace engine;
using guard::usual_at;
using journal::EffectHour;

namespace {

constexpr std::int64_t week_ms = 7 * day_ms;
constexpr std::int64_t since_ms = 3'000 * week_ms;

EffectHour updates(std::int64_t at_ms, std::int64_t largest, std::int64_t sum) {
  return {.hour_ms = at_ms, .sum = {.updates = sum}, .largest = {.updates = largest}};
}

/// An hour of each of four weeks.
std::vector<EffectHour> weekly(std::int64_t hour, const std::vector<std::int64_t>& counts) {
  std::vector<EffectHour> hours;
  for (std::size_t week = 0; week < counts.size(); ++week) {
    hours.push_back(updates(since_ms + static_cast<std::int64_t>(week) * week_ms + hour * hour_ms, counts[week], counts[week]));
  }
  return hours;
}

std::int64_t allowed_updates(const std::vector<EffectHour>& hours, std::int64_t at_ms) {
  const guard::Usual usual = usual_at(hours, since_ms, at_ms);
  return guard::allowed({}, usual.cycle.high.updates, usual.cycle.busy.updates);
}

}  // namespace

TEST_CASE("usual is what was done at this hour of the week, and one week that stands out makes nothing usual") {
  const auto hours = weekly(10, {20, 25, 9'000, 3});
  const guard::Usual usual = usual_at(hours, since_ms, since_ms + 4 * week_ms + 10 * hour_ms);
  CHECK(usual.cycle.low.updates == 3);
  CHECK(usual.cycle.high.updates == 25);
  CHECK(usual_at(hours, since_ms, since_ms + 4 * week_ms + 40 * hour_ms).cycle.high.updates == 0);
}

TEST_CASE("a job that came an hour earlier or later, as in summer time, is still usual") {
  const auto hours = weekly(50, {4'000, 4'200, 3'900, 4'100});
  CHECK(usual_at(hours, since_ms, since_ms + 4 * week_ms + 49 * hour_ms).cycle.high.updates == 4'100);
  CHECK(usual_at(hours, since_ms, since_ms + 4 * week_ms + 51 * hour_ms).cycle.high.updates == 4'100);
}

TEST_CASE("a job of every night is usual in a night that never saw it, and at noon it is not") {
  std::vector<EffectHour> hours;
  for (std::int64_t day = 0; day < 15; ++day) hours.push_back(updates(since_ms + day * day_ms + 2 * hour_ms, 500, 500));
  for (std::int64_t day = 0; day < 15; ++day) {
    for (std::int64_t hour = 8; hour < 18; ++hour) hours.push_back(updates(since_ms + day * day_ms + hour * hour_ms, 4, 40));
  }
  std::sort(hours.begin(), hours.end(), [](const EffectHour& one, const EffectHour& other) { return one.hour_ms < other.hour_ms; });
  CHECK(allowed_updates(hours, since_ms + 15 * day_ms + 2 * hour_ms) == 1'550);
  CHECK(allowed_updates(hours, since_ms + 15 * day_ms + 12 * hour_ms) == 62);
}

TEST_CASE("people who work on a Saturday may do what they do on other days, and no more") {
  std::vector<EffectHour> hours;
  for (std::int64_t day = 0; day < 14; ++day) {
    if (day % 7 >= 5) continue;
    for (std::int64_t hour = 8; hour < 18; ++hour) hours.push_back(updates(since_ms + day * day_ms + hour * hour_ms, 8, 400));
  }
  const guard::Usual saturday = usual_at(hours, since_ms, since_ms + 19 * day_ms + 4 * hour_ms);
  CHECK(saturday.hour.high.updates == 0);
  CHECK(guard::allowed({}, saturday.hour.high.updates, saturday.hour.busy.updates) == 400);
}

TEST_CASE("what was done in the hours just before makes nothing usual, and hours before the beginning are not known") {
  std::vector<EffectHour> hours;
  for (std::int64_t hour = 0; hour < 11; ++hour) hours.push_back(updates(since_ms + 15 * day_ms + hour * hour_ms, 900, 900));
  CHECK(allowed_updates(hours, since_ms + 15 * day_ms + 11 * hour_ms) == 50);
  CHECK(usual_at(weekly(10, {20, 25, 24, 3}), since_ms + 2 * week_ms, since_ms + 4 * week_ms + 10 * hour_ms).cycle.high.updates == 3);
}

TEST_CASE("a cycle after hours in which nothing was read is compared with what is done in that time") {
  std::vector<EffectHour> hours;
  for (std::int64_t day = 0; day < 15; ++day) {
    for (std::int64_t hour = 8; hour < 18; ++hour) hours.push_back(updates(since_ms + day * day_ms + hour * hour_ms, 4, 100));
  }
  const std::int64_t noon_ms = since_ms + 15 * day_ms + 12 * hour_ms;
  const guard::Situation caught_up{.cycle = {.updates = 800}, .live = 10'000, .hour = {},
                                   .usual = guard::usual_since(hours, since_ms, noon_ms - 3 * hour_ms, noon_ms)};
  CHECK_FALSE(guard::judge({}, caught_up).held);
  guard::Situation more = caught_up;
  more.cycle.updates = 5'000;
  CHECK(guard::judge({}, more).text == "5,000 updates in this cycle, the first after 3 h; usual in that time: 400 to 400");
}

TEST_CASE("what is not usual is told in words, with the numbers that led to it") {
  const guard::Usual usual{.cycle = {.low = {.updates = 3}, .high = {.updates = 25}, .busy = {}}, .hour = {.low = {.updates = 40}, .high = {.updates = 90}, .busy = {}}};
  const guard::Verdict at_once = guard::judge({}, {.cycle = {.updates = 412}, .live = 9'000, .hour = {}, .usual = usual});
  CHECK(at_once.held);
  CHECK(at_once.text == "412 updates in this cycle; usual at this hour: 3 to 25");
  CHECK(at_once.numbers.find(R"("high":{"insert":0,"update":25,"delete":0})") != std::string::npos);
  CHECK(guard::judge({}, {.cycle = {.updates = 20}, .live = 9'000, .hour = {.updates = 310}, .usual = usual}).text ==
        "330 updates in this hour, 20 in this cycle; usual in this hour: 40 to 90");
  CHECK(guard::judge({}, {.cycle = {.deletes = 60}, .live = 9'000, .hour = {}, .usual = usual}).text == "60 deletes in this cycle; usual at this hour: none");
  CHECK_FALSE(guard::judge({}, {.cycle = {.updates = 125}, .live = 9'000, .hour = {.updates = 195}, .usual = usual}).held);
}

TEST_CASE("an operation with a limit of its own is not asked for its rhythm, and what was announced passes it") {
  const guard::Usual usual{};
  settings::MassChange limits;
  limits.updates = {.is_set = true, .count = 1'000, .is_own = true};
  CHECK_FALSE(guard::judge(limits, {.cycle = {.updates = 900}, .hour = {}, .usual = usual}).held);
  CHECK(guard::judge(limits, {.cycle = {.inserts = 900}, .hour = {}, .usual = usual}).held);
  CHECK_FALSE(guard::judge(limits, {.cycle = {.inserts = 900}, .expected = {.inserts = 900}, .hour = {}, .usual = usual}).held);
  limits.rhythm.is_on = false;
  CHECK_FALSE(guard::judge(limits, {.cycle = {.inserts = 900}, .hour = {}, .usual = usual}).held);
}
