// An object whose calls go into a driver: it is made for a thread of its own, and left behind with that thread when a call does not come back.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "connectors/odbc/bound/driver_thread.h"
#include "engine/base/error.h"

namespace connectors::odbc {

/// For one caller at a time. After a call that was left behind the next one makes both anew.
template <typename Object>
class Driven {
 public:
  /// Gives an object that has called no driver yet, and shows its sign of life around every call.
  using Make = std::function<std::unique_ptr<Object>(std::shared_ptr<engine::SignOfLife>)>;

  Driven(CallLimits limits, Make make) : limits_(std::move(limits)), make_(std::move(make)) {}
  ~Driven() { let_go(); }
  Driven(const Driven&) = delete;
  Driven& operator=(const Driven&) = delete;

  /// Runs `work`, which owns all it touches beside the object. Throws as `DriverThread` does.
  template <typename Work>
  std::invoke_result_t<Work&, Object&> ask(Work work) {
    // Also a call of what was opened through it may have been left.
    if (thread_ && thread_->is_left_behind()) let_go();
    if (!thread_) {
      thread_ = std::make_shared<DriverThread>(limits_);
      object_ = make_(thread_->sign());
    }
    try {
      return thread_->run([object = object_, work = std::move(work)]() mutable { return work(*object); });
    } catch (const engine::Error&) {
      if (thread_->is_left_behind()) let_go();
      throw;
    }
  }
  /// The next call makes both anew.
  void let_go() {
    if (thread_) thread_->leave(std::move(object_));
    object_.reset();
    thread_.reset();
  }

  /// Null before the first call. For what calls no driver.
  const Object* made() const { return object_.get(); }
  /// For what was opened by a call and stands in the driver, too.
  const std::shared_ptr<DriverThread>& thread() const { return thread_; }

 private:
  CallLimits limits_;
  Make make_;
  std::shared_ptr<DriverThread> thread_;
  std::shared_ptr<Object> object_;
};

}  // namespace connectors::odbc
