// The loop's part that looks before it overwrites: `drift`.
#include <fmt/format.h>

#include "engine/deliver/loop/loop.h"
#include "engine/journal/delivery/guard/anomalies.h"

namespace engine::deliver {

namespace {

/// A newer change takes the place of what is held, and is judged anew: until then its anomaly stays open, under one number.
constexpr std::int64_t stays_ms = 600'000;

}  // namespace

/// Reads what somebody may have changed before the first call that would overwrite it; what is for a person to decide waits for him. Then it goes no
/// further. In a dry run nothing is read, as nothing is sent.
bool Loop::yields_to_drift(const JobPtr& job, const Decision& decision) {
  if (decision.overwrites.empty() || options_.dry_run) return false;
  if (job->drift) {
    if (!job->drift->asks_a_person()) return false;
    hold_drifted(job);
    return true;
  }
  job->reads_first = decision.overwrites;
  job->kind = model::CallKind::read_back;
  call(job);
  return true;
}

/// Which values stand against each other is kept with the delivery: the anomaly is of all records that drifted.
void Loop::hold_drifted(const JobPtr& job) {
  const std::int64_t now = wall_ms();
  LedgerEntry entry = entry_of(job, LedgerEntry::After::release, now);
  entry.anomaly = journal::Anomaly{.kind = journal::drift_kind,
                                   .pipeline_id = entry.delivery().pipeline_id,
                                   .cycle_id = entry.delivery().cycle_id,
                                   .text = fmt::format("{}: somebody changed {} at the target, which would be overwritten", entry.delivery().key, job->drift->names(false)),
                                   .numbers = "{}",
                                   .opened_ms = now,
                                   .updated_ms = now,
                                   .stays_ms = stays_ms};
  write(std::move(entry));
}

}  // namespace engine::deliver
