// What is sent again without a change at the source: after a mapping changed (remap), because a person asks for it (replay,
// backfill), after a restore.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/pipeline/planning/planning.h"

namespace engine::pipeline {

struct ResendOptions {
  bool force = false;      ///< also what equals what was last sent: the skip check is off
  bool live_only = false;  ///< only records that are at the target by our hand
  bool comments = false;   ///< of a change that is sent again; else only the record
  bool outdated = false;   ///< ids that it refers to changed: the head of the lane compares
  bool dry_run = false;    ///< count, write nothing
};

struct ResendCounts {
  std::int64_t looked_at = 0;
  std::int64_t create = 0;   ///< not at the target by our hand so far
  std::int64_t update = 0;
  std::int64_t remove = 0;   ///< outside `where` or gone, and still at the target
  std::int64_t equal = 0;    ///< to what was last sent
  std::int64_t waiting = 0;  ///< a change that is not mapped yet sends the newest state anyway
  std::int64_t failed = 0;   ///< can't be mapped: nothing is sent
  std::vector<std::string> failures;  ///< the first few, with their keys
  std::int64_t sent() const { return create + update + remove; }
};

/// Plans deliveries of one pipeline as new generations. Each call belongs into one journal transaction that also sees the newest image or
/// change, so that an older state never follows a newer one.
class Resend {
 public:
  Resend(Planning& planning, journal::PipelineRow row, ResendOptions options, const Clock& clock)
      : planning_(planning), row_(std::move(row)), options_(options), clock_(clock) {}

  void image(journal::Records& records, const journal::RowImage& image);
  /// The newest state of the key that a retained change has; `change` is one of the key's.
  void newest_of(journal::Records& records, const model::Change& change);
  /// This change itself, for messages: each stands for something that happened.
  void change(journal::Records& records, const model::Change& change);

  const ResendCounts& counts() const { return counts_; }

 private:
  void plan(journal::Records& records, journal::Delivery delivery, std::int64_t newest_seq);
  void count_waiting();
  bool is_wanted(journal::Records& records, const journal::Delivery& delivery);
  void forget_last_sent(journal::Records& records, const journal::Delivery& delivery);
  void number(journal::Records& records, journal::Delivery& delivery, std::int64_t newest_seq);

  Planning& planning_;
  journal::PipelineRow row_;
  ResendOptions options_;
  const Clock& clock_;
  ResendCounts counts_;
};

}  // namespace engine::pipeline
