#include "engine/pipeline/supervisor.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/pipeline/target_setup.h"

namespace engine::pipeline {

Supervisor::Supervisor(const settings::Instance& instance, journal::Journal& journal, const Clock& clock)
    : instance_(instance), journal_(journal), clock_(clock), started_ms_(clock.wall_ms()), backfills_(instance, journal, clock), woken_(std::make_shared<Woken>()) {
  woken_->supervisor = this;
  planner_ = std::make_unique<Planner>(journal_, instance_, clock_, [this](std::exception_ptr problem) { fatal(problem); });
  make_dispatchers(planner_->register_pipelines());
  planner_->on_held([this] {
    for (const auto& [name, dispatcher] : dispatchers_) dispatcher->pauses_changed();
  });
  make_schedulers();
  housekeeper_ = std::make_unique<Housekeeper>(journal_, instance_, clock_, [this](std::exception_ptr problem) { fatal(problem); });
  apply_pauses();
  journal_.on_commit([woken = woken_] {
    const std::lock_guard lock(woken->mutex);
    if (woken->supervisor != nullptr) woken->supervisor->wake_all();
  });
}

// The journal's listener outlives this: it finds nobody to wake.
Supervisor::~Supervisor() {
  {
    const std::lock_guard lock(woken_->mutex);
    woken_->supervisor = nullptr;
  }
  housekeeper_.reset();
  schedulers_.clear();
  planner_.reset();
  dispatchers_.clear();
}

void Supervisor::make_dispatchers(const std::map<std::string, journal::PipelineRow>& rows) {
  inquiries_ = inquiries_of(instance_, clock_);
  for (const auto& [name, connection] : instance_.targets) {
    std::map<std::int64_t, deliver::PipelineTarget> pipelines = pipelines_of(instance_, name, rows);
    if (pipelines.empty()) continue;
    targets_.push_back(connectors::catalog::make_target(connection));
    deliver::DispatcherOptions options = dispatcher_options(connection);
    options.inquiries = inquiries_.get();
    auto dispatcher = std::make_unique<deliver::Dispatcher>(journal_, *targets_.back(), std::move(pipelines), std::move(options), clock_);
    dispatcher->on_fatal([this](std::exception_ptr problem) { fatal(problem); });
    dispatchers_.emplace(name, std::move(dispatcher));
  }
}

void Supervisor::make_schedulers() {
  for (const auto& [name, connection] : instance_.sources) {
    std::vector<settings::TableDefinition> tables;
    for (const auto& [table_name, table] : instance_.tables) {
      if (table.connection == name) tables.push_back(table);
    }
    if (tables.empty()) continue;
    const settings::DialectDefinition& dialect = instance_.dialects.at(connection.dialect);
    schedulers_.push_back(std::make_unique<CaptureScheduler>(
        connection, std::move(tables), journal_, clock_,
        // Named anew: clang 14 captures no structured binding.
        [&source = connection, &dialect] { return connectors::catalog::make_source(source, dialect); },
        [this](std::exception_ptr problem) { fatal(problem); }));
    schedulers_.back()->on_chunk([this](const std::string& table, capture::CaptureMode& mode, model::Source& source, const StopSignal& stop) {
      return backfills_.read_chunk(table, mode, source, stop);
    });
  }
}

// What was captured before a kill is delivered first; then the sources are read.
void Supervisor::start() {
  for (const auto& [name, dispatcher] : dispatchers_) dispatcher->start();
  planner_->start();
  for (const std::string& table : backfills_.waiting()) begin_backfill(table);
  for (const auto& scheduler : schedulers_) scheduler->start();
  housekeeper_->start();
}

void Supervisor::wait(const std::function<void()>& stopping) {
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return stopping_; });
  }
  if (stopping) stopping();
  for (const auto& scheduler : schedulers_) scheduler->ask_to_stop();
  for (const auto& scheduler : schedulers_) scheduler->stop();
  housekeeper_->stop();
  planner_->stop();
  // All at once: what one target keeps waiting, the service manager does not wait for several times.
  for (const auto& [name, dispatcher] : dispatchers_) dispatcher->begin_drain();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(problem_ ? 0 : drain_ms);
  for (const auto& [name, dispatcher] : dispatchers_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    dispatcher->drain(std::max<std::int64_t>(0, left.count()));
  }
  for (const auto& target : targets_) target->stop();
  if (inquiries_) inquiries_->stop();
  if (problem_) std::rethrow_exception(problem_);
}

