// One instance at work, and its change to another configuration without leaving the process or the journal.
#pragma once

#include <boost/json/object.hpp>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/threads/pulse.h"
#include "engine/journal/journal.h"
#include "engine/operate/service/watchdog.h"
#include "engine/pipeline/alerts/alerts.h"
#include "engine/pipeline/control_socket.h"
#include "engine/pipeline/metrics_endpoint.h"
#include "engine/pipeline/supervisor.h"
#include "engine/pipeline/webhook_endpoint.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// Its locks are taken in this order: `acting_` or `brief_`, `current_`, `changing_`.
class RunningInstance {
 public:
  /// `place` is where the instance was read, and where every reload reads it again.
  RunningInstance(settings::InstancePlace place, settings::Instance instance, journal::Journal& journal, const Clock& clock);
  ~RunningInstance();

  void start();
  /// Returns when `stop` was asked for, after draining; rethrows what ended the journal. Carries out reloads meanwhile.
  void run();
  /// From any thread.
  void stop();

  /// Answers a line of the control socket: status, reload, or an act. One long act at a time, brief ones beside it; status always answers.
  std::string answer(std::string_view request, const pipeline::Peer& peer, const pipeline::TellProgress& tell);

  /// Goes on with what its place holds now: everything under way ends or is resumed at its checkpoint. Refused whole, with the running
  /// configuration untouched, when the folder is broken (InvalidConfiguration) or needs a restart (another journal). Says what is
  /// new, gone and changed. One at a time, and not while a long act is under way.
  boost::json::object reload(const std::string& actor);

 private:
  /// A configuration with the stages that work by it.
  struct Stages {
    Stages(settings::Instance from, journal::Journal& journal, const Clock& clock);
    settings::Instance instance;
    std::unique_ptr<pipeline::Supervisor> supervisor;
    Pulse pulse;
    pipeline::MetricsServer metrics;
    std::unique_ptr<pipeline::WebhookEndpoint> webhooks;
    std::unique_ptr<pipeline::Alerts> alerts;
    std::optional<Watchdog> watchdog;
    void start(journal::Journal& journal);
  };
  void ending();
  bool change_over();
  bool goes_on();
  void require_stages() const;
  void require_own_place(const boost::json::object& request) const;
  boost::json::object reload_or_say_why(const std::string& actor);
  boost::json::object act_now(const boost::json::object& request, const pipeline::Peer& peer, const pipeline::TellProgress& tell);

  settings::InstancePlace place_;
  journal::Journal& journal_;
  const Clock& clock_;
  std::int64_t started_ms_;
  std::mutex acting_;              ///< one long act or reload at a time
  std::mutex brief_;               ///< one brief act at a time, also beside a long one
  mutable std::shared_mutex current_;  ///< exclusively: while stages are replaced
  std::unique_ptr<Stages> stages_;

  std::mutex changing_;
  std::condition_variable changed_;
  std::optional<settings::Instance> next_;
  std::exception_ptr refused_;  ///< why the last change was undone
  bool stopping_ = false;
};

}  // namespace engine::operate
