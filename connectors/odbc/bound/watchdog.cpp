#include "connectors/odbc/bound/watchdog.h"

#include <sql.h>

namespace connectors::odbc {

Watchdog::Watchdog(std::int64_t timeout_ms, std::shared_ptr<engine::SignOfLife> sign)
    : timeout_(timeout_ms), sign_(std::move(sign)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Watchdog::arm(Handle statement) {
  if (sign_) sign_->show();
  bool was_idle = false;
  {
    const std::lock_guard lock(mutex_);
    statement_ = statement;
    deadline_ = std::chrono::steady_clock::now() + timeout_;
    cancelled_ = false;
    was_idle = idle_;
  }
  // All deadlines are equally long, so a thread that waits for an older one wakes in time for this one.
  if (was_idle) wake_.notify_one();
}

void Watchdog::disarm() {
  if (sign_) sign_->show();
  const std::lock_guard lock(mutex_);
  statement_ = nullptr;
}

bool Watchdog::cancelled() {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (statement_ == nullptr) {
      idle_ = true;
      wake_.wait(lock, [this] { return stopping_ || statement_ != nullptr; });
      idle_ = false;
      continue;
    }
    if (std::chrono::steady_clock::now() < deadline_) {
      const Time until = deadline_;
      wake_.wait_until(lock, until, [this] { return stopping_; });
      continue;
    }
    // Under the lock, so that the handle cannot be freed meanwhile: its owner waits in disarm.
    cancelled_ = true;
    SQLCancel(statement_);
    deadline_ = std::chrono::steady_clock::now() + timeout_;
  }
}

}  // namespace connectors::odbc
