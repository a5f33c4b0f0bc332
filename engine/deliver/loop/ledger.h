// What is written to the journal of deliveries under way: starts of attempts, answers, ends, many in one commit.
#pragma once

#include <vector>

#include "engine/deliver/job.h"
#include "engine/journal/journal.h"

namespace engine::deliver {

/// One write for one job, which may go on before the write is on disk.
struct LedgerEntry {
  enum class After : std::uint8_t { nothing, send, release, begin_anew };

  JobPtr job;
  After after = After::nothing;
  /// The delivery as it was. None of a job that is to be released: it has nothing more to do, and its own is what is written.
  std::unique_ptr<const journal::Delivery> snapshot;
  journal::DeliveryState expected = journal::DeliveryState::pending;
  bool unjournaled = false;
  std::vector<journal::Attempt> ended;
  std::optional<journal::Attempt> begun;
  Effects effects;
  std::optional<journal::Anomaly> anomaly;  ///< of a delivery that was pending: it is held under this one

  const journal::Delivery& delivery() const { return snapshot ? *snapshot : job->delivery(); }

  // Set by `write_entry`.
  bool written = false;  ///< false: somebody else decided meanwhile
  bool yielded = false;  ///< a delete took over, or its pipeline is paused
  std::int64_t begun_id = 0;
  bool opened_anomaly = false;  ///< none of its kind was open
};

/// Takes over what the job gathered since its last write. One that is to be released must not be changed until that is on disk.
LedgerEntry entry_of(const JobPtr& job, LedgerEntry::After after, std::int64_t now_ms);

/// Runs on the journal's writer thread.
void write_entry(journal::Records& records, LedgerEntry& entry, std::int64_t now_ms);

}  // namespace engine::deliver
