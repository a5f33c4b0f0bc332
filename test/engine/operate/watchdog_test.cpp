#include "engine/operate/service/watchdog.h"

#include <doctest/doctest.h>

#include "engine/operate/service/status_line.h"

using namespace engine;
using namespace engine::operate;

TEST_CASE("the service manager is told nothing while a stage is silent, and again once it answers") {
  Pulse pulse;
  std::vector<Pulse::Answer> held;
  bool hangs = false;
  pulse.add("journal", [&](Pulse::Answer answered) { hangs ? held.push_back(std::move(answered)) : answered(); });
  int told = 0;
  WatchdogRound round(pulse, [&] { ++told; });
  round.run();
  round.run();
  CHECK(told == 2);
  hangs = true;
  round.run();  // asks; the last answer still counts
  CHECK(told == 3);
  for (int i = 0; i < 10; ++i) round.run();
  CHECK(told == 3);
  hangs = false;
  held.front()();
  round.run();
  CHECK(told == 4);
}

TEST_CASE("the status line counts what runs and names what does not") {
  pipeline::LiveStatus live;
  live.tables.resize(2);
  live.tables[0].name = "anacli";
  live.tables[0].state = "waiting";
  live.tables[1].name = "orders";
  live.tables[1].state = "unreachable";
  live.pipelines.push_back({"customers", "running", ""});
  live.targets.push_back({"shop", "auth_refused", "401", 0, 0});
  CHECK(status_line(live) == "2 tables, 1 pipeline, 1 target; target shop auth_refused; table orders unreachable");
}
