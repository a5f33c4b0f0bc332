#include "engine/operate/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/operate/check.h"
#include "engine/operate/dead_letters.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/service/service_state.h"
#include "engine/operate/service/status_line.h"
#include "engine/operate/service/watchdog.h"
#include "engine/operate/status.h"
#include "engine/pipeline/alerts/alerts.h"
#include "engine/pipeline/control_socket.h"
#include "engine/pipeline/metrics_endpoint.h"
#include "engine/pipeline/supervisor.h"

namespace engine::operate {

namespace {

// Signals end up in a thread of their own, where taking a mutex is allowed.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGUSR1);  // ends the waiting thread itself
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  ~EndSignals() {
    if (!thread_.joinable()) return;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  void then(std::function<void()> stop) {
    thread_ = std::thread([this, stop = std::move(stop)] {
      int signal_number = 0;
      sigwait(&signals_, &signal_number);
      if (signal_number != SIGUSR1) stop();
    });
  }

 private:
  sigset_t signals_{};
  std::thread thread_;
};

std::string answer_command(std::string_view request, const pipeline::Peer& peer, pipeline::Supervisor& supervisor,
                           journal::Journal& journal, const settings::Instance& instance) {
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(request, broken);
  if (broken || !value.is_object()) throw Error(ErrorCode::config_invalid, "the daemon got a request that is no JSON object");
  const std::string_view verb = value.at("verb").as_string();
  if (verb == "status") return live_status_json(supervisor.status());
  if (verb == "decide") {
    const Decision decision = decision_from_json(value);
    log_event(LogLevel::info, "decision", {{"actor", peer.user}, {"request", std::string(request)}});
    const std::vector<Decided> decided = decide(journal, instance, decision, peer.user, system_clock());
    supervisor.look_again();
    return decided_json(decided);
  }
  throw Error(ErrorCode::config_invalid, "the running daemon does not know '" + std::string(verb) + "'", {},
              "it may be older than this program: restart it");
}

settings::Instance checked_instance(const settings::InstancePlace& place) {
  CheckReport report = check(place, {.live = true, .tolerate_sources = true});
  if (!report.ok()) throw InvalidConfiguration(std::move(report.diagnostics));
  for (const settings::Diagnostic& warning : report.diagnostics.all()) {
    log_event(LogLevel::warning, "check.warning",
              {{"code", warning.code}, {"origin", warning.origin.text()}, {"message", warning.message}, {"hint", warning.suggestion}});
  }
  return std::move(report.instance);
}

}  // namespace

void run_daemon(const DaemonOptions& options) {
  EndSignals signals;
  const settings::Instance instance = checked_instance(options.folder);
  const auto journal = journal::Journal::open({.path = instance.journal_path});
  pipeline::Supervisor supervisor(instance, *journal, system_clock());
  const pipeline::ControlSocket socket(
      pipeline::control_socket_path(instance.journal_path),
      [&](std::string_view request, const pipeline::Peer& peer) {
        return answer_command(request, peer, supervisor, *journal, instance);
      });
  Pulse pulse;
  supervisor.add_stages(pulse);
  const auto metrics = pipeline::serve_metrics(instance, *journal, [&supervisor] { return supervisor.status(); }, pulse);
  supervisor.start();
  const auto alerts = pipeline::make_alerts(instance, *journal, [&supervisor] { return supervisor.status(); }, pulse);
  Watchdog watchdog(pulse, [&supervisor] { return status_line(supervisor.status()); });
  signals.then([&supervisor] { supervisor.stop(); });
  log_event(LogLevel::info, "daemon.started",
            {{"instance", instance.name}, {"journal", instance.journal_path.string()}, {"pid", std::to_string(getpid())}});
  tell_ready(status_line(supervisor.status()));
  supervisor.wait([&watchdog] {
    tell_stopping();
    watchdog.stop();
  });
  log_event(LogLevel::info, "daemon.stopped", {{"instance", instance.name}});
}

}  // namespace engine::operate
