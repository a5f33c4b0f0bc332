#include "engine/base/threads/pulse.h"

#include <doctest/doctest.h>

using engine::Pulse;
using Names = std::vector<std::string>;

TEST_CASE("a stage that answers is not named, one that has stopped answering is named by the next round") {
  Pulse pulse;
  bool hangs = false;
  pulse.add("journal", [&](const Pulse::Answer& answered) {
    if (!hangs) answered();
  });
  pulse.add("planner", [](const Pulse::Answer& answered) { answered(); });
  CHECK(pulse.round() == Names{});
  hangs = true;
  CHECK(pulse.round() == Names{});
  CHECK(pulse.round() == Names{"journal"});
  CHECK(pulse.silent() == Names{"journal"});
}

TEST_CASE("a stage that hangs is asked once, and counts again when it answers late") {
  Pulse pulse;
  std::vector<Pulse::Answer> asked;
  pulse.add("journal", [&](Pulse::Answer answered) { asked.push_back(std::move(answered)); });
  pulse.round();
  pulse.round();
  pulse.round();
  CHECK(asked.size() == 1);
  asked.front()();
  CHECK(pulse.round() == Names{});
  CHECK(asked.size() == 2);
}

TEST_CASE("a stage that was removed is missed by nobody, and its late answer does no harm") {
  Pulse::Answer late;
  {
    Pulse pulse;
    pulse.add("deliver shop", [&](Pulse::Answer answered) { late = std::move(answered); });
    pulse.round();
    pulse.remove("deliver shop");
    CHECK(pulse.round() == Names{});
  }
  late();
}
