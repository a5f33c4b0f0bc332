#include "engine/pipeline/housekeeper.h"

#include <pthread.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/base/text/durations.h"

namespace engine::pipeline {

namespace {

constexpr std::int64_t first_round_ms = second_ms;  ///< what grew old while it was down goes soon
constexpr std::int64_t round_ms = minute_ms;
constexpr std::int64_t rounds_between_sweeps = 10;
constexpr std::int64_t rows_a_step = 500;
constexpr std::int64_t breath_ms = 20;  ///< between steps, for those who write what just happened
constexpr std::int64_t always_kept_ms = hour_ms;

}  // namespace

Housekeeper::Housekeeper(journal::Journal& journal, const settings::Instance& instance, const Clock& clock, Fatal fatal)
    : journal_(journal), instance_(instance), clock_(clock), fatal_(std::move(fatal)) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "housekeeper");
    try {
      keep_house();
    } catch (...) {
      fatal_(std::current_exception());
    }
  });
}

void Housekeeper::stop() {
  stop_.request();
  if (thread_.joinable()) thread_.join();
}

// A full disk is waited out: the next round tries again.
void Housekeeper::keep_house() {
  for (std::int64_t round = 1; !stop_.wait_for(round == 1 ? first_round_ms : round_ms); ++round) {
    try {
      count_up();
      close_anomalies();
      if (round % rounds_between_sweeps == 1) sweep();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::journal_full) throw;
    }
  }
  // What was sent in the last minute must not look as if it had never been.
  try {
    count_up();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::journal_full) throw;
  }
}

// Only what was written since needs a new number: an idle instance writes nothing.
void Housekeeper::count_up() {
  std::int64_t written = 0;
  {
    auto reader = journal_.read();
    written = reader->changes.last_seq() + reader->deliveries.last_id() + reader->deliveries.last_attempt_id();
  }
  if (written == counted_at_) return;
  counted_at_ = written;
  journal_.advance_epoch();
}

// Of a record that came to rest nothing is planned any more, and nobody else would see that its anomaly holds nothing.
void Housekeeper::close_anomalies() {
  std::set<std::int64_t> pipelines;
  for (const journal::Anomaly& anomaly : journal_.read()->anomalies.all_open()) {
    if (anomaly.stays_ms > 0 && anomaly.updated_ms + anomaly.stays_ms <= clock_.wall_ms()) pipelines.insert(anomaly.pipeline_id);
  }
  if (pipelines.empty()) return;
  journal_.write([&](journal::Records& records) {
    for (const std::int64_t id : pipelines) records.anomalies.close_healed(id, clock_.wall_ms());
  });
}

void Housekeeper::sweep() {
  const std::int64_t removed = sweep_before(clock_.wall_ms() - instance_.retention.age_ms);
  if (removed > 0) log_event(LogLevel::info, "journal.swept", {{"removed", std::to_string(removed)}});
  leave_space();
  gauge("datapicker_journal_used_bytes", {}, static_cast<double>(journal_.read()->retention.used_bytes()));
}

std::int64_t Housekeeper::sweep_before(std::int64_t before_ms) {
  std::map<std::int64_t, std::int64_t> mapped_to;
  for (const journal::PipelineRow& row : journal_.read()->pipelines.all()) {
    if (!instance_.pipelines.contains(row.name)) continue;
    const auto [entry, is_new] = mapped_to.emplace(row.table_id, row.position);
    if (!is_new) entry->second = std::min(entry->second, row.position);
  }
  journal::Sweep sweep;
  while (!sweep.done && !stop_.requested()) {
    journal_.write([&](journal::Records& records) { records.retention.step(sweep, {before_ms, clock_.wall_ms()}, mapped_to, rows_a_step); });
    if (stop_.wait_for(breath_ms)) break;
  }
  return sweep.removed;
}

// Above the size, the oldest twentieth goes at a time; the last hour stays whatever it takes.
void Housekeeper::leave_space() {
  if (instance_.retention.bytes == 0) return;
  const std::int64_t newest = clock_.wall_ms() - always_kept_ms;
  std::int64_t before = journal_.read()->retention.oldest_change_ms(clock_.wall_ms());
  const std::int64_t step = std::max<std::int64_t>((newest - before) / 20, 60'000);
  while (journal_.read()->retention.used_bytes() > instance_.retention.bytes && before < newest && !stop_.requested()) {
    before = std::min(before + step, newest);
    const std::int64_t removed = sweep_before(before);
    log_event(LogLevel::warning, "journal.size_limit", {{"removed", std::to_string(removed)}});
  }
}

}  // namespace engine::pipeline
