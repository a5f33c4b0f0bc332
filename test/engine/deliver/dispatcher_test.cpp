#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/deliver/dispatcher.h"
#include "test/engine/deliver/objects.h"

using namespace test;
using namespace engine;

namespace {

/// Answers from a thread of its own, as a connector does.
class ThreadedTarget final : public model::Target {
 public:
  ThreadedTarget() : thread_([this] { run(); }) {}
  ~ThreadedTarget() override { stop(); }

  const model::ObjectTraits& traits(std::string_view object) const override { return inner.traits(object); }
  model::PreparedCall prepare(std::span<const model::Call> calls) const override { return inner.prepare(calls); }
  void send(const model::PreparedCall& call, Answered answered) override {
    const std::lock_guard lock(mutex_);
    inner.send(call, std::move(answered));
    wake_.notify_one();
  }
  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  FakeTarget inner;

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || inner.waiting() > 0; });
      if (inner.waiting() == 0) return;
      const auto answer = inner.process_at(0, Fate::taken);
      lock.unlock();
      answer();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

void deliver_all(int number, const std::function<void(FakeTarget&)>& make) {
  World world;  // its journal and its pipeline; its loop is not used
  ThreadedTarget target;
  target.inner.automatic = false;
  make(target.inner);
  world.write([&](journal::Records& records) {
    for (int i = 0; i < number; ++i) {
      auto delivery = world.delivery_for("K" + std::to_string(i), "");
      delivery.fields = R"({"city":"Roma","name":"Rossi","n":)" + std::to_string(i) + "}";
      records.deliveries.plan(delivery);
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  deliver::Dispatcher dispatcher(world.journal(), target, {{world.pipeline_id, world.pipeline}},
                                 {.connection = "crm", .in_flight = 32}, system_clock());
  dispatcher.start();
  const auto give_up = begin + std::chrono::seconds(60);
  // The only thing that tells is the status: threads run as they like here.
  while (dispatcher.status().delivered < number && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  dispatcher.drain(10'000);
  target.stop();
  CHECK(dispatcher.status().in_flight == 0);
  CHECK(static_cast<int>(target.inner.records.size()) == number);
  std::int64_t open = 0;
  world.write([&](journal::Records& records) {
    for (const auto& [state, count] : records.deliveries.counts(world.pipeline_id)) open += count;
  });
  CHECK(open == 0);
}

}  // namespace

TEST_CASE("with real threads all arrive and the dispatcher comes to rest") {
  constexpr int number = 1'000;
  SUBCASE("upserts") { deliver_all(number, make_upsert_object); }
  SUBCASE("journaled creates") { deliver_all(number, make_message_object); }
}

TEST_CASE("a dispatcher that is destroyed with requests under way leaves them to the next") {
  World world;
  ThreadedTarget target;
  target.inner.automatic = false;
  make_message_object(target.inner);
  for (int i = 0; i < 100; ++i) world.plan("K" + std::to_string(i), R"({"n":1})");
  {
    deliver::Dispatcher dispatcher(world.journal(), target, {{world.pipeline_id, world.pipeline}},
                                   {.connection = "crm"}, system_clock());
    dispatcher.start();
    dispatcher.wake();
  }
  target.stop();
  CHECK(target.inner.effects.size() <= 100);
}

TEST_CASE("reading what is due costs the same however many wait, and however many stand behind others") {
  World world;
  constexpr int number = 20'000;
  world.write([&](journal::Records& records) {
    for (int i = 0; i < number; ++i) {
      // Half of them share one lane.
      auto delivery = world.delivery_for("K" + std::to_string(i), i % 2 == 0 ? "shared" : "");
      delivery.every_change = true;
      delivery.fields = "{}";
      records.deliveries.plan(delivery);
    }
  });
  std::size_t heads = 0;
  std::size_t blocked = 0;
  const auto begin = std::chrono::steady_clock::now();
  world.write([&](journal::Records& records) {
    for (std::int64_t after = 0;;) {
      const auto scan = records.deliveries.scan_heads("crm", after, 500, {}, [&heads](const journal::Head&) { ++heads; });
      blocked += scan.blocked;
      after = scan.scanned_to;
      if (scan.scanned < 500) return;
    }
  });
  // Some 10 microseconds a row; a scan that looked at all older ones would take minutes.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(heads == number / 2 + 1);
  CHECK(blocked == number / 2 - 1);
}
