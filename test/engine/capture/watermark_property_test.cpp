#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "engine/base/error.h"
#include "test/engine/capture/watched_orders.h"

using namespace engine;
using test::Orders;
using test::orders;

TEST_CASE("whatever happens within the overlap is seen by the next cycle, and whatever else by the full reading") {
  rc::check([] {
    Orders table({"ts", "id"}, orders(), static_cast<std::size_t>(*rc::gen::inRange(1, 6)));
    table.definition.capture.overlap_ids = 10;
    int last_id = 0;
    bool strayed = false;
    const auto edit = [&] {
      const int k = *rc::gen::inRange(0, 12);
      const std::string a = std::to_string(*rc::gen::inRange(0, 4));
      switch (*rc::gen::inRange(0, 7)) {
        case 0: strayed = true; return table.source.erase({std::to_string(k)});
        case 1: strayed = true; return table.put(k, a, table.stamp(100'000), "1");
        case 2: return table.set_back(*rc::gen::inRange(0, 5'000));
        case 3: return table.put(k, a, table.stamp(*rc::gen::inRange(0, 590)), std::to_string(last_id));
        case 4: return table.put(k, a, std::nullopt, std::to_string(++last_id));
        case 5: return table.pass(*rc::gen::inRange(0, 9'000));
        default: return table.put(k, a, table.stamp(), std::to_string(++last_id));
      }
    };
    const auto cycle = [&] {
      if (*rc::gen::inRange(0, 5) == 0) table.restart();
      if (*rc::gen::inRange(0, 4) == 0) {
        const auto cut = static_cast<std::size_t>(*rc::gen::inRange(0, 4));
        table.source.fail_after = [cut](std::size_t statement) { return statement == cut ? std::optional<std::size_t>(1) : std::nullopt; };
      }
      try {
        table.cycle();
      } catch (const Error&) {
        table.source.fail_after = {};
        table.cycle();
      }
      table.source.fail_after = {};
    };
    cycle();
    const auto at_first = table.imaged();
    for (int turn = *rc::gen::inRange(1, 12); turn > 0; --turn) {
      for (int edits = *rc::gen::inRange(0, 4); edits > 0; --edits) edit();
      table.pass(2);
      cycle();
      if (!strayed) RC_ASSERT(table.imaged() == table.held());
    }
    table.pass(6 * 3'600);
    cycle();
    RC_ASSERT(table.imaged() == table.held());
    RC_ASSERT(table.applied(at_first, table.changes()) == table.held());
  });
}
