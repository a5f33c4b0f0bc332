#include "engine/deliver/loop/intake.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace engine::deliver {

namespace {

constexpr std::size_t timers_max = 50'000;
constexpr std::int64_t rescan_every_ms = 30'000;
constexpr std::int64_t busy_wait_ms = 20;
constexpr std::int64_t wait_ms_longest = 24 * 3'600'000;
/// Of those whose wait is over, so many are read again at a time: a lease on the journal is short.
constexpr std::size_t due_max = 1'000;
/// So many urgent ones may overtake before one of this priority has its turn: nothing starves.
constexpr int passed_over_max[] = {0, 8, 16};
constexpr std::size_t awaiting_max = 50'000;

}  // namespace

Intake::Intake(Surroundings& surroundings, const model::Target& target,
               const std::map<std::int64_t, PipelineTarget>& pipelines, IntakeOptions options, Failed failed)
    : surroundings_(surroundings),
      target_(target),
      pipelines_(pipelines),
      options_(std::move(options)),
      failed_(std::move(failed)),
      rescan_ms_(now_ms() + rescan_every_ms),
      page_(options_.page_min) {
  for (const auto& [id, pipeline] : pipelines_) {
    if (pipeline.on_dead_stops_lane) stops_on_dead_.insert(id);
    any_related_ = any_related_ || !pipeline.parents.empty();
  }
  set_up_queues();
}

/// Without priorities there is one queue of all. What no pipeline claims any more is among the normal ones.
void Intake::set_up_queues() {
  std::array<std::vector<std::int64_t>, 3> ids;
  for (const auto& [id, pipeline] : pipelines_) ids[static_cast<std::size_t>(pipeline.priority)].push_back(id);
  std::vector<std::int64_t> others;
  for (const auto priority : {settings::Priority::high, settings::Priority::low}) {
    const auto& own = ids[static_cast<std::size_t>(priority)];
    others.insert(others.end(), own.begin(), own.end());
    Queue& queue = queues_[static_cast<std::size_t>(priority)];
    queue.used = !own.empty();
    queue.pipelines = journal::PipelineChoice::of(own, false);
  }
  Queue& normal = queues_[static_cast<std::size_t>(settings::Priority::normal)];
  normal.used = true;
  normal.pipelines = journal::PipelineChoice::of(others, true);
}

void Intake::look_again() {
  restart_ = true;
  wake();
}

void Intake::wait(std::int64_t delivery_id, std::int64_t wait_ms, bool retry) {
  if (waiting_.contains(delivery_id)) return;
  if (timers_.size() >= timers_max) {
    any_blocked_ = true;  // the next scan from the start finds it
    return;
  }
  const std::int64_t due_ms = now_ms() + std::min(wait_ms, wait_ms_longest);
  timers_.emplace(due_ms, Timer{delivery_id, retry});
  waiting_.emplace(delivery_id, due_ms);
}

/// The target is well again: what waited because it was not is due now.
void Intake::end_retry_waits() {
  std::vector<Timer> ended;
  for (auto at = timers_.begin(); at != timers_.end();) {
    if (at->second.retry) ended.push_back(at->second);
    at = at->second.retry ? timers_.erase(at) : std::next(at);
  }
  // One look at the clock: both places of a timer say the same time, or it is not found again.
  const std::int64_t due_ms = now_ms();
  for (const Timer& timer : ended) {
    waiting_[timer.delivery_id] = due_ms;
    timers_.emplace(due_ms, timer);
  }
}

void Intake::release(const JobPtr& job) {
  const journal::Delivery& delivery = job->delivery();
  busy_.free(job->lanes);
  running_.erase(delivery.id);
  if (any_related_) tell_awaiting(*job);
  const bool was_met = met_.erase(delivery.id) > 0;
  any_met_ = any_met_ || was_met;
  // Nothing that was looked at stands behind another; what a load under way finds is not known yet.
  if (!any_blocked_ && !loading_ && !was_met) return;
  journal::Freed freed{.pipeline_id = delivery.pipeline_id, .key = delivery.key, .object = delivery.object, .bundle_id = delivery.bundle_id};
  freed.matches.push_back(delivery.match);
  if (delivery.also_match) freed.matches.push_back(*delivery.also_match);
  freed_.push_back(std::move(freed));
}

/// Who waits for a record is looked at when a delivery of that record has ended, whatever its end: the journal knows.
void Intake::tell_awaiting(const Job& job) {
  const journal::Delivery& delivery = job.delivery();
  if (journal::is_open(delivery.state)) return;
  Record record{delivery.pipeline_id, delivery.key};
  const auto waiting = awaiting_.find(record);
  if (waiting != awaiting_.end()) {
    for (const std::int64_t id : waiting->second) hurry(id);
    awaiting_.erase(waiting);
  }
  if (loading_) ended_since_load_.insert(std::move(record));
}

