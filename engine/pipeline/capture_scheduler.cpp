#include "engine/pipeline/capture_scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/metrics.h"
#include "engine/base/threads/leavable_thread.h"

namespace engine::pipeline {

namespace {

constexpr std::int64_t refused_wait_ms = 300'000;
constexpr std::int64_t full_disk_wait_ms = 5'000;
constexpr std::int64_t idle_look_ms = 60'000;
constexpr std::int64_t patience_ms = 20;
constexpr RetryPolicy unreachable_policy{.first_wait_ms = 1'000, .wait_ms_max = 30'000, .tries_max = 0};

}  // namespace

CaptureScheduler::CaptureScheduler(const settings::SourceConnection& connection,
                                   std::vector<settings::TableDefinition> tables, journal::Journal& journal,
                                   const Clock& clock, MakeSource make_source, Fatal fatal)
    : connection_(connection), journal_(journal), clock_(clock), make_source_(std::move(make_source)), fatal_(std::move(fatal)) {
  std::stable_sort(tables.begin(), tables.end(),
                   [](const auto& a, const auto& b) { return a.capture.every_ms < b.capture.every_ms; });
  const auto turns = std::make_shared<capture::FeedTurns>();
  for (settings::TableDefinition& table : tables) {
    Task task;
    task.mode = capture::make_capture_mode(table, journal_, clock_, turns);
    task.live.name = table.name;
    task.live.connection = connection_.name;
    task.live.state = "waiting";
    gauge("datapicker_capture_every_seconds", {{"table", table.name}}, static_cast<double>(table.capture.every_ms) / 1000);
    task.table = std::move(table);
    tasks_.push_back(std::move(task));
  }
}

CaptureScheduler::~CaptureScheduler() { stop(); }

void CaptureScheduler::start() {
  const std::size_t readers = std::min<std::size_t>(static_cast<std::size_t>(connection_.readers), tasks_.size());
  at_work_ += static_cast<int>(readers);
  for (std::size_t i = 0; i < readers; ++i) threads_.emplace_back([this] { serve(); });
}

void CaptureScheduler::serve() {
  pthread_setname_np(pthread_self(), "reader");
  try {
    read_tables();
  } catch (...) {
    fatal_(std::current_exception());
  }
  const std::lock_guard lock(mutex_);
  --at_work_;
  ended_.notify_all();
}

void CaptureScheduler::ask_to_stop() {
  {
    // A reader between its look and its wait would else sleep on.
    const std::lock_guard lock(mutex_);
    if (stop_.requested()) return;
    stop_.request();
    stop_by_ = std::chrono::steady_clock::now() + stop_patience;
  }
  wake_.notify_all();
}

void CaptureScheduler::stop() {
  ask_to_stop();
  {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_until(lock, stop_by_, [this] { return at_work_ == 0; })) LeavableThread::stop_waiting(connection_.name);
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool CaptureScheduler::with_table(const std::string& table, const TableWork& work) {
  std::unique_lock lock(mutex_);
  const auto task = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& each) { return each.table.name == table; });
  if (task == tasks_.end()) return false;
  while (task->running && !stop_.requested()) wake_.wait_for(lock, std::chrono::milliseconds(100));
  if (stop_.requested()) throw Error(ErrorCode::stopped, "the daemon is stopping");
  task->running = true;
  ++at_work_;
  lock.unlock();
  std::exception_ptr problem;
  try {
    const std::unique_ptr<model::Source> source = make_source_();
    work(*task->mode, *source);
  } catch (...) {
    problem = std::current_exception();
  }
  lock.lock();
  task->running = false;
  --at_work_;
  ended_.notify_all();
  // Others wait here, too, and a reader may be meant.
  wake_.notify_all();
  if (problem) std::rethrow_exception(problem);
  return true;
}

bool CaptureScheduler::begin_chunks(const std::string& table) {
  {
    const std::lock_guard lock(mutex_);
    const auto task = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& each) { return each.table.name == table; });
    if (task == tasks_.end()) return false;
    task->chunk_due_ms = clock_.steady_ms();
    task->chunk_failures = 0;
  }
  wake_.notify_all();
  return true;
}

void CaptureScheduler::set_paused(Paused tables) {
  {
    const std::lock_guard lock(mutex_);
    paused_ = std::move(tables);
  }
  wake_.notify_all();
}

