// The thread that watches a running instance and tells people when the state of something changes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/base/threads/pulse.h"
#include "engine/journal/journal.h"
#include "engine/model/notice.h"
#include "engine/pipeline/alerts/alert_book.h"
#include "engine/pipeline/alerts/outbox.h"
#include "engine/pipeline/alerts/rhythm.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// Looks every few seconds, on a thread that nobody waits for: a mail server that is down holds up nothing. What was told
/// and what still waits to be told stands in PATH.alerts beside the journal, rhythms of tables in PATH.rhythm; both are
/// written anew as a whole, so a kill leaves the old or the new one.
class Alerts {
 public:
  using LiveStatusOf = std::function<LiveStatus()>;

  Alerts(const settings::Instance& instance, journal::Journal& journal, LiveStatusOf live_status, const Pulse& pulse);
  ~Alerts();

 private:
  void watch();
  void look();
  Observed observe();
  std::vector<AwaitingPerson> awaiting_person();
  std::vector<HeldByGuard> held_by_guards();
  void keep_book();
  void keep_rhythm();

  const settings::Instance& instance_;
  journal::Journal& journal_;
  LiveStatusOf live_status_;
  const Pulse& pulse_;
  std::vector<std::unique_ptr<model::NoticeChannel>> channels_;
  AlertBook book_;
  Outbox outbox_;
  Rhythm rhythm_;
  std::int64_t rhythm_kept_ms_ = 0;
  StopSignal stop_;
  std::thread thread_;
};

/// Null when nobody is to be told.
std::unique_ptr<Alerts> make_alerts(const settings::Instance& instance, journal::Journal& journal,
                                    Alerts::LiveStatusOf live_status, const Pulse& pulse);

}  // namespace engine::pipeline
