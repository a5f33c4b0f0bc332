// Questions beside deliveries keep to what the connection allows, and ask again when they were put off.
#include "engine/pipeline/questions.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace engine;
using namespace engine::pipeline;

namespace {

class TurnedClock final : public Clock {
 public:
  std::int64_t wall_ms() const override { return 1'800'000'000'000 + now_ms_; }
  std::int64_t steady_ms() const override { return now_ms_; }
  void pass(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::int64_t now_ms_ = 0;
};

/// Answers at once, as a test says; notes when it was asked.
class AskedTarget final : public model::Target {
 public:
  using Answer = std::function<model::DeliveryOutcome(std::size_t asked_before)>;
  AskedTarget(const Clock& clock, Answer answer) : clock_(clock), answer_(std::move(answer)) {}

  const model::ObjectTraits& traits(std::string_view) const override { return traits_; }
  model::PreparedCall prepare(std::span<const model::Call> calls) const override {
    return {.kind = calls.front().kind, .object = calls.front().object, .request = model::fields_json(calls.front().match)};
  }
  void send(const model::PreparedCall& call, Answered answered) override {
    asked_ms.push_back(clock_.steady_ms());
    answered({model::CallAnswer{.outcome = answer_(asked_ms.size() - 1), .answer = call.request}});
  }
  void stop() override {}

  std::vector<std::int64_t> asked_ms;

 private:
  const Clock& clock_;
  Answer answer_;
  model::ObjectTraits traits_;
};

class World {
 public:
  explicit World(AskedTarget::Answer answer, const settings::LimitsDefinition& limits = {})
      : target(clock, std::move(answer)), questions(target, limits, clock, [this](std::int64_t ms) { clock.pass(ms); }) {}

  std::vector<model::CallAnswer> ask(std::size_t number) {
    std::vector<model::Call> calls;
    for (std::size_t i = 0; i < number; ++i) {
      calls.push_back({.kind = model::CallKind::find, .object = "record", .match = {{"code", model::FieldScalar("C" + std::to_string(i))}}});
    }
    return questions.ask(calls);
  }

  TurnedClock clock;
  AskedTarget target;
  Questions questions;
};

std::size_t answered(const std::vector<model::CallAnswer>& answers) {
  std::size_t number = 0;
  for (const auto& each : answers) number += std::holds_alternative<model::Delivered>(each.outcome) ? 1 : 0;
  return number;
}

model::DeliveryOutcome later(std::optional<std::int64_t> after_ms) { return model::RetryLater{"429", after_ms, true}; }

settings::LimitsDefinition allow(const std::map<std::string, settings::Allowance>& allowances) {
  settings::LimitsDefinition limits;
  limits.budgets[""].allowances = allowances;
  return limits;
}

}  // namespace

TEST_CASE("what was put off is asked again after its time, and the answers stand in the order of the calls") {
  World world([](std::size_t before) -> model::DeliveryOutcome {
    if (before < 3) return later(5'000);
    return model::Delivered{};
  });
  const auto answers = world.ask(10);
  CHECK(answered(answers) == 10);
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].answer == "{\"code\":\"C" + std::to_string(i) + "\"}");
  REQUIRE(world.target.asked_ms.size() > 10);
  for (const std::int64_t at_ms : world.target.asked_ms) CHECK((at_ms == 0 || at_ms >= 5'000));
}

TEST_CASE("questions keep to a short allowance, and leave a long one to deliveries") {
  World world([](std::size_t) { return model::Delivered{}; }, allow({{"a", {.requests = 5, .in_ms = 1'000}}, {"b", {.requests = 7, .in_ms = 86'400'000}}}));
  CHECK(answered(world.ask(20)) == 20);
  CHECK(answered(world.ask(4)) == 4);
  const std::vector<std::int64_t>& asked = world.target.asked_ms;
  REQUIRE(asked.size() == 24);
  for (std::size_t i = 5; i < asked.size(); ++i) CHECK(asked[i] - asked[i - 5] >= 1'000);
}

TEST_CASE("a target that puts everything off is not asked for ever") {
  World world([](std::size_t) { return later(std::nullopt); });
  const auto answers = world.ask(3);
  CHECK(answered(answers) == 0);
  CHECK(world.target.asked_ms.size() <= 24);
  CHECK(std::get<model::RetryLater>(answers[2].outcome).reason == "429");
}

TEST_CASE("for a target that wants to be left alone for an hour nobody waits") {
  settings::LimitsDefinition one;
  one.in_flight = 1;
  World world([](std::size_t) { return later(3'600'000); }, one);
  const auto answers = world.ask(30);
  CHECK(world.target.asked_ms.size() == 1);
  CHECK(world.clock.steady_ms() == 0);
  CHECK(std::get<model::RetryLater>(answers[0].outcome).reason == "429");
  CHECK(std::get<model::RetryLater>(answers[29].outcome).reason == "the target wants to be asked again in 3600 s");
}

TEST_CASE("an error that nobody named a time for is an answer") {
  World world([](std::size_t) { return model::RetryLater{"503", std::nullopt}; });
  CHECK(answered(world.ask(4)) == 0);
  CHECK(world.target.asked_ms.size() == 4);
}
