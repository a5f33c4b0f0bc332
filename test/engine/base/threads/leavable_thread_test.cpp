#include "engine/base/threads/leavable_thread.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

using engine::LeavableThread;
using engine::LeftBehind;
using engine::SignOfLife;
using namespace std::chrono_literals;

namespace {

/// A call that does not come back before it is let go.
struct Hang {
  std::mutex mutex;
  std::condition_variable changed;
  bool let_go = false;
  bool entered = false;

  void enter() {
    std::unique_lock lock(mutex);
    entered = true;
    changed.notify_all();
    changed.wait(lock, [this] { return let_go; });
  }
  void wait_until_entered() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return entered; });
  }
  void end() {
    const std::lock_guard lock(mutex);
    let_go = true;
    changed.notify_all();
  }
};

/// Says when it is destroyed.
class Noted {
 public:
  Noted(std::shared_ptr<std::vector<std::string>> notes, std::string name) : notes_(std::move(notes)), name_(std::move(name)) {}
  ~Noted() { notes_->push_back(name_); }

 private:
  std::shared_ptr<std::vector<std::string>> notes_;
  std::string name_;
};

LeavableThread thread_of(const char* connection, std::chrono::milliseconds patience) {
  return LeavableThread({.name = "driver", .connection = connection, .patience = patience}, std::make_shared<SignOfLife>());
}

void wait_until_back(const char* connection) {
  while (LeavableThread::left_behind(connection) > 0) std::this_thread::yield();
}

}  // namespace

