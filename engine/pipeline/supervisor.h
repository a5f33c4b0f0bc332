// Wires the stages of one instance together, owns their life, and ends the process when the journal can't go on.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/threads/pulse.h"
#include "engine/deliver/dispatcher.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/capture_scheduler.h"
#include "engine/pipeline/housekeeper.h"
#include "engine/pipeline/live_status.h"
#include "engine/pipeline/planning/planner.h"
#include "engine/pipeline/range_backfill.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

class Supervisor {
 public:
  Supervisor(const settings::Instance& instance, journal::Journal& journal, const Clock& clock);
  ~Supervisor();

  void start();
  /// Returns when `stop` was asked for, after draining; rethrows what ended the journal. `stopping` is called before the
  /// first stage ends.
  void wait(const std::function<void()>& stopping = {});
  /// From any thread, also a signal's: capture ends at its next batch, deliveries in flight get `drain_ms`.
  void stop();
  LiveStatus status() const;
  /// Every stage with a thread of its own, and the journal's writer. To be forgotten when `wait` calls `stopping`.
  void add_stages(Pulse& pulse);
  /// A person decided something about older deliveries: they are looked at again.
  void look_again();
  /// See CaptureScheduler; false for a table that no connection of this instance has.
  bool with_table(const std::string& table, const CaptureScheduler::TableWork& work);
  /// The journal has a range of the table's keys to be read again.
  void begin_backfill(const std::string& table);
  /// A person paused or resumed something: the journal says what.
  void apply_pauses();

  static constexpr std::int64_t drain_ms = 20'000;

 private:
  void make_dispatchers(const std::map<std::string, journal::PipelineRow>& rows);
  void make_schedulers();
  void fatal(std::exception_ptr problem);
  void wake_all();

  const settings::Instance& instance_;
  journal::Journal& journal_;
  const Clock& clock_;
  std::int64_t started_ms_;
  std::vector<std::unique_ptr<model::Target>> targets_;
  std::unique_ptr<model::Inquiries> inquiries_;
  std::map<std::string, std::unique_ptr<deliver::Dispatcher>> dispatchers_;
  std::unique_ptr<Planner> planner_;
  std::unique_ptr<Housekeeper> housekeeper_;
  RangeBackfillReading backfills_;
  std::vector<std::unique_ptr<CaptureScheduler>> schedulers_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;
  std::exception_ptr problem_;
  /// Whom the journal's commits wake, as long as it lives.
  struct Woken {
    std::mutex mutex;
    Supervisor* supervisor = nullptr;
  };
  std::shared_ptr<Woken> woken_;
};

}  // namespace engine::pipeline
