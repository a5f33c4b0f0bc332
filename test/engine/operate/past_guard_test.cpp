// What a guard would have said of the past: by what was usual and announced then, not by what is known now.
#include "engine/base/text/durations.h"
#include "engine/operate/review/plan/past_guard.h"

#include <doctest/doctest.h>

using namespace engine;
using namespace engine::operate;
using journal::EffectHour;
using pipeline::Effect;

namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000 - 1'800'000'000'000 % hour_ms;

/// Each hour of six weeks: `updates` in all, half of them in one cycle.
PastKnowledge quiet_weeks(std::int64_t updates) {
  PastKnowledge known{.live = 10'000, .learns_since_ms = now_ms - 60 * day_ms, .known_since_ms = now_ms - 42 * day_ms};
  for (std::int64_t at = now_ms - 42 * day_ms; at < now_ms; at += hour_ms) {
    known.lessons.push_back({.hour = {.hour_ms = at, .sum = {.updates = updates}, .largest = {.updates = updates / 2}}});
  }
  return known;
}

class Past {
 public:
  explicit Past(PastKnowledge known, settings::MassChange limits = {}, bool follows_log = false)
      : guard_(limits, follows_log, std::move(known), [this](std::int64_t, std::int64_t) { return rows; }) {}

  Past& cycle(std::int64_t at_ms, int updates) {
    ++cycle_;
    for (int i = 0; i < updates; ++i) guard_.add(change(at_ms), Effect::update);
    return *this;
  }
  std::vector<std::string> holds() {
    guard_.finish();
    std::vector<std::string> texts;
    for (const PastHold& hold : guard_.holds()) texts.push_back(hold.text);
    return texts;
  }

  std::int64_t rows = 1'000'000;  ///< that are different, in any stretch

 private:
  model::Change change(std::int64_t at_ms) {
    model::Change change;
    change.seq = ++seq_;
    change.cycle_id = cycle_;
    change.captured_ms = at_ms;
    return change;
  }

  PastGuard guard_;
  std::int64_t seq_ = 0;
  std::int64_t cycle_ = 0;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a cycle far beyond what was usual at its hour would have been held, as soon as enough was learnt") {
  const std::int64_t at = now_ms - 3 * day_ms;
  CHECK(Past(quiet_weeks(20)).cycle(at, 412).holds() == Texts{"412 updates in this cycle; usual at this hour: 10 to 10"});
  CHECK(Past(quiet_weeks(20)).cycle(at, 80).holds().empty());
  PastKnowledge young = quiet_weeks(20);
  young.learns_since_ms = at - 13 * day_ms;
  CHECK(Past(young).cycle(at, 412).holds().empty());
  CHECK(Past(young).cycle(at + 2 * day_ms, 412).holds().size() == 1);
  CHECK_MESSAGE(Past(quiet_weeks(20)).cycle(now_ms - 30 * day_ms, 412).holds().empty(), "of the hours before, most are forgotten");
}

TEST_CASE("what a person released is usual from then on, and not before") {
  PastKnowledge known = quiet_weeks(0);
  for (const std::int64_t week : {1, 2}) {
    const std::int64_t at = now_ms - 3 * day_ms - week * 7 * day_ms;
    const auto place = std::ranges::find_if(known.lessons, [&](const auto& each) { return each.hour.hour_ms > at; });
    known.lessons.insert(place, {.hour = {.hour_ms = at, .sum = {.updates = 500}, .largest = {.updates = 500}}, .known_ms = now_ms - 4 * day_ms});
  }
  CHECK(Past(known).cycle(now_ms - 3 * day_ms, 412).holds().empty());
  CHECK_MESSAGE(Past(known).cycle(now_ms - 4 * day_ms - hour_ms, 412).holds().size() == 1, "one day and an hour before, in hours like these");
}

TEST_CASE("what was announced by then passes once, in its time") {
  const std::int64_t at = now_ms - 3 * day_ms;
  PastKnowledge known = quiet_weeks(20);
  known.announced.push_back({.left = {.updates = 500}, .until_ms = at + hour_ms, .made_ms = at - hour_ms});
  CHECK(Past(known).cycle(at, 412).holds().empty());
  CHECK_MESSAGE(Past(known).cycle(at, 412).cycle(at, 412).holds().size() == 1, "88 are left");
  CHECK(Past(known).cycle(at - 2 * hour_ms, 412).holds().size() == 1);
  CHECK(Past(known).cycle(at + 2 * hour_ms, 412).holds().size() == 1);
}

TEST_CASE("cycles of an hour count together, each row once") {
  const std::int64_t at = now_ms - 3 * day_ms;
  Past drips(quiet_weeks(20));
  for (int i = 0; i < 20; ++i) drips.cycle(at + i * 60'000, 10);
  CHECK_MESSAGE(drips.holds().size() == 9, "110 may come in this hour");
  Past same(quiet_weeks(20));
  same.rows = 10;
  for (int i = 0; i < 20; ++i) same.cycle(at + i * 60'000, 10);
  CHECK(same.holds().empty());
}

TEST_CASE("of a log the changes of two seconds are judged together, of whichever cycle") {
  const std::int64_t at = now_ms - 3 * day_ms;
  settings::MassChange limits;
  limits.updates = {.is_set = true, .count = 60, .is_own = true};
  limits.window_ms = 1'000;
  const auto three_cycles = [&](bool follows_log) { return Past({}, limits, follows_log).cycle(at, 30).cycle(at + 1'500, 40).cycle(at + 4'000, 40).holds(); };
  CHECK(three_cycles(true) == Texts{"70 records would be changed; up to 60 may be without being asked"});
  CHECK(three_cycles(false).empty());
}
