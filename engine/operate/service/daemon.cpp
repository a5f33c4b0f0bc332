#include "engine/operate/service/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/operate/check.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/service/running_instance.h"
#include "engine/pipeline/control_socket.h"

namespace engine::operate {

namespace {

// Signals end up in a thread of their own, where taking a mutex is allowed.
class Signals {
 public:
  Signals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGHUP);
    sigaddset(&signals_, SIGUSR1);  // ends the waiting thread itself
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  ~Signals() { end(); }
  /// Nothing is called any more.
  void end() {
    if (!thread_.joinable()) return;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  void then(std::function<void()> stop, std::function<void()> reload) {
    thread_ = std::thread([this, stop = std::move(stop), reload = std::move(reload)] {
      for (;;) {
        int signal_number = 0;
        sigwait(&signals_, &signal_number);
        if (signal_number == SIGUSR1) return;
        if (signal_number == SIGHUP) {
          reload();
        } else {
          stop();
        }
      }
    });
  }

 private:
  sigset_t signals_{};
  std::thread thread_;
};

settings::Instance checked_instance(const settings::InstancePlace& place) {
  CheckReport report = check(place, {.live = true, .tolerate_sources = true});
  if (!report.ok()) throw InvalidConfiguration(std::move(report.diagnostics));
  for (const settings::Diagnostic& warning : report.diagnostics.all()) {
    log_event(LogLevel::warning, "check.warning",
              {{"code", warning.code}, {"origin", warning.origin.text()}, {"message", warning.message}, {"hint", warning.suggestion}});
  }
  return std::move(report.instance);
}

// Nobody waits for an answer: what is refused stands in the log.
void reload_by_signal(RunningInstance& running, const DaemonOptions& options) {
  try {
    running.reload(options.folder, "SIGHUP");
  } catch (const InvalidConfiguration& error) {
    for (const settings::Diagnostic& each : error.diagnostics().all()) {
      log_event(LogLevel::error, "reload.refused",
                {{"code", each.code}, {"origin", each.origin.text()}, {"message", each.message}, {"hint", each.suggestion}});
    }
  } catch (const Error& error) {
    log_event(LogLevel::error, "reload.refused",
              {{"code", std::string(name_of(error.code()))}, {"message", error.what()}, {"hint", error.hint()}});
  }
}

}  // namespace

void run_daemon(const DaemonOptions& options) {
  Signals signals;
  settings::Instance instance = checked_instance(options.folder);
  const std::string name = instance.name;
  const std::filesystem::path journal_path = instance.journal_path;
  const auto journal = journal::Journal::open({.path = journal_path});
  RunningInstance running(std::move(instance), *journal, system_clock());
  const pipeline::ControlSocket socket(
      pipeline::control_socket_path(journal_path),
      [&running](std::string_view request, const pipeline::Peer& peer, const pipeline::TellProgress& tell) {
        return running.answer(request, peer, tell);
      });
  running.start();
  signals.then([&running] { running.stop(); }, [&running, &options] { reload_by_signal(running, options); });
  log_event(LogLevel::info, "daemon.started",
            {{"instance", name}, {"journal", journal_path.string()}, {"pid", std::to_string(getpid())}});
  try {
    running.run();
  } catch (...) {
    signals.end();
    throw;
  }
  signals.end();
  log_event(LogLevel::info, "daemon.stopped", {{"instance", name}});
}

}  // namespace engine::operate
