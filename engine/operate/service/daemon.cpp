#include "engine/operate/service/daemon.h"

#include <malloc.h>
#include <unistd.h>

#include <memory>
#include <mutex>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/operate/check.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/service/running_instance.h"
#include "engine/operate/service/signals.h"
#include "engine/pipeline/control_socket.h"

namespace engine::operate {

namespace {

// What the signals act on. A stop that comes before there is an instance ends the start.
class Life {
 public:
  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (running_ != nullptr) running_->stop();
  }
  bool goes_on() const {
    const std::lock_guard lock(mutex_);
    return !stopping_;
  }
  void begin(RunningInstance& running) {
    const std::lock_guard lock(mutex_);
    running_ = &running;
    if (stopping_) running.stop();
  }
  /// None until the start is over.
  RunningInstance* running() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }

 private:
  mutable std::mutex mutex_;
  RunningInstance* running_ = nullptr;
  bool stopping_ = false;
};

settings::Instance checked_instance(const settings::InstancePlace& place, const Life& life) {
  CheckReport report = check(place, {.live = true, .tolerate_sources = true, .go_on = [&life] { return life.goes_on(); }});
  if (!report.ok()) throw InvalidConfiguration(std::move(report.diagnostics));
  for (const settings::Diagnostic& warning : report.diagnostics.all()) {
    log_event(LogLevel::warning, "check.warning",
              {{"code", warning.code}, {"origin", warning.origin.text()}, {"message", warning.message}, {"hint", warning.suggestion}});
  }
  return std::move(report.instance);
}

// Nobody waits for an answer: what is refused stands in the log.
void reload_by_signal(RunningInstance& running) {
  try {
    running.reload("SIGHUP");
  } catch (const InvalidConfiguration& error) {
    for (const settings::Diagnostic& each : error.diagnostics().all()) {
      log_event(LogLevel::error, "reload.refused",
                {{"code", each.code}, {"origin", each.origin.text()}, {"message", each.message}, {"hint", each.suggestion}});
    }
  } catch (const Error& error) {
    log_event(LogLevel::error, "reload.refused",
              {{"code", std::string(name_of(error.code()))}, {"message", error.what()}, {"hint", error.hint()}});
  } catch (const std::exception& error) {
    // Whatever it is, the running configuration goes on.
    log_event(LogLevel::error, "reload.refused", {{"code", "internal"}, {"message", error.what()}});
  }
}

void run_instance(const DaemonOptions& options, const sigset_t& signals) {
  Life life;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<RunningInstance> running;
  // Ends before what its signals act on.
  const SignalThreads signal_threads(
      signals, [&life] { life.stop(); },
      [&life] {
        if (RunningInstance* const instance = life.running()) reload_by_signal(*instance);
      });
  settings::Instance instance = checked_instance(options.folder, life);
  const std::string name = instance.name;
  const std::filesystem::path journal_path = instance.journal_path;
  journal = journal::Journal::open({.path = journal_path});
  running = std::make_unique<RunningInstance>(options.folder, std::move(instance), *journal, system_clock());
  const pipeline::ControlSocket socket(
      pipeline::control_socket_path(journal_path),
      [&running](std::string_view request, const pipeline::Peer& peer, const pipeline::TellProgress& tell) {
        return running->answer(request, peer, tell);
      });
  running->start();
  life.begin(*running);
  log_event(LogLevel::info, "daemon.started",
            {{"instance", name}, {"journal", journal_path.string()}, {"pid", std::to_string(getpid())}});
  running->run();
  log_event(LogLevel::info, "daemon.stopped", {{"instance", name}});
}

/// glibc gives each thread an arena that keeps what its thread needed once: of a dozen threads that is more than all that is in use. Small blocks come from
/// caches of the threads, so that two arenas are no queue.
void keep_little_memory() { mallopt(M_ARENA_MAX, 2); }

}  // namespace

void run_daemon(const DaemonOptions& options) {
  keep_little_memory();
  const sigset_t signals = block_signals();
  try {
    run_instance(options, signals);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::stopped) throw;
    log_event(LogLevel::info, "daemon.stopped", {{"reason", error.what()}});
  }
}

}  // namespace engine::operate
