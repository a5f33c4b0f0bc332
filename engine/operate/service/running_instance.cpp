#include "engine/operate/service/running_instance.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/operate/acts/acts.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/check.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/service/reload_report.h"
#include "engine/operate/service/service_state.h"
#include "engine/operate/service/status_line.h"
#include "engine/operate/status.h"
#include "engine/pipeline/metrics_endpoint.h"

namespace engine::operate {

namespace json = boost::json;

RunningInstance::Stages::Stages(settings::Instance from, journal::Journal& journal, const Clock& clock)
    : instance(std::move(from)),
      supervisor(std::make_unique<pipeline::Supervisor>(instance, journal, clock)),
      metrics(pipeline::serve_metrics(instance, journal, [this] { return supervisor->status(); }, pulse)),
      webhooks(pipeline::serve_webhooks(instance, journal, clock, [this] { supervisor->look_again(); })) {}

RunningInstance::RunningInstance(settings::InstancePlace place, settings::Instance instance, journal::Journal& journal, const Clock& clock)
    : place_(std::move(place)), journal_(journal), clock_(clock), started_ms_(clock.wall_ms()), stages_(std::make_unique<Stages>(std::move(instance), journal, clock)) {}

RunningInstance::~RunningInstance() = default;

void RunningInstance::Stages::start(journal::Journal& journal) {
  supervisor->add_stages(pulse);
  supervisor->start();
  alerts = pipeline::make_alerts(instance, journal, [this] { return supervisor->status(); }, pulse);
  watchdog.emplace(pulse, [this] { return status_line(supervisor->status()); });
  tell_ready(status_line(supervisor->status()));
}

void RunningInstance::start() { stages_->start(journal_); }

// Stages end one after the other and no longer answer the watchdog.
void RunningInstance::ending() {
  bool reloads = false;
  {
    const std::lock_guard lock(changing_);
    reloads = next_.has_value() && !stopping_;
  }
  reloads ? tell_reloading() : tell_stopping();
  log_event(LogLevel::info, reloads ? "daemon.reloading" : "daemon.stopping", {{"instance", stages_->instance.name}});
  reloads ? stages_->watchdog->drain() : stages_->watchdog->stop();
}

void RunningInstance::run() {
  // However it ends, a reload that waits for its turn is told.
  struct Ended {
    RunningInstance& instance;
    ~Ended() {
      const std::lock_guard lock(instance.changing_);
      instance.stopping_ = true;
      instance.changed_.notify_all();
    }
  } const ended{*this};
  for (;;) {
    stages_->supervisor->wait([this] { ending(); });
    {
      const std::lock_guard lock(changing_);
      if (stopping_ || !next_) return;
    }
    if (!change_over()) return;
  }
}

/// A reload that waits is told first. While stages are exchanged this waits for them: there is nothing yet that could be stopped.
void RunningInstance::stop() {
  {
    const std::lock_guard lock(changing_);
    stopping_ = true;
  }
  changed_.notify_all();
  const std::shared_lock current(current_);
  if (stages_) stages_->supervisor->stop();
}

// The old stages have ended; the journal stays open and locked. What can't be built leaves the old configuration at work. Only a failing
// journal leaves none: then the process ends. False: it was stopped meanwhile.
bool RunningInstance::change_over() {
  const std::unique_lock current(current_);
  std::unique_lock lock(changing_);
  if (stopping_) return false;
  settings::Instance before = stages_->instance;
  settings::Instance after = std::move(*next_);
  next_.reset();
  lock.unlock();
  stages_.reset();
  std::exception_ptr problem;
  try {
    stages_ = std::make_unique<Stages>(std::move(after), journal_, clock_);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::journal_failed) throw;
    problem = std::current_exception();
    stages_ = std::make_unique<Stages>(std::move(before), journal_, clock_);
  }
  stages_->start(journal_);
  lock.lock();
  refused_ = problem;
  changed_.notify_all();
  return true;
}