void CaptureScheduler::read_tables() {
  const std::unique_ptr<model::Source> source = make_source_();
  while (Task* task = wait_for_task(*source)) {
    task->reads_chunk ? run_chunk(*task, *source) : run_cycle(*task, *source);
    const std::lock_guard lock(mutex_);
    task->running = false;
    wake_.notify_all();
  }
}

void CaptureScheduler::ping(std::function<void()> answered) {
  const std::lock_guard lock(mutex_);
  if (free_readers_ == 0) return answered();
  pings_.push_back(std::move(answered));
  wake_.notify_all();
}

/// With the lock held.
void CaptureScheduler::answer_pings() {
  for (const auto& answered : pings_) answered();
  pings_.clear();
}

// The task that is due the longest, at the start those of short intervals first; null when stopping. A connection is not kept over a long pause: the
// server, or a firewall between, would cut it. Nobody waits until the driver has closed it.
CaptureScheduler::Task* CaptureScheduler::wait_for_task(model::Source& source) {
  std::unique_lock lock(mutex_);
  bool is_open = true;
  while (!stop_.requested()) {
    answer_pings();
    const std::int64_t now = clock_.steady_ms();
    std::int64_t wait = idle_look_ms;
    Task* next = nullptr;
    for (Task& task : tasks_) {
      if (task.running || paused_.contains(task.table.name)) continue;
      // Left for a moment to the reader that had it last.
      const bool is_anothers = task.last_read_by != nullptr && task.last_read_by != &source;
      const std::int64_t due_ms = task.next_due_ms() + (is_anothers ? patience_ms : 0);
      wait = std::min(wait, std::max<std::int64_t>(0, due_ms - now));
      // The one that waits longest: a table that is always due again would else keep others from ever being read.
      if (due_ms <= now && (next == nullptr || task.next_due_ms() < next->next_due_ms())) next = &task;
    }
    if (next != nullptr) {
      next->running = true;
      next->last_read_by = &source;
      next->reads_chunk = next->is_chunk_next();
      if (next->reads_chunk) return next;
      next->live.state = "reading";
      next->live.rows_now = 0;
      return next;
    }
    if (wait >= idle_look_ms && std::exchange(is_open, false)) {
      lock.unlock();
      source.close();
      lock.lock();
      continue;
    }
    ++free_readers_;
    wake_.wait_for(lock, std::chrono::milliseconds(wait));
    --free_readers_;
  }
  return nullptr;
}

void CaptureScheduler::run_cycle(Task& task, model::Source& source) {
  const std::int64_t started = clock_.steady_ms();
  const capture::Progress progress = [&](std::int64_t rows, std::int64_t expected) {
    const std::lock_guard lock(mutex_);
    task.live.rows_now = rows;
    task.live.rows_expected = expected;
  };
  try {
    succeeded(task, task.mode->run_cycle(source, stop_, progress), started);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::stopped) return;
    if (error.code() == ErrorCode::journal_failed) throw;
    failed(task, error, source);
  }
}

/// A chunk that fails is tried again with growing waits; the cycles say what is wrong with the source, and go on.
void CaptureScheduler::run_chunk(Task& task, model::Source& source) {
  std::optional<std::int64_t> wait;
  try {
    if (read_chunk_(task.table.name, *task.mode, source, stop_)) wait = 0;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::stopped) return;
    if (error.code() == ErrorCode::journal_failed) throw;
    if (error.code() != ErrorCode::journal_full) source.close();
    wait = unreachable_policy.wait_ms(task.chunk_failures + 1, 0.5);
    log_event(LogLevel::warning, "backfill.failed",
              {{"table", task.table.name}, {"code", std::string(name_of(error.code()))}, {"message", error.what()}, {"next_try_ms", std::to_string(*wait)}});
  }
  const std::lock_guard lock(mutex_);
  task.chunk_failures = wait && *wait > 0 ? task.chunk_failures + 1 : 0;
  task.chunk_due_ms = wait ? std::optional(clock_.steady_ms() + *wait) : std::nullopt;
}