TEST_CASE("work gives its value or throws what it throws, always on the same other thread") {
  LeavableThread thread = thread_of("a", 60s);
  const auto first = thread.run([] { return std::this_thread::get_id(); });
  CHECK(first != std::this_thread::get_id());
  CHECK(thread.run([] { return std::this_thread::get_id(); }) == first);
  CHECK(*thread.run([] { return std::make_unique<int>(7); }) == 7);
  CHECK_THROWS_AS(thread.run([] { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK_FALSE(thread.is_left_behind());
}

TEST_CASE("what work throws reaches whoever asked for it, also when somebody else leaves things to the thread meanwhile") {
  LeavableThread thread = thread_of("a", 60s);
  for (int i = 0; i < 200; ++i) {
    std::thread other;
    CHECK_THROWS_AS(thread.run([&]() -> int {
      other = std::thread([&] { thread.leave(std::make_shared<int>(i)); });
      other.join();
      throw std::runtime_error("no");
    }),
                    std::runtime_error);
  }
}

TEST_CASE("what was begun runs in its order while nobody waits, and what it gives or throws is had later, or never") {
  LeavableThread thread = thread_of("a", 60s);
  std::vector<int> ran;
  auto first = thread.begin([&ran] { return ran.push_back(1), ran.size(); });
  auto second = thread.begin([&ran]() -> int {
    ran.push_back(2);
    throw std::runtime_error("no");
  });
  thread.begin([&ran] { return ran.push_back(3), std::make_unique<int>(3); });
  CHECK(thread.run([&ran] { return ran; }) == std::vector{1, 2, 3});
  CHECK_THROWS_AS(thread.finish(std::move(second)), std::runtime_error);
  CHECK(thread.finish(std::move(first)) == 1);
}

TEST_CASE("what was begun behind a call that does not come back is left behind with it") {
  const auto hang = std::make_shared<Hang>();
  {
    LeavableThread thread = thread_of("g", 20ms);
    auto call = thread.begin([hang] { hang->enter(); });
    auto behind = thread.begin([] { return 1; });
    CHECK_THROWS_AS(thread.finish(std::move(behind)), LeftBehind);
    CHECK_THROWS_AS(thread.finish(std::move(call)), LeftBehind);
    CHECK_THROWS_AS(thread.finish(thread.begin([] { return 2; })), LeftBehind);
  }
  hang->end();
  wait_until_back("g");
}

TEST_CASE("what is left to the thread is destroyed there, in order, before the next work") {
  LeavableThread thread = thread_of("a", 60s);
  const auto notes = std::make_shared<std::vector<std::string>>();
  thread.leave(std::make_shared<Noted>(notes, "rows"));
  thread.leave(std::make_shared<Noted>(notes, "source"));
  CHECK(thread.run([notes] { return *notes; }) == std::vector<std::string>{"rows", "source"});
}

TEST_CASE("work may ask something of whoever waits, which runs there and throws through") {
  LeavableThread thread = thread_of("a", 60s);
  const LeavableThread::Caller caller(thread);
  std::vector<std::thread::id> asked;
  thread.run([&, caller] {
    for (int i = 0; i < 3; ++i) caller.run([&] { asked.push_back(std::this_thread::get_id()); });
  });
  CHECK(asked == std::vector(3, std::this_thread::get_id()));
  CHECK_THROWS_AS(thread.run([caller] { caller.run([] { throw std::runtime_error("full"); }); }), std::runtime_error);
}

TEST_CASE("a thread that does not come back is left behind with all it has, which it destroys when it comes back") {
  const auto hang = std::make_shared<Hang>();
  const auto notes = std::make_shared<std::vector<std::string>>();
  {
    LeavableThread thread = thread_of("b", 20ms);
    const auto owned = std::make_shared<Noted>(notes, "call");
    CHECK_THROWS_AS(thread.run([hang, owned] { hang->enter(); }), LeftBehind);
    CHECK(thread.is_left_behind());
    CHECK(LeavableThread::left_behind("b") == 1);
    CHECK(LeavableThread::left_behind("c") == 0);
    CHECK_THROWS_AS(thread.run([] {}), LeftBehind);
    thread.leave(std::make_shared<Noted>(notes, "source"));
  }
  CHECK(LeavableThread::any_left_behind());
  CHECK(notes->empty());
  hang->end();
  wait_until_back("b");
  CHECK(*notes == std::vector<std::string>{"call", "source"});
  CHECK_FALSE(LeavableThread::any_left_behind());
}

TEST_CASE("work that shows signs of life is waited for beyond the patience for one call") {
  const auto sign = std::make_shared<SignOfLife>();
  LeavableThread thread({.name = "driver", .connection = "d", .patience = 300ms}, sign);
  const auto start = std::chrono::steady_clock::now();
  thread.run([sign, start] {
    while (std::chrono::steady_clock::now() - start < 600ms) sign->show();
  });
  CHECK_FALSE(thread.is_left_behind());
}

TEST_CASE("who waits for the last that a thread destroys can be told to stop, too") {
  const auto hang = std::make_shared<Hang>();
  std::thread ending([&hang] {
    LeavableThread thread = thread_of("g", 60min);
    thread.leave(std::shared_ptr<void>(nullptr, [hang](void*) { hang->enter(); }));
  });
  hang->wait_until_entered();
  LeavableThread::stop_waiting("g");
  ending.join();
  CHECK(LeavableThread::left_behind("g") == 1);
  hang->end();
  wait_until_back("g");
  CHECK_FALSE(LeavableThread::last_left_behind("g"));
}

TEST_CASE("whoever waits for a connection's thread can be told to stop, and nobody waits for it later") {
  const auto hang = std::make_shared<Hang>();
  {
    LeavableThread thread = thread_of("e", 60s);
    LeavableThread other = thread_of("f", 60s);
    bool asked = false;
    std::thread waiting([&] {
      try {
        thread.run([hang] { hang->enter(); });
      } catch (const LeftBehind& left) {
        asked = left.asked;
      }
    });
    hang->wait_until_entered();
    LeavableThread::stop_waiting("e");
    waiting.join();
    CHECK(asked);
    CHECK_THROWS_AS(thread.run([] {}), LeftBehind);
    CHECK(other.run([] { return 1; }) == 1);
  }
  CHECK(LeavableThread::left_behind("e") == 1);
  hang->end();
  wait_until_back("e");
}