json::object RunningInstance::reload(const std::string& actor) {
  // Not waited for: a long act would keep the reloads' thread, and with it the end of the process.
  const std::unique_lock acting(acting_, std::try_to_lock);
  if (!acting) {
    throw Error(ErrorCode::config_invalid, "another act is under way; the running configuration goes on", {}, "reload again when it has ended");
  }
  CheckReport report = check(place_, {.live = true, .tolerate_sources = true, .go_on = [this] { return goes_on(); }});
  if (!report.ok()) throw InvalidConfiguration(std::move(report.diagnostics));
  const settings::Instance before = stages_->instance;
  if (report.instance.journal_path != before.journal_path || report.instance.name != before.name) {
    throw Error(ErrorCode::config_invalid, "the instance's name or its journal is another one now", {},
                "these can't change while it runs: restart the daemon");
  }
  const settings::Instance after = report.instance;
  std::unique_lock lock(changing_);
  if (stopping_) throw Error(ErrorCode::stopped, "the daemon is stopping");
  next_ = std::move(report.instance);
  stages_->supervisor->stop();
  changed_.wait(lock, [this] { return stopping_ || !next_; });
  if (stopping_) throw Error(ErrorCode::stopped, "the daemon is stopping");
  lock.unlock();
  const std::shared_lock current(current_);
  if (refused_) std::rethrow_exception(refused_);
  json::object outcome = reload_report(before, after, journal_, clock_);
  record_act({{"verb", "reload"}}, outcome, journal_, actor, clock_);
  log_event(LogLevel::info, "daemon.reloaded", {{"actor", actor}, {"outcome", json::serialize(outcome)}});
  return outcome;
}

bool RunningInstance::goes_on() {
  const std::lock_guard lock(changing_);
  return !stopping_;
}

void RunningInstance::require_stages() const {
  if (!stages_) throw Error(ErrorCode::stopped, "the daemon is stopping");
}

// Who may act on the daemon may not have it read a folder of his own, with its secrets and its rights.
void RunningInstance::require_own_place(const json::object& request) const {
  const auto folder = [](const std::filesystem::path& path) {
    std::error_code unreadable;
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, unreadable);
    return unreadable ? path.lexically_normal() : canonical;
  };
  const auto shown = [](const std::filesystem::path& path, const std::string& environment) {
    return path.string() + (environment.empty() ? "" : " with the environment '" + environment + "'");
  };
  const std::filesystem::path own = folder(place_.path);
  const std::filesystem::path asked = folder(text_of(request, "folder"));
  const std::string environment = text_of(request, "environment");
  if (asked == own && environment == place_.environment) return;
  throw Error(ErrorCode::config_invalid, fmt::format("the daemon runs {}, not {}", shown(own, place_.environment), shown(asked, environment)), {},
              "change that folder, or restart the daemon with the other one");
}

// Every problem at once reaches whoever asked.
json::object RunningInstance::reload_or_say_why(const std::string& actor) {
  try {
    return reload(actor);
  } catch (const InvalidConfiguration& error) {
    return {{"reloaded", false}, {"problems", json::parse(settings::diagnostics_json(error.diagnostics().all()))}};
  }
}

json::object RunningInstance::act_now(const json::object& request, const pipeline::Peer& peer, const pipeline::TellProgress& tell) {
  const std::lock_guard acting(is_brief(request) ? brief_ : acting_);
  if (!tell(0, 0)) throw Error(ErrorCode::stopped, "whoever asked has gone while another act was under way");
  const std::shared_lock current(current_);
  require_stages();
  return act(request, {journal_, stages_->instance, clock_, peer.user, tell, stages_->supervisor.get()});
}

std::string RunningInstance::answer(std::string_view line, const pipeline::Peer& peer, const pipeline::TellProgress& tell) {
  json::error_code broken;
  const json::value value = json::parse(line, broken);
  if (broken || !value.is_object()) throw Error(ErrorCode::config_invalid, "the daemon got a request that is no JSON object");
  const json::object& request = value.get_object();
  const std::string verb = text_of(request, "verb");
  if (verb == "reload") {
    require_own_place(request);
    return json::serialize(reload_or_say_why(peer.user));
  }
  if (verb != "status") return json::serialize(act_now(request, peer, tell));
  const std::shared_lock current(current_);
  require_stages();
  pipeline::LiveStatus live = stages_->supervisor->status();
  live.started_ms = started_ms_;  // the process's, not the last reload's
  return live_status_json(live);
}

}  // namespace engine::operate
