// A thread that reads the next rows of a statement while the last ones are worked on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/model/row.h"

namespace connectors::odbc {

/// Rows with their keys as the source gave them.
struct KeyedRows {
  engine::model::RowBatch rows;
  std::string key_bytes;                ///< parts of all keys, one behind the other
  std::vector<std::size_t> key_starts;  ///< where each part starts, and the end
};

/// Keeps at most two batches ready. While it reads, the connection is its thread's: nobody else calls the driver before `stop`.
/// All functions are the caller's.
class ReadAhead {
 public:
  /// Replaces a batch by the next rows and says whether more may follow. What it throws, `take` throws in its place in the order.
  using Fill = std::function<bool(KeyedRows&)>;

  /// `spare` is memory of earlier batches.
  ReadAhead(Fill fill, std::vector<KeyedRows> spare);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// Exchanges `batch`, whose memory is used again, for the next one. False when nothing is ready and nothing is being read.
  bool take(KeyedRows& batch);
  /// Waits for the call of `fill` that is under way, which the watchdog limits. What was read can still be taken.
  void stop();
  /// After `stop`: the memory, for the next one.
  std::vector<KeyedRows> take_spare();

 private:
  static constexpr std::size_t ready_max = 2;
  void run();
  /// A batch to fill; none when there is nothing more to do.
  bool wait_for_room(KeyedRows& batch);

  Fill fill_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<KeyedRows> ready_;
  std::vector<KeyedRows> spare_;
  std::exception_ptr error_;
  bool reading_ = true;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace connectors::odbc