void CaptureScheduler::succeeded(Task& task, const capture::CycleResult& result, std::int64_t started_ms) {
  const std::int64_t now = clock_.steady_ms();
  const bool recovered = task.failures > 0;
  const std::int64_t changes = result.inserts + result.updates + result.deletes;
  {
    const std::lock_guard lock(mutex_);
    task.failures = 0;
    task.due_ms = std::max(now, started_ms + task.table.capture.every_ms);
    task.live.state = "waiting";
    task.live.reason.clear();
    task.live.last_cycle_ms = clock_.wall_ms();
    task.live.last_cycle_took_ms = now - started_ms;
    task.live.rows_last_cycle = result.rows_read;
    if (changes > 0) task.live.last_change_ms = task.live.last_cycle_ms;
  }
  const MetricLabels labels{{"table", task.table.name}};
  gauge("datapicker_capture_rows", labels, static_cast<double>(result.rows_read));
  observe_seconds("datapicker_capture_cycle_seconds", labels,
                  static_cast<double>(now - started_ms) / 1000.0);
  count("datapicker_changes_captured_total", labels, static_cast<double>(changes));
  for (const auto& [operation, rows] : {std::pair("insert", result.healed.inserts), {"update", result.healed.updates}, {"delete", result.healed.deletes}}) {
    if (rows > 0) count("datapicker_capture_healed_rows_total", {{"table", task.table.name}, {"operation", operation}}, static_cast<double>(rows));
  }
  if (recovered) log_event(LogLevel::info, "capture.recovered", {{"table", task.table.name}, {"connection", connection_.name}});
  if (recovered) remember_pause(task, "watching", "");
  if (changes == 0 && !result.snapshot) return;
  log_event(LogLevel::info, result.snapshot ? "capture.snapshot" : "capture.cycle",
            {{"table", task.table.name},
             {"rows", std::to_string(result.rows_read)},
             {"inserts", std::to_string(result.inserts)},
             {"updates", std::to_string(result.updates)},
             {"deletes", std::to_string(result.deletes)},
             {"took_ms", std::to_string(now - started_ms)}});
}

void CaptureScheduler::failed(Task& task, const Error& error, model::Source& source) {
  std::string state;
  const std::int64_t wait = wait_after(task, error, state);
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = task.live.state != state && task.live.reason != error.what();
    ++task.failures;
    task.due_ms = clock_.steady_ms() + wait;
    task.live.state = state;
    task.live.reason = error.what();
  }
  if (error.code() != ErrorCode::journal_full) source.close();
  count("datapicker_capture_failures_total",
        {{"table", task.table.name}, {"code", std::string(name_of(error.code()))}});
  if (!news) return;
  LogFields fields{{"table", task.table.name},
                   {"connection", connection_.name},
                   {"code", std::string(name_of(error.code()))},
                   {"message", error.what()},
                   {"next_try_ms", std::to_string(wait)}};
  if (!error.hint().empty()) fields.emplace_back("hint", error.hint());
  for (const auto& [name, value] : error.context()) {
    if (name != "table" && name != "connection") fields.emplace_back(name, value);
  }
  log_event(LogLevel::warning, "capture.failed", fields);
  if (state == "paused") remember_pause(task, "paused", error.what());
}

// What follows each error of a source: the one place that says so.
std::int64_t CaptureScheduler::wait_after(Task& task, const Error& error, std::string& state) {
  const double middle = 0.5 + 0.5 * static_cast<double>(std::hash<std::string>{}(task.table.name) % 1000) / 1000.0;
  switch (error.code()) {
    case ErrorCode::source_unreachable:
    case ErrorCode::source_busy:
      state = "unreachable";
      return unreachable_policy.wait_ms(task.failures + 1, middle);
    case ErrorCode::source_schema_changed:
    case ErrorCode::source_bad_data:
      state = "paused";
      return refused_wait_ms;
    case ErrorCode::journal_full:
      state = "full";
      return full_disk_wait_ms;
    default:
      state = "refused";
      return refused_wait_ms;
  }
}

// A table that waits for a person says so in the journal too, where `status` finds it when the daemon is down.
void CaptureScheduler::remember_pause(const Task& task, const std::string& state, const std::string& reason) {
  try {
    journal_.write([&](journal::Records& records) {
      const auto table = records.tables.find(task.table.name);
      const bool was_paused = table && table->state == "paused";
      if (table && (state == "paused" ? table->state == "watching" || was_paused : was_paused)) {
        records.tables.set_state(table->id, state, reason);
      }
    });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::journal_full) throw;
  }
}

std::vector<TableLive> CaptureScheduler::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<TableLive> all;
  for (const Task& task : tasks_) {
    all.push_back(task.live);
    all.back().next_in_ms = std::max<std::int64_t>(0, task.due_ms - clock_.steady_ms());
    const auto paused = paused_.find(task.table.name);
    if (paused == paused_.end() || task.running) continue;
    all.back().state = "paused";
    all.back().reason = paused->second;
    all.back().by_person = true;
  }
  return all;
}

}  // namespace engine::pipeline
