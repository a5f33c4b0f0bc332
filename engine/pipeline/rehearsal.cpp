#include "engine/pipeline/rehearsal.h"

#include <deque>

#include "engine/base/error.h"
#include "engine/deliver/loop/loop.h"
#include "engine/pipeline/target_setup.h"

namespace engine::pipeline {

namespace {

/// Keys and markers are made of it: the same at each rehearsal, so that requests can be compared.
const std::string rehearsed_id(32, '0');
constexpr int turns_max = 1'000'000;
constexpr std::int64_t idle_wait_ms = 60'000;

}  // namespace

/// The delivery loop of one connection, whose reads and writes are done when its turn comes and not by other threads.
class Rehearsal::Delivery final : public deliver::Surroundings {
 public:
  Delivery(journal::Journal& journal, const Clock& clock, std::unique_ptr<model::Target> target,
           std::map<std::int64_t, deliver::PipelineTarget> pipelines, const deliver::DispatcherOptions& options, const Reply& reply)
      : journal_(journal),
        clock_(clock),
        reply_(reply),
        target_(std::move(target)),
        pipelines_(std::move(pipelines)),
        loop_(*this, *target_, pipelines_, options, [](std::exception_ptr error) { std::rethrow_exception(error); }) {
    loop_.start();
  }
  ~Delivery() override {
    inbox_->closed = true;
    target_->stop();
  }

  /// Does one thing; false when there is nothing to be done at this moment.
  bool turn() {
    loop_.turn();
    if (inbox_->events.empty()) return false;
    const Event event = std::move(inbox_->events.front());
    inbox_->events.pop_front();
    event();
    return true;
  }
  void wake() { loop_.wake(); }
  void look_again() { loop_.look_again(); }
  std::int64_t wait_ms() const { return loop_.wait_ms(); }
  int in_flight() const { return loop_.status().in_flight; }

  std::function<void(Event)> poster() override {
    return [inbox = inbox_](Event event) {
      if (!inbox->closed) inbox->events.push_back(std::move(event));
    };
  }
  void read(Work work, Done done) override {
    poster()([this, work = std::move(work), done = std::move(done)] {
      {
        auto lease = journal_.read();
        work(*lease);
      }
      done(nullptr);
    });
  }
  void write(Work work, Done done) override {
    poster()([this, work = std::move(work), done = std::move(done)] {
      journal_.write(work);
      done(nullptr);
    });
  }
  void ask(const model::Question& question, std::function<void(model::Reply)> answered) override {
    poster()([this, question, answered = std::move(answered)] { answered(reply_(question)); });
  }
  double random() override { return 0.5; }
  const Clock& clock() const override { return clock_; }
  const std::string& journal_id() const override { return rehearsed_id; }

 private:
  struct Inbox {
    std::deque<Event> events;
    bool closed = false;
  };

  journal::Journal& journal_;
  const Clock& clock_;
  Reply reply_;
  std::unique_ptr<model::Target> target_;
  std::map<std::int64_t, deliver::PipelineTarget> pipelines_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  deliver::Loop loop_;
};

Rehearsal::Rehearsal(const settings::Instance& instance, journal::Journal& journal, const Clock& clock,
                     const MakeTarget& make_target, const Reply& reply)
    : instance_(instance),
      journal_(journal),
      clock_(clock),
      planner_(journal, instance, clock, [](std::exception_ptr error) { std::rethrow_exception(error); }) {
  const std::map<std::string, journal::PipelineRow> rows = planner_.register_pipelines();
  for (const auto& [name, connection] : instance.targets) {
    auto pipelines = pipelines_of(instance, name, rows);
    if (pipelines.empty()) continue;
    deliveries_.push_back(std::make_unique<Delivery>(journal_, clock_, make_target(connection), std::move(pipelines),
                                                     dispatcher_options(connection), reply));
  }
}

Rehearsal::~Rehearsal() = default;

capture::CycleResult Rehearsal::capture(const std::string& table, model::Source& source) {
  auto& mode = modes_[table];
  if (!mode) mode = capture::make_capture_mode(instance_.tables.at(table), journal_, clock_);
  return mode->run_cycle(source, stop_, {});
}

void Rehearsal::settle() {
  while (planner_.follow_once()) {
  }
  for (const PipelineLive& pipeline : planner_.status()) {
    if (!pipeline.reason.empty()) throw Error(ErrorCode::config_invalid, pipeline.reason, {{"pipeline", pipeline.name}});
  }
  for (const auto& delivery : deliveries_) {
    delivery->wake();
    int turns = 0;
    while (delivery->turn()) {
      if (++turns == turns_max) throw Error(ErrorCode::stopped, "delivering never comes to rest");
    }
  }
}

void Rehearsal::look_again() {
  for (const auto& delivery : deliveries_) delivery->look_again();
}

std::int64_t Rehearsal::next_in_ms() const {
  std::int64_t next = std::min(idle_wait_ms, planner_.next_in_ms());
  for (const auto& delivery : deliveries_) next = std::min(next, delivery->wait_ms());
  return std::max<std::int64_t>(1, next);
}

bool Rehearsal::awaits_answers() const {
  for (const auto& delivery : deliveries_) {
    if (delivery->in_flight() > 0) return true;
  }
  return false;
}

}  // namespace engine::pipeline