void Supervisor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ended_.notify_all();
}

void Supervisor::fatal(std::exception_ptr problem) {
  {
    const std::lock_guard lock(mutex_);
    if (!problem_) problem_ = problem;
    stopping_ = true;
  }
  ended_.notify_all();
}

void Supervisor::look_again() {
  for (const auto& [name, dispatcher] : dispatchers_) dispatcher->look_again();
}

bool Supervisor::with_table(const std::string& table, const CaptureScheduler::TableWork& work) {
  for (const auto& scheduler : schedulers_) {
    if (scheduler->with_table(table, work)) return true;
  }
  return false;
}

void Supervisor::begin_backfill(const std::string& table) {
  for (const auto& scheduler : schedulers_) {
    if (scheduler->begin_chunks(table)) return;
  }
}

// A connection stands for all that is read or written through it, the instance for everything.
void Supervisor::apply_pauses() {
  Paused tables;
  Paused pipelines;
  const bool restored = journal_.read()->restored.since_ms().has_value();
  for (const journal::Pause& pause : journal_.read()->pauses.all()) {
    const std::string why = "by " + pause.actor + (pause.reason.empty() ? "" : ": " + pause.reason);
    const auto covers = [&](journal::PauseKind kind, const std::string& name, const std::string& connection) {
      return pause.kind == journal::PauseKind::instance || (pause.kind == kind && pause.name == name) ||
             (pause.kind == journal::PauseKind::connection && pause.name == connection);
    };
    for (const auto& [name, table] : instance_.tables) {
      // After a restore the sources are read all the same: what they changed since must be known before anything is sent.
      if (restored && pause.kind == journal::PauseKind::instance) continue;
      if (covers(journal::PauseKind::table, name, table.connection)) tables.emplace(name, why);
    }
    for (const auto& [name, pipeline] : instance_.pipelines) {
      if (covers(journal::PauseKind::pipeline, name, pipeline.target.connection)) pipelines.emplace(name, why);
    }
  }
  for (const auto& scheduler : schedulers_) scheduler->set_paused(tables);
  planner_->set_paused(std::move(pipelines));
  for (const auto& [name, dispatcher] : dispatchers_) dispatcher->pauses_changed();
}

void Supervisor::wake_all() {
  planner_->wake();
  for (const auto& [name, dispatcher] : dispatchers_) dispatcher->wake();
}

void Supervisor::add_stages(Pulse& pulse) {
  using Answer = Pulse::Answer;
  pulse.add("journal", [this](Answer answered) {
    journal_.write_async([](journal::Records&) {}, [answered](std::exception_ptr) { answered(); });
  });
  pulse.add("planner", [this](Answer answered) { planner_->ping(std::move(answered)); });
  for (const auto& scheduler : schedulers_) {
    pulse.add("capture " + scheduler->connection(), [&scheduler](Answer answered) { scheduler->ping(std::move(answered)); });
  }
  for (const auto& [name, dispatcher] : dispatchers_) {
    pulse.add("deliver " + name, [&own = *dispatcher](Answer answered) { own.ping(std::move(answered)); });
  }
}

LiveStatus Supervisor::status() const {
  LiveStatus live;
  live.pid = getpid();
  live.started_ms = started_ms_;
  live.pipelines = planner_->status();
  for (const auto& scheduler : schedulers_) {
    for (TableLive& table : scheduler->status()) live.tables.push_back(std::move(table));
  }
  for (const auto& [name, dispatcher] : dispatchers_) {
    const deliver::DispatcherStatus status = dispatcher->status();
    live.targets.push_back({name, status.state, status.reason, status.in_flight, status.delivered});
  }
  return live;
}

}  // namespace engine::pipeline