void Intake::await(const journal::Head& head) {
  // Forgotten ones are found again by their own timers.
  if (awaiting_.size() > awaiting_max) awaiting_.clear();
  for (const journal::Awaited& awaited : head.awaits) {
    awaiting_[{awaited.pipeline_id, awaited.key}].insert(head.delivery.id);
  }
}

bool Intake::ended_meanwhile(const journal::Head& head) const {
  return std::any_of(head.awaits.begin(), head.awaits.end(), [this](const journal::Awaited& awaited) {
    return ended_since_load_.contains({awaited.pipeline_id, awaited.key});
  });
}

void Intake::hurry(std::int64_t delivery_id) {
  if (const auto waits = waiting_.find(delivery_id); waits != waiting_.end()) {
    auto [at, end] = timers_.equal_range(waits->second);
    at = std::find_if(at, end, [&](const auto& timer) { return timer.second.delivery_id == delivery_id; });
    ENGINE_ASSERT(at != end);
    timers_.erase(at);
    waiting_.erase(waits);
  }
  wait(delivery_id, 0, false);
}

void Intake::drop_ready() {
  stale_load_ = loading_;
  for (Queue& queue : queues_) {
    for (const JobPtr& job : std::exchange(queue.ready, {})) {
      --ready_;
      busy_.free(job->lanes);
      running_.erase(job->delivery().id);
      met_.erase(job->delivery().id);
      // The scan finds pending ones alone.
      if (job->is_uncertain()) wait(job->delivery().id, 0, true);
    }
  }
  look_again();
}

/// The first queue that has something, unless a later one was passed over too often. Only where one is ready.
Intake::Queue& Intake::next_queue() {
  Queue* chosen = nullptr;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    Queue& queue = queues_[i];
    if (queue.ready.empty()) continue;
    const bool overtaken_enough = chosen != nullptr && ++queue.passed_over > passed_over_max[i];
    if (chosen == nullptr || overtaken_enough) chosen = &queue;
  }
  chosen->passed_over = 0;
  return *chosen;
}

JobPtr Intake::next() {
  Queue& queue = next_queue();
  JobPtr job = std::move(queue.ready.front());
  queue.ready.pop_front();
  --ready_;
  ++started_;
  return job;
}

void Intake::put_back(JobPtr job) {
  queue_of(*job->pipeline).ready.push_front(std::move(job));
  ++ready_;
}

std::vector<std::int64_t> Intake::due_ids() {
  std::vector<std::int64_t> ids;
  while (!timers_.empty() && timers_.begin()->first <= now_ms() && ids.size() < due_max) {
    ids.push_back(timers_.begin()->second.delivery_id);
    waiting_.erase(ids.back());
    timers_.erase(timers_.begin());
  }
  return ids;
}

void Intake::fill() {
  if (loading_ || std::none_of(queues_.begin(), queues_.end(), [this](const Queue& each) { return wants_more(each); })) return;
  if (now_ms() >= rescan_ms_) {
    rescan_ms_ = now_ms() + rescan_every_ms;
    if (any_blocked_) look_again();
  }
  if (restart_) {
    for (Queue& queue : queues_) queue.cursor = 0;
    restart_ = any_blocked_ = false;
  }
  LoadRequest request{.connection = options_.connection};
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    Queue& queue = queues_[i];
    if (queue.more && wants_more(queue)) request.scans.push_back({i, queue.pipelines, queue.cursor});
  }
  request.ids = due_ids();
  request.freed.swap(freed_);
  request.stops_on_dead = stops_on_dead_;
  request.pipelines = &pipelines_;
  request.related = any_related_;
  request.now_ms = surroundings_.clock().wall_ms();
  ended_since_load_.clear();
  if (request.scans.empty() && request.ids.empty() && request.freed.empty()) return;

  // A fast target is given larger pages; for a slow one small pages keep what is sent fresh.
  page_ = std::clamp(started_ * 2, options_.page_min, options_.page_max);
  started_ = 0;
  for (ScanRequest& scan : request.scans) scan.limit = page_;
  loading_ = true;
  woken_ = false;
  busy_.watch();
  auto result = room_ ? std::exchange(room_, nullptr) : std::make_shared<Loaded>();
  auto work = [result, &target = target_, request = std::move(request)](journal::Records& records) { load(records, target, request, *result); };
  surroundings_.read(std::move(work), [this, result](std::exception_ptr error) { loaded(result, error); });
}

void Intake::loaded(const std::shared_ptr<Loaded>& result, std::exception_ptr error) {
  loading_ = false;
  if (error) return failed_(error);
  const bool more_comes = result->heads.size() >= page_ / 2;
  take_in_all(*result);
  if (!more_comes) return;
  result->clear();
  room_ = result;
}

