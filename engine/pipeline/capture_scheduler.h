// Runs the capture of all tables of one source connection: a few readers, one a table at a time, fast tables first.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/blocking.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/retry_policy.h"
#include "engine/capture/capture_mode.h"
#include "engine/pipeline/live_status.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// Owns `readers` threads, each with a connection of its own. What a failed cycle means is decided here, by its error code:
/// unreachable and busy sources are tried again with growing waits, refused ones every 5 minutes, a changed schema or bad data pauses the
/// table (looked at again every 5 minutes), a full journal waits, a failed journal is fatal.
class CaptureScheduler {
 public:
  using MakeSource = std::function<std::unique_ptr<model::Source>()>;
  using Fatal = std::function<void(std::exception_ptr)>;

  CaptureScheduler(const settings::SourceConnection& connection, std::vector<settings::TableDefinition> tables,
                   journal::Journal& journal, const Clock& clock, MakeSource make_source, Fatal fatal);
  ~CaptureScheduler();

  /// Reads a table's next rows beside its cycles, on a reader's thread; false: no more. To be set before `start`.
  using ReadChunk = std::function<bool(const std::string& table, capture::CaptureMode&, model::Source&, const StopSignal&)>;
  void on_chunk(ReadChunk read) { read_chunk_ = std::move(read); }
  /// From now on chunk after chunk is read between the table's cycles, until there are no more. False: the table is not one of this connection's.
  bool begin_chunks(const std::string& table);

  void start();
  /// Cycles under way end at their next batch. Returns at once.
  void ask_to_stop();
  /// Waits for them, up to `stop_patience` from when they were first asked. Calls of a driver that have not come back by then are left behind.
  void stop();
  static constexpr std::chrono::seconds stop_patience{10};
  /// `answered` is called by a reader that is free, or at once when all are busy: a reader inside a slow call of its driver
  /// is as it should be. It must be quick.
  void ping(std::function<void()> answered);
  /// Calls `work` on this thread with the table's capture and a connection of its own, while no cycle of the table runs. False: the
  /// table is not one of this connection's. Throws what `work` throws; stopped when the scheduler ends first.
  using TableWork = std::function<void(capture::CaptureMode&, model::Source&)>;
  bool with_table(const std::string& table, const TableWork& work);
  /// These tables are not read until they are gone from the list; a read under way ends first.
  void set_paused(Paused tables);
  std::vector<TableLive> status() const;
  const std::string& connection() const { return connection_.name; }

 private:
  struct Task {
    settings::TableDefinition table;
    std::unique_ptr<capture::CaptureMode> mode;
    TableLive live;
    std::int64_t due_ms = 0;  ///< steady
    std::optional<std::int64_t> chunk_due_ms;  ///< steady; none: no chunk is wanted
    bool reads_chunk = false;                  ///< and no cycle, while running
    int chunk_failures = 0;
    /// The next chunk has waited longer than the next cycle.
    bool is_chunk_next() const { return chunk_due_ms && *chunk_due_ms < due_ms; }
    std::int64_t next_due_ms() const { return is_chunk_next() ? *chunk_due_ms : due_ms; }
    bool running = false;
    const model::Source* last_read_by = nullptr;  ///< its connection knows the table: prepared statements, the key's index
    int failures = 0;
  };
  void serve();
  void read_tables();
  void answer_pings();
  Task* wait_for_task(model::Source& source);
  void run_cycle(Task& task, model::Source& source);
  void run_chunk(Task& task, model::Source& source);
  void succeeded(Task& task, const capture::CycleResult& result, std::int64_t started_ms);
  void failed(Task& task, const Error& error, model::Source& source);
  std::int64_t wait_after(Task& task, const Error& error, std::string& state);
  void remember_pause(const Task& task, const std::string& state, const std::string& reason);

  settings::SourceConnection connection_;
  journal::Journal& journal_;
  const Clock& clock_;
  MakeSource make_source_;
  Fatal fatal_;
  ReadChunk read_chunk_;
  StopSignal stop_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;
  int free_readers_ = 0;
  int at_work_ = 0;  ///< readers, and who works with a table beside them
  std::condition_variable ended_;
  std::chrono::steady_clock::time_point stop_by_{};  ///< once stop is requested
  std::vector<std::function<void()>> pings_;
  Paused paused_;
  std::vector<std::thread> threads_;
};

}  // namespace engine::pipeline
