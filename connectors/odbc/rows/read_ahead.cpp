#include "connectors/odbc/rows/read_ahead.h"

#include <utility>

namespace connectors::odbc {

ReadAhead::ReadAhead(Fill fill, std::vector<KeyedRows> spare)
    : fill_(std::move(fill)), spare_(std::move(spare)), thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() { stop(); }

bool ReadAhead::take(KeyedRows& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || !reading_; });
  if (ready_.empty()) {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return false;
  }
  std::swap(batch, ready_.front());
  spare_.push_back(std::move(ready_.front()));
  ready_.pop_front();
  lock.unlock();
  changed_.notify_one();
  return true;
}

void ReadAhead::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::vector<KeyedRows> ReadAhead::take_spare() {
  for (KeyedRows& batch : ready_) spare_.push_back(std::move(batch));
  ready_.clear();
  return std::exchange(spare_, {});
}

bool ReadAhead::wait_for_room(KeyedRows& batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_.size() < ready_max || stopping_; });
  if (stopping_) return false;
  if (spare_.empty()) return true;
  batch = std::move(spare_.back());
  spare_.pop_back();
  return true;
}

void ReadAhead::run() {
  bool more = true;
  std::exception_ptr error;
  KeyedRows batch;
  while (more && wait_for_room(batch)) {
    try {
      more = fill_(batch);
    } catch (...) {
      error = std::current_exception();
      break;
    }
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::exchange(batch, {}));
    }
    changed_.notify_one();
  }
  {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    reading_ = false;
  }
  changed_.notify_one();
}

}  // namespace connectors::odbc
