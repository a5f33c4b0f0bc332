// The thread that looks after the journal while the instance runs: retention, and the epoch by which an old copy is known.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <thread>

#include "engine/base/blocking.h"
#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

class Housekeeper {
 public:
  using Fatal = std::function<void(std::exception_ptr)>;

  Housekeeper(journal::Journal& journal, const settings::Instance& instance, const Clock& clock, Fatal fatal);
  ~Housekeeper();
  void start();
  void stop();

 private:
  void keep_house();
  void count_up();
  void close_anomalies();
  void sweep();
  std::int64_t sweep_before(std::int64_t before_ms);
  void leave_space();

  journal::Journal& journal_;
  const settings::Instance& instance_;
  const Clock& clock_;
  Fatal fatal_;
  StopSignal stop_;
  std::int64_t counted_at_ = -1;  ///< of the change log when the epoch was last counted up
  std::thread thread_;
};

}  // namespace engine::pipeline
