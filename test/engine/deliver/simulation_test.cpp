// The loop under random edits, some of which a guard holds, pauses, a faulty target, random order of all that happens at once, and sudden deaths. One seed,
// one story: DATAPICKER_SEED=n runs that one alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "test/engine/deliver/objects.h"

using namespace test;

namespace {

constexpr int keys = 4;
constexpr int actions = 60;

enum class Kind { upsert, ticket, repeat_safe, reading_ticket };

class Simulation {
 public:
  Simulation(std::uint64_t seed, Kind kind) : random_(seed), kind_(kind) {
    world_.target.automatic = false;
    switch (kind) {
      case Kind::upsert:
        make_upsert_object(world_.target);
        break;
      case Kind::ticket:
        make_ticket_object(world_.target);
        break;
      case Kind::reading_ticket:
        make_ticket_object(world_.target, ReadBack::always);
        break;
      case Kind::repeat_safe:
        make_repeat_safe_object(world_.target);
        break;
    }
    if (below(2) == 0) travel_together();
    if (kind != Kind::repeat_safe && below(2) == 0) watch_drift();
    world_.target.object().consistent_after_ms = below(2) * 1'000;
    world_.options.in_flight = 1 + below(4);
    world_.options.breaker_opens_after = 3;
    for (int i = 0; i < keys; ++i) match_of_[i] = "m" + std::to_string(i);
  }

  void run() {
    world_.start();
    for (int i = 0; i < actions; ++i) act();
    recover();
  }

  void check() {
    std::size_t live = 0;
    for (int i = 0; i < keys; ++i) {
      const auto* record = world_.target.record("{\"code\":\"" + match_of_[i] + "\"}");
      if (wanted_[i].empty()) continue;
      ++live;
      INFO("key ", i, " wanted ", wanted_[i], " at ", match_of_[i], story_of(i));
      REQUIRE(record != nullptr);
      CHECK(engine::model::fields_json(record->fields) == wanted_[i]);
    }
    CHECK(world_.target.records.size() == live);
    check_effects();
    for (const std::int64_t id : planned_) {
      const std::string state = world_.state(id);
      INFO("delivery ", id, " is ", state, ": ", world_.delivery(id).reason);
      CHECK((state == "delivered" || state == "skipped" || state == "superseded" || state == "healed"));
      CHECK_FALSE(world_.delivery(id).drift);
    }
  }

 private:
  void travel_together() {
    for (auto& [kind, traits] : world_.target.object().calls) {
      const bool writes = kind == CallKind::upsert || kind == CallKind::create || kind == CallKind::update || kind == CallKind::delete_;
      if (writes) traits.records_max = 3;
    }
  }

  /// Nobody edits the target here: whatever goes wrong, nothing of ours may be taken for somebody else's.
  void watch_drift() {
    world_.target.offers(CallKind::read_back);
    world_.pipeline.drift = {{"a", engine::settings::OnDrift::keep}, {"b", engine::settings::OnDrift::hold}};
  }

  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }

