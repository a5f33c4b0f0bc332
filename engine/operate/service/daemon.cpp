#include "engine/operate/service/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/operate/check.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/service/running_instance.h"
#include "engine/pipeline/control_socket.h"

namespace engine::operate {

namespace {

// Blocked in every thread that is made after it.
sigset_t block_signals() {
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Signals end up in a thread of their own, where taking a mutex is allowed.
class SignalThread {
 public:
  SignalThread(sigset_t signals, std::function<void()> stop, std::function<void()> reload)
      : signals_(signals), stop_(std::move(stop)), reload_(std::move(reload)), thread_([this] { wait(); }) {}
  ~SignalThread() {
    ended_ = true;
    // The signal only ends the waiting; the flag says why.
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }

 private:
  void wait() {
    for (;;) {
      int signal_number = 0;
      sigwait(&signals_, &signal_number);
      if (ended_) return;
      if (signal_number == SIGHUP) reload_();
      if (signal_number == SIGTERM || signal_number == SIGINT) stop_();
    }
  }

  sigset_t signals_;
  std::function<void()> stop_;
  std::function<void()> reload_;
  std::atomic<bool> ended_ = false;
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
  } catch (const std::exception& error) {
    // Whatever it is, the running configuration goes on.
    log_event(LogLevel::error, "reload.refused", {{"code", "internal"}, {"message", error.what()}});
  }
}

}  // namespace

void run_daemon(const DaemonOptions& options) {
  const sigset_t signals = block_signals();
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
  // Ends before what its signals act on.
  const SignalThread signal_thread(
      signals, [&running] { running.stop(); }, [&running, &options] { reload_by_signal(running, options); });
  log_event(LogLevel::info, "daemon.started",
            {{"instance", name}, {"journal", journal_path.string()}, {"pid", std::to_string(getpid())}});
  running.run();
  log_event(LogLevel::info, "daemon.stopped", {{"instance", name}});
}

}  // namespace engine::operate
