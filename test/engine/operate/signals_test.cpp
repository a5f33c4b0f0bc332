#include "engine/operate/service/signals.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <future>

using namespace engine;
using namespace engine::operate;

TEST_CASE("a stop is heard while a reload is under way, and the end waits for that reload") {
  const sigset_t signals = block_signals();
  std::promise<void> reloading, go_on, stopped;
  bool reloaded = false;
  {
    const SignalThreads threads(
        signals, [&] { stopped.set_value(); },
        [&] {
          reloading.set_value();
          go_on.get_future().wait();
          reloaded = true;
        });
    kill(getpid(), SIGHUP);
    reloading.get_future().wait();
    kill(getpid(), SIGTERM);
    stopped.get_future().wait();
    CHECK_FALSE(reloaded);
    go_on.set_value();
  }
  CHECK(reloaded);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}
