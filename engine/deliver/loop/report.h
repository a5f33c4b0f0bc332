// What the world is told of deliveries: metrics, gathered and given in bulk, and log lines for what is not ordinary.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/deliver/job.h"

namespace engine::deliver {

class Report {
 public:
  explicit Report(std::string connection) : connection_(std::move(connection)) {}

  /// A delivery reached a state that this process leaves it in.
  void ended(const Job& job, std::int64_t now_ms);
  /// An attempt failed in a way that another may mend.
  void will_retry(const Job& job);
  /// Something waits for a person who was not asked before.
  void held(const Job& job, const std::string& why);
  void throttled(const std::string& budget) { ++throttled_[budget]; }
  /// Work stood ready, and the budget was used up.
  void waited_for(const std::string& budget, std::int64_t ms) { waited_ms_[budget] += ms; }
  void connection_event(const std::string& event, const std::string& reason);
  /// Hands on what was gathered.
  void flush();
  std::int64_t delivered() const { return delivered_; }

 private:
  std::string connection_;
  std::int64_t delivered_ = 0;
  std::map<std::pair<const PipelineTarget*, journal::DeliveryState>, int> counts_;
  std::map<const PipelineTarget*, int> retries_;
  std::map<std::string, int> throttled_;
  std::map<std::string, std::int64_t> waited_ms_;
  std::map<const PipelineTarget*, std::vector<double>> latencies_;  ///< seconds
};

}  // namespace engine::deliver
