// What a pipeline did at its target hour by hour: from which follows what is usual.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/text/durations.h"
#include "engine/journal/delivery/guard/guarding.h"

namespace engine::journal {

class Connection;

struct EffectHour {
  std::int64_t hour_ms = 0;  ///< its start
  EffectCounts sum;
  EffectCounts largest;      ///< of each operation, the most that one cycle did
};

/// Some weeks of hours; one in which nothing happened has no row. What an anomaly holds teaches nothing unless it is released. What was released is
/// usual from then on, but no longer counts for the hour it stood in.
class EffectHours {
 public:
  explicit EffectHours(Connection& connection) : connection_(connection) {}

  static constexpr std::int64_t kept_ms = 42 * 24 * hour_ms;

  /// Since when all is counted; none: it is not.
  std::optional<std::int64_t> since(std::int64_t pipeline_id);
  /// From now on, unless it has begun before.
  void begin(std::int64_t pipeline_id, std::int64_t now_ms);
  /// Whoever begins again must not take the time between for hours in which nothing happened.
  void forget(std::int64_t pipeline_id);

  /// `largest`: of the cycle so far, with what was added before. `anomaly_id` 0: it went on.
  void add(std::int64_t pipeline_id, std::int64_t at_ms, std::int64_t anomaly_id, const EffectCounts& counts, const EffectCounts& largest);
  /// In order of time.
  std::vector<EffectHour> learnt(std::int64_t pipeline_id);
  struct Lesson {
    EffectHour hour;            ///< or a part of it
    std::int64_t known_ms = 0;  ///< it was not learnt before: what a person released; else 0
  };
  /// What is learnt, for whoever asks what was at some time. In order of the hours.
  std::vector<Lesson> lessons(std::int64_t pipeline_id);
  /// In the hour of `at_ms`, held or not.
  EffectCounts in_hour(std::int64_t pipeline_id, std::int64_t at_ms);
  /// Forgets what is older than what is kept.
  void sweep(std::int64_t pipeline_id, std::int64_t now_ms);

  void decided(std::int64_t pipeline_id, std::int64_t anomaly_id, bool released);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
