// Budgets against servers that count for themselves, in simulated time: ways there and back of changing length, many
// requests at once, and a server that refuses whatever is one too many.
#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <queue>
#include <random>

#include "engine/deliver/budget/budgets.h"

using namespace engine::deliver;
using engine::model::CallKind;
using engine::settings::Allowance;
using engine::settings::BudgetDefinition;
using engine::settings::WindowKind;

namespace {

/// Counts arrivals; says whether one more is taken.
using Counting = std::function<bool(std::int64_t)>;

Counting in_any_stretch(std::size_t allowed, std::int64_t in_ms) {
  return [=, log = std::deque<std::int64_t>()](std::int64_t now) mutable {
    while (!log.empty() && log.front() <= now - in_ms) log.pop_front();
    if (log.size() >= allowed) return false;
    log.push_back(now);
    return true;
  };
}

Counting by_the_clock(int allowed, std::int64_t in_ms, std::int64_t ahead_ms) {
  return [=, window = std::int64_t{-1}, used = 0](std::int64_t now) mutable {
    const std::int64_t current = (now + ahead_ms) / in_ms;
    if (current != window) used = 0;
    window = current;
    return used++ < allowed;
  };
}

struct Run {
  int refused = 0;
  std::int64_t took_ms = 0;
};

struct Traffic {
  int requests = 2'000;
  int at_once = 32;
  std::int64_t way_ms = 5;     ///< there, and as long back
  std::int64_t jitter_ms = 10; ///< more, at most, each way
};

Run send_all(Budgets& budgets, Counting server, const Traffic& traffic) {
  std::mt19937 random(7);
  const auto way = [&] { return traffic.way_ms + static_cast<std::int64_t>(random() % static_cast<unsigned>(traffic.jitter_ms + 1)); };
  struct Event {
    std::int64_t at;
    bool arrives;
    bool operator>(const Event& other) const { return at > other.at; }
  };
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  const std::string object = "customers";
  const std::string match = "{}";
  const std::optional<std::string> none;
  const engine::model::FieldMap fields;
  const std::int64_t wall_ahead_ms = 1'795'000'000'123;
  std::int64_t now = 1'000;
  Run run;
  int to_send = traffic.requests;
  int under_way = 0;
  std::deque<Permit> permits;
  while (to_send > 0 || under_way > 0) {
    const auto moment = [&] { return Moment{now, now + wall_ahead_ms}; };
    while (to_send > 0 && under_way < traffic.at_once) {
      Permit permit;
      if (!budgets.admit({CallKind::upsert, object, match, none, fields}, Counts::all, permit, moment())) break;
      permits.push_back(permit);
      events.push({now + way(), true});
      --to_send;
      ++under_way;
    }
    std::int64_t next = events.empty() ? budgets.opens_ms().value() : events.top().at;
    if (to_send > 0 && under_way < traffic.at_once) next = std::min(next, budgets.opens_ms().value_or(next));
    now = std::max(now, next);
    while (!events.empty() && events.top().at <= now) {
      const Event event = events.top();
      events.pop();
      if (event.arrives) {
        if (!server(event.at)) ++run.refused;
        events.push({event.at + way(), false});
        continue;
      }
      --under_way;
      budgets.answered(permits.front(), moment());
      permits.pop_front();
    }
  }
  run.took_ms = now - 1'000;
  return run;
}

Budgets budgets_of(Allowance allowance) {
  BudgetDefinition own;
  own.allowances.emplace("size", allowance);
  return Budgets({{"", own}});
}

/// The share of what the server would have taken in that time.
double share(const Run& run, int requests, double per_ms) {
  return static_cast<double>(requests) / (static_cast<double>(run.took_ms) * per_ms);
}

}  // namespace

TEST_CASE("a server that allows 100 in any second refuses none of 2,000 requests, and is used to 95 %") {
  for (const std::int64_t jitter : {0, 3, 20}) {
    CAPTURE(jitter);
    Budgets budgets = budgets_of({.requests = 100, .in_ms = 1'000});
    const Run run = send_all(budgets, in_any_stretch(100, 1'000), {.jitter_ms = jitter});
    CHECK(run.refused == 0);
    CHECK(share(run, 2'000, 0.1) >= 0.95);
  }
}

TEST_CASE("what is safe in any second is safe by the clock of the server, however it goes") {
  for (const std::int64_t ahead : {0, 250, 999}) {
    CAPTURE(ahead);
    Budgets budgets = budgets_of({.requests = 100, .in_ms = 1'000});
    const Run run = send_all(budgets, by_the_clock(100, 1'000, ahead), {});
    CHECK(run.refused == 0);
    CHECK(share(run, 2'000, 0.1) >= 0.9);
  }
}

TEST_CASE("windows by the clock are filled where the clocks agree") {
  Budgets budgets = budgets_of({.requests = 100, .in_ms = 1'000, .kind = WindowKind::fixed});
  const Run run = send_all(budgets, by_the_clock(100, 1'000, 1'795'000'000'123), {});
  CHECK(run.refused == 0);
  CHECK(share(run, 2'000, 0.1) >= 0.9);
}

TEST_CASE("steps: a burst is spent at once, then one in each step") {
  Budgets budgets = budgets_of({.requests = 45, .in_ms = 6'000, .kind = WindowKind::steps});
  const Run run = send_all(budgets, in_any_stretch(45, 6'000), {.requests = 55, .way_ms = 1, .jitter_ms = 0});
  CHECK(run.refused == 0);
  CHECK(run.took_ms >= 10 * 6'000 - 100);
  CHECK(run.took_ms <= 10 * 6'000 + 100);
}
