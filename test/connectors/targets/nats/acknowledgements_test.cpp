#include "connectors/targets/nats/acknowledgements.h"

#include <doctest/doctest.h>

#include <future>
#include <thread>

using connectors::targets::nats::Acknowledgements;
using engine::model::CallAnswer;

TEST_CASE("a message is reported once, whoever comes first") {
  Acknowledgements waiting;
  int reports = 0;
  waiting.add("j-1", [&](CallAnswer) { ++reports; });
  Acknowledgements::settle(waiting.number(), "j-1", {});
  Acknowledgements::settle(waiting.number(), "j-1", {});
  waiting.settle_all({});
  CHECK(reports == 1);
}

TEST_CASE("an acknowledgement that comes after the end reaches nobody, not even who came next") {
  std::uintptr_t gone = 0;
  {
    const Acknowledgements waiting;
    gone = waiting.number();
  }
  Acknowledgements next;
  bool reported = false;
  next.add("j-1", [&](CallAnswer) { reported = true; });
  Acknowledgements::settle(gone, "j-1", {});
  CHECK_FALSE(reported);
}

TEST_CASE("the end waits for an acknowledgement that is being told") {
  auto waiting = std::make_unique<Acknowledgements>();
  std::promise<void> telling;
  std::promise<void> told;
  bool done = false;
  waiting->add("j-1", [&](CallAnswer) {
    telling.set_value();
    told.get_future().wait();
    done = true;
  });
  std::thread library([number = waiting->number()] { Acknowledgements::settle(number, "j-1", {}); });
  telling.get_future().wait();
  auto ending = std::async(std::launch::async, [&] {
    waiting.reset();
    return done;
  });
  told.set_value();
  CHECK(ending.get());
  library.join();
}