  void act() {
    const int what = below(100);
    if (what < 35) {
      edit(below(keys));
    } else if (what < 40) {
      world_.kill(chance(50) ? Fate::lost : Fate::taken_answer_lost);
      if (chance(30)) edit(below(keys));
      if (chance(20)) world_.time.jump(below(20'000) - 10'000);
      world_.start();
    } else if (what < 50) {
      world_.time.advance(below(3'000));
      world_.loop->turn();
    } else if (what < 54) {
      pause(chance(50));
    } else if (what < 56) {
      release_held();
    }
    for (int steps = below(30); steps > 0; --steps) step();
  }

  /// Anything that can happen at this moment may be next; only the order of commits is given.
  void step() {
    if (world_.target.waiting() > 0 && chance(40)) {
      const auto index = static_cast<std::size_t>(below(static_cast<int>(world_.target.waiting())));
      world_.target.process_at(index, fate())();
      return;
    }
    world_.step([this](std::size_t n) { return static_cast<std::size_t>(below(static_cast<int>(n))); });
  }

  Fate fate() {
    static constexpr Fate faults[] = {Fate::taken_answer_lost, Fate::lost, Fate::unreachable, Fate::busy,
                                      Fate::throttled};
    return chance(60) ? Fate::taken : faults[below(5)];
  }

  void edit(int key) {
    const std::string name = "K" + std::to_string(key);
    const int what = below(10);
    if (what < 2) {
      wanted_[key].clear();
      planned_.push_back(world_.plan_delete(name, match_of_[key]));
      return;
    }
    // Two records swap nothing, but one may take the match value that another has just left.
    if (what == 2 && kind_ != Kind::upsert && kind_ != Kind::repeat_safe) match_of_[key] = free_match();
    // Few values, so that a record often returns to what it was.
    wanted_[key] = "{\"a\":" + std::to_string(below(3)) + ",\"b\":" + std::to_string(below(2)) + "}";
    engine::journal::Delivery delivery = world_.delivery_for(name, match_of_[key]);
    delivery.fields = wanted_[key];
    if (chance(15)) delivery.objection = {.kind = "rule: it is as it should be", .text = "the rule is not met"};
    planned_.push_back(world_.plan(delivery));
  }

  void pause(bool on) {
    const auto now = world_.time.wall_ms();
    world_.write([&](engine::journal::Records& records) {
      if (on) records.pauses.put({engine::journal::PauseKind::pipeline, world_.pipeline.name, "anna", "", now});
      else records.pauses.remove(engine::journal::PauseKind::pipeline, world_.pipeline.name, now);
    });
    world_.loop->pauses_changed();
  }

  void release_held() {
    const auto now = world_.time.wall_ms();
    world_.write([&](engine::journal::Records& records) {
      const bool paused = records.pauses.covers(world_.pipeline.name, "crm");
      for (const auto& anomaly : records.anomalies.all_open()) records.anomalies.release(anomaly.id, paused, {"anna", "", now});
    });
    world_.loop->look_again();
  }

  std::string free_match() {
    for (int i = 0;; ++i) {
      const std::string match = "m" + std::to_string(i);
      if (std::none_of(std::begin(match_of_), std::end(match_of_), [&](const auto& taken) { return taken == match; }))
        return match;
    }
  }

  /// The target is well from now on, and nobody keeps anything back, so everything must come to its end.
  void recover() {
    world_.target.automatic = true;
    pause(false);
    release_held();
    while (world_.target.waiting() > 0) world_.target.process(Fate::taken);
    world_.pass(20 * 60'000);
    CHECK(world_.loop->is_idle());
  }

  std::string story_of(int key) {
    std::string story;
    for (const std::int64_t id : planned_) {
      const engine::journal::Delivery delivery = world_.delivery(id);
      if (delivery.key != "[\"K" + std::to_string(key) + "\"]") continue;
      story += "\n" + std::to_string(id) + ' ' + world_.state(id) + ' ' + delivery.operation + ' ' + delivery.match +
               ' ' + delivery.fields.value_or("absent") + ' ' + delivery.reason;
      for (const auto& attempt : world_.attempts(id)) {
        story += "\n    " + attempt.step + ' ' + attempt.outcome.value_or("?") + ' ' + attempt.reason.value_or("");
      }
    }
    return story;
  }

  static std::int64_t seq_of(const std::string& key) {
    const std::size_t generation = key.rfind('-');
    const std::size_t seq = key.rfind('-', generation - 1);
    return std::stoll(key.substr(seq + 1, generation - seq - 1));
  }

  /// A call that makes something new happens once for its key; what reaches one record comes in the order of the
  /// journal.
  void check_effects() {
    std::map<std::string, int> creates;
    std::map<std::string, std::int64_t> newest;
    for (const FakeTarget::Effect& effect : world_.target.effects) {
      if (effect.kind == CallKind::create) CHECK(++creates[effect.idempotency_key] == 1);
      std::int64_t& seq = newest[effect.id];
      CHECK(seq_of(effect.idempotency_key) >= seq);
      seq = seq_of(effect.idempotency_key);
    }
  }

  std::mt19937_64 random_;
  Kind kind_;
  World world_;
  std::string wanted_[keys];
  std::string match_of_[keys];
  std::vector<std::int64_t> planned_;
};

void simulate(Kind kind) {
  const char* one = std::getenv("DATAPICKER_SEED");
  const char* more = std::getenv("DATAPICKER_SEEDS");
  const std::uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t count = one != nullptr ? 1 : more != nullptr ? std::strtoull(more, nullptr, 10) : 25;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    INFO("DATAPICKER_SEED=", seed);
    Simulation simulation(seed, kind);
    simulation.run();
    simulation.check();
  }
}

}  // namespace

TEST_CASE("simulation: a keyed API ends as wanted, whatever befalls") { simulate(Kind::upsert); }
TEST_CASE("simulation: a ticket system ends as wanted, without doubles") { simulate(Kind::ticket); }
TEST_CASE("simulation: a ticket system that is read back ends as wanted") { simulate(Kind::reading_ticket); }
TEST_CASE("simulation: an API that honours idempotency keys ends as wanted") { simulate(Kind::repeat_safe); }
