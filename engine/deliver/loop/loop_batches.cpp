// The loop's part that lets records travel together: each keeps its own attempt, and its own end.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/deliver/loop/loop.h"

namespace engine::deliver {

using model::CallKind;

namespace {

bool is_journaled(const Job& job) { return is_journaled_first(job.kind, *job.traits, job.moves); }

}  // namespace

bool Loop::goes_in_batch(const Job& job) {
  if (job.alone || job.moves || only_reads(job.kind) || job.kind == CallKind::comment) return false;
  return job.traits->of(job.kind).records_max > 1;
}

bool Loop::joins_batch(const Job& job) const {
  return goes_in_batch(job) && batches_.contains({job.head.delivery.object, job.kind});
}

/// The batch holds a place among those in flight from its first record on.
void Loop::add_to_batch(const JobPtr& job) {
  // What goes out again after a crash is the record by itself.
  if (is_journaled(*job) && !prepare(job)) return;
  const BatchKey key(job->delivery().object, job->kind);
  OpenBatch& batch = batches_[key];
  if (batch.jobs.empty()) {
    ++in_flight_;
    batch.opened_ms = steady_ms();
    filling_ = true;
  }
  batch.jobs.push_back(job);
  if (batch.jobs.size() < batch_max(*job)) return;
  auto full = batches_.extract(key);
  send_batch(std::move(full.mapped().jobs));
}

std::size_t Loop::batch_max(const Job& job) const {
  const std::size_t most = job.traits->of(job.kind).records_max;
  const auto less = batch_max_.find({job.head.delivery.object, job.kind});
  return less == batch_max_.end() ? most : std::min(most, less->second);
}

/// A request that failed as a whole may have been too much for the target, or one of its records: the next ones are half as large, until they are
/// answered, and grow again.
void Loop::note_batch(const BatchKey& key, const Jobs& jobs, std::size_t ill) {
  const auto less = batch_max_.find(key);
  if (jobs.size() > 1 && ill == jobs.size()) {
    batch_max_[key] = jobs.size() / 2;
  } else if (less != batch_max_.end() && ill == 0 && jobs.size() >= less->second) {
    less->second *= 2;
    if (less->second >= jobs.front()->traits->of(key.second).records_max) batch_max_.erase(less);
  }
}

/// What is looked up first becomes known one by one: for a moment it is worth waiting for.
bool Loop::may_grow(const OpenBatch& batch) const {
  return finding_ > 0 && !draining_ && is_journaled(*batch.jobs.front()) && steady_ms() < batch.opened_ms + batch_wait_ms;
}

/// What may still grow stays open; all else goes out now.
void Loop::send_batches() {
  filling_ = false;
  std::vector<Jobs> ripe;
  std::erase_if(batches_, [&](auto& each) {
    if (may_grow(each.second)) return false;
    ripe.push_back(std::move(each.second.jobs));
    return true;
  });
  for (Jobs& jobs : ripe) send_batch(std::move(jobs));
}

/// Too large, it is halved; when it cannot be made, each goes alone.
void Loop::send_batch(Jobs jobs) {
  model::PreparedCall prepared;
  try {
    prepared = target_.prepare(calls_of(jobs));
  } catch (const Error&) {
    --in_flight_;
    for (const JobPtr& job : jobs) {
      job->alone = true;
      give_back_permit(job);
      call(job);
    }
    return;
  }
  const std::size_t bytes_max = jobs.front()->traits->of(jobs.front()->kind).bytes_max;
  if (bytes_max > 0 && prepared.request.size() > bytes_max && jobs.size() > 1) {
    const auto middle = jobs.begin() + static_cast<std::ptrdiff_t>(jobs.size() / 2);
    ++in_flight_;
    budgets_.take_all_the_same(spending(**middle), Counts::requests, (*middle)->permit, moment());
    send_batch({jobs.begin(), middle});
    return send_batch({middle, jobs.end()});
  }
  if (is_journaled(*jobs.front())) return begin_batch(std::move(jobs), std::move(prepared));
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->prepared.request = kept_request(jobs, i, prepared);
  send(std::move(jobs), std::move(prepared));
}

std::vector<model::Call> Loop::calls_of(const Jobs& jobs) const {
  std::vector<model::Call> calls;
  for (const JobPtr& job : jobs) calls.push_back(make_call(*job, job->kind, surroundings_.journal_id()));
  return calls;
}

/// The whole request is kept once; the others say where.
std::string Loop::kept_request(const Jobs& jobs, std::size_t index, const model::PreparedCall& prepared) {
  if (index == 0) return prepared.request;
  return "{\"batch_of_delivery\":" + std::to_string(jobs[0]->delivery().id) + ",\"record\":" + std::to_string(index) + "}";
}

/// Each record's attempt is frozen and on disk before the first byte leaves: after a crash each goes on by itself, as if
/// it had been sent alone.
void Loop::begin_batch(Jobs jobs, model::PreparedCall prepared) {
  auto batch = std::make_shared<StartingBatch>();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const JobPtr& job = jobs[i];
    job->delivery().frozen = job->prepared.request;
    job->starting = batch;
    write_start(job, kept_request(jobs, i, prepared));
  }
  batch->unwritten = jobs.size();
  batch->prepared = std::move(prepared);
}

void Loop::batch_written(LedgerEntry& entry) {
  const JobPtr& job = entry.job;
  const std::shared_ptr<StartingBatch> batch = std::exchange(job->starting, nullptr);
  if (entry.written && !entry.yielded) {
    job->attempt->id = entry.begun_id;
    batch->jobs.push_back(job);
  } else {
    give_back_permit(job);
    intake_.release(job);
    // Somebody decided otherwise about this record: the request must go out without it.
    batch->is_whole = false;
  }
  if (--batch->unwritten > 0) return;
  if (batch->jobs.empty()) {
    --in_flight_;
    return;
  }
  // It could be made with more records, so it can be made with these.
  if (!batch->is_whole) batch->prepared = target_.prepare(calls_of(batch->jobs));
  send(std::move(batch->jobs), std::move(batch->prepared));
}

}  // namespace engine::deliver