void Intake::take_in_all(Loaded& loaded) {
  if (std::exchange(stale_load_, false)) {
    // The scan from the start that follows finds all but those that were asked for by their id.
    for (const journal::Head& head : loaded.waited) wait(head.delivery.id, 0, head.delivery.state == journal::DeliveryState::uncertain);
    return;
  }
  for (const Loaded::Scanned& scanned : loaded.scanned) {
    Queue& queue = queues_[scanned.queue];
    queue.cursor = std::max(queue.cursor, scanned.to);
    // What was written while this was read lies behind its end.
    if (scanned.at_end) queue.more = woken_;
  }
  any_blocked_ = any_blocked_ || loaded.any_blocked;
  if (!loaded.bundles.empty()) begin_bundles(std::move(loaded.bundles));
  for (journal::Head& head : loaded.waited) take_in(std::move(head), true);
  for (journal::Head& head : loaded.heads) take_in(std::move(head), false);
  // It found nothing that stands behind another, so nobody waits for the lanes that became free meanwhile.
  if (!any_blocked_ && !std::exchange(any_met_, false)) freed_.clear();
}

/// Told once a pipeline.
bool Intake::knows(const journal::Delivery& delivery) {
  if (pipelines_.contains(delivery.pipeline_id)) return true;
  if (unknown_pipelines_.insert(delivery.pipeline_id).second) {
    log_event(LogLevel::warning, "deliver.pipeline_gone",
              {{"connection", options_.connection},
               {"pipeline_id", std::to_string(delivery.pipeline_id)},
               {"hint", "its deliveries wait until the pipeline is configured again"}});
  }
  return false;
}

/// Once that is on disk each of its deliveries goes on by itself: a kill behind it tears nothing apart that was not begun.
void Intake::begin_bundles(std::set<std::int64_t> bundles) {
  auto members = std::make_shared<std::vector<std::int64_t>>();
  auto work = [members, bundles = std::move(bundles)](journal::Records& records) {
    members->clear();
    for (const std::int64_t bundle : bundles) {
      if (!records.bundles.begin(bundle)) continue;
      for (const journal::Delivery& member : records.bundles.members(bundle)) members->push_back(member.id);
    }
  };
  surroundings_.write(std::move(work), [this, members](std::exception_ptr error) {
    if (error) return failed_(error);
    for (const std::int64_t id : *members) hurry(id);
  });
}

void Intake::take_in(journal::Head head, bool waited) {
  const journal::Delivery& delivery = head.delivery;
  if (!knows(delivery)) return;
  if (running_.contains(delivery.id)) {
    if (waited) return wait(delivery.id, busy_wait_ms, false);
    met_.insert(delivery.id);
    return;
  }
  // What was read may be older than what has ended since: it is read again.
  const BusyLanes::Lanes lanes = BusyLanes::lanes_of(delivery);
  if (busy_.freed_since_watch(lanes)) return wait(delivery.id, 0, false);
  const std::int64_t early_ms = delivery.not_before_ms - surroundings_.clock().wall_ms();
  if (!waited && waiting_.contains(delivery.id)) return;
  // A quiet moment of its record is waited for whatever the target does, and however often it is looked at before; one that was planned by a clock
  // which was set back since, is over.
  const bool settles = delivery.settle_by_ms && delivery.created_ms <= surroundings_.clock().wall_ms();
  if (early_ms > 0 && settles) return wait(delivery.id, early_ms, false);
  if (!waited && early_ms > 0 && !delivery.settle_by_ms) return wait(delivery.id, early_ms, true);
  if (!head.awaits.empty()) {
    if (ended_meanwhile(head)) return wait(delivery.id, 0, false);
    await(head);
  }
  // Whoever occupies the lane leads to this one when it is released.
  if (!busy_.occupy(lanes)) {
    any_blocked_ = true;
    if (waited) wait(delivery.id, busy_wait_ms, false);
    return;
  }
  running_.insert(delivery.id);

  auto job = std::make_shared<Job>();
  job->lanes = lanes;
  job->may_have_been_sent = delivery.first_seq <= options_.suspect_seq;
  job->journaled = delivery.state;
  job->pipeline = &pipelines_.at(delivery.pipeline_id);
  try {
    job->traits = &target_.traits(delivery.object);
  } catch (const Error&) {
    job->traits = nullptr;  // the loop tells why
  }
  job->head = std::move(head);
  queue_of(*job->pipeline).ready.push_back(std::move(job));
  ++ready_;
}

/// None while a load is under way: its end is an event.
std::optional<std::int64_t> Intake::next_ms() const {
  if (loading_) return std::nullopt;
  bool has_room = false;
  for (const Queue& queue : queues_) {
    if (!wants_more(queue)) continue;
    if (queue.more || !freed_.empty()) return now_ms();
    has_room = true;
  }
  if (!has_room) return std::nullopt;
  std::optional<std::int64_t> next;
  if (!timers_.empty()) next = timers_.begin()->first;
  if (any_blocked_ && (!next || rescan_ms_ < *next)) next = rescan_ms_;
  return next;
}

}  // namespace engine::deliver
