#include "test/support/faulty_driver/fault_plan.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "test/support/faulty_driver/faulty_driver.h"

namespace faulty_driver {

namespace {
constexpr const char* link_lost = "08S01";
}

FaultPlan& FaultPlan::get() {
  static FaultPlan plan;
  return plan;
}

FaultPlan::FaultPlan() {
  if (const char* real = std::getenv("FAULTY_DRIVER_REAL")) real_driver_ = real;
  if (const char* order = std::getenv("FAULTY_DRIVER_ORDER")) order_file_ = order;
}

/// With the lock held. An order that was taken is gone, so that whoever wrote it can see that.
void FaultPlan::take_order() {
  if (order_file_.empty() || left_ > 0) return;
  std::ifstream file(order_file_);
  if (!(file >> call_ >> left_ >> fault_)) return;
  struck_ = false;
  std::filesystem::remove(order_file_);
}

void FaultPlan::set(std::string real_driver, std::string call, int nth, std::string fault) {
  const std::lock_guard lock(mutex_);
  real_driver_ = std::move(real_driver);
  call_ = std::move(call);
  if (fault.empty()) ++releases_;
  fault_ = std::move(fault);
  left_ = nth;
  struck_ = false;
  lost_.clear();
  released_.notify_all();
}

bool FaultPlan::struck() {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::string FaultPlan::real_driver() {
  const std::lock_guard lock(mutex_);
  return real_driver_;
}

SQLHANDLE FaultPlan::connection_of(SQLHANDLE handle) const {
  const auto statement = statements_.find(handle);
  return statement == statements_.end() ? handle : statement->second.connection;
}

std::optional<std::string> FaultPlan::due(std::string_view call, SQLHANDLE handle) {
  const std::lock_guard lock(mutex_);
  diagnoses_.erase(handle);
  if (call == "execute" && commits_by_order_.contains(connection_of(handle))) in_transaction_.insert(connection_of(handle));
  if (lost_.contains(connection_of(handle))) return link_lost;
  take_order();
  if (call != call_ || left_ <= 0 || --left_ > 0) return std::nullopt;
  struck_ = true;
  if (fault_ == "never_any") left_ = 1;
  if (fault_.starts_with("08")) lost_.insert(connection_of(handle));
  return fault_;
}

SQLRETURN FaultPlan::fail(SQLHANDLE handle, const std::string& fault) {
  if (fault == "deaf") {
    hear_nothing();
    return fail(handle, "HY000");
  }
  const std::lock_guard lock(mutex_);
  const std::size_t slash = fault.find('/');
  diagnoses_[handle] = {fault.substr(0, 5), slash == std::string::npos ? 0 : std::stoi(fault.substr(slash + 1))};
  return SQL_ERROR;
}

std::optional<Diagnosis> FaultPlan::diagnosis(SQLHANDLE handle) {
  const std::lock_guard lock(mutex_);
  const auto found = diagnoses_.find(handle);
  return found == diagnoses_.end() ? std::nullopt : std::optional(found->second);
}

bool FaultPlan::tell_once(SQLHANDLE handle) {
  const std::lock_guard lock(mutex_);
  return std::exchange(diagnoses_[handle].told, true);
}

void FaultPlan::hang(SQLHANDLE statement) {
  std::unique_lock lock(mutex_);
  cancelled_.wait(lock, [&] { return was_cancelled_.contains(statement); });
  was_cancelled_.erase(statement);
}

void FaultPlan::hear_nothing() {
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this, met = releases_] { return releases_ > met; });
}

void FaultPlan::cancel(SQLHANDLE statement) {
  const std::lock_guard lock(mutex_);
  was_cancelled_.insert(statement);
  cancelled_.notify_all();
}

void FaultPlan::made(SQLHANDLE statement, SQLHANDLE connection) {
  const std::lock_guard lock(mutex_);
  statements_[statement] = {.connection = connection};
  was_cancelled_.erase(statement);
}

void FaultPlan::commits_by_itself(SQLHANDLE connection, bool does) {
  const std::lock_guard lock(mutex_);
  does ? void(commits_by_order_.erase(connection)) : void(commits_by_order_.insert(connection));
}

void FaultPlan::ended(SQLHANDLE connection) {
  const std::lock_guard lock(mutex_);
  in_transaction_.erase(connection);
}

bool FaultPlan::is_in_transaction(SQLHANDLE connection) {
  const std::lock_guard lock(mutex_);
  return in_transaction_.contains(connection);
}

void FaultPlan::freed(SQLHANDLE handle) {
  const std::lock_guard lock(mutex_);
  commits_by_order_.erase(handle);
  statements_.erase(handle);
  diagnoses_.erase(handle);
  lost_.erase(handle);
}

void FaultPlan::bound(SQLHANDLE statement, SQLUSMALLINT column, const BoundColumn& to) {
  const std::lock_guard lock(mutex_);
  statements_[statement].columns[column] = to;
}

void FaultPlan::counts_rows_in(SQLHANDLE statement, SQLULEN* rows) {
  const std::lock_guard lock(mutex_);
  statements_[statement].rows_fetched = rows;
}

Statement FaultPlan::of(SQLHANDLE statement) {
  const std::lock_guard lock(mutex_);
  return statements_[statement];
}

}  // namespace faulty_driver

void faulty_driver_plan(const char* real_driver, const char* call, int nth, const char* fault) {
  faulty_driver::FaultPlan::get().set(real_driver, call, nth, fault);
}

bool faulty_driver_struck() { return faulty_driver::FaultPlan::get().struck(); }
