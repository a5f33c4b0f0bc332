#include "connectors/odbc/bound/driver_thread.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;

namespace {

/// Two for each of the usual two readers. Each costs a thread, a connection of the database and the memory of its buffers.
constexpr int soon_left_behind_max = 4;
/// Beyond that one is tried now and then: whatever kept the earlier ones may be over, though they never come back.
constexpr int left_behind_max = 32;
constexpr std::int64_t grace_ms_max = 10'000;

bool may_begin(const CallLimits& limits, int left) {
  if (left < soon_left_behind_max) return true;
  const auto last = engine::LeavableThread::last_left_behind(limits.connection);
  return left < left_behind_max && (!last || engine::SignOfLife::Clock::now() >= *last + limits.trial_after);
}

engine::LeavableThreadOptions options_of(const CallLimits& limits) {
  const int left = engine::LeavableThread::left_behind(limits.connection);
  if (may_begin(limits, left)) return {.name = "driver", .connection = limits.connection, .patience = limits.patience};
  const std::string next = left < left_behind_max ? fmt::format("only one is made in {} minutes", std::chrono::ceil<std::chrono::minutes>(limits.trial_after).count())
                                                  : std::string("no more are made");
  throw Error(ErrorCode::source_unreachable, fmt::format("connection '{}': {} calls of its driver never came back, so that {}", limits.connection, left, next),
              {{"connection", limits.connection}}, "restart the daemon when the database and the way to it are well");
}

}  // namespace

CallLimits limits_of(const engine::settings::SourceConnection& connection) {
  const std::int64_t grace_ms = std::min(connection.query_timeout_ms, grace_ms_max);
  const std::int64_t limit_ms = std::max(connection.query_timeout_ms, connection.connect_timeout_ms);
  return {connection.name, std::chrono::milliseconds(limit_ms + grace_ms)};
}

DriverThread::DriverThread(CallLimits limits) : limits_(std::move(limits)), thread_(options_of(limits_), sign_) {}

void DriverThread::refuse(const engine::LeftBehind& left) const {
  if (left.asked) throw Error(ErrorCode::stopped, fmt::format("a call of the driver of '{}' is not waited for: the daemon's work with it is to end", limits_.connection));
  throw Error(ErrorCode::source_unreachable,
              fmt::format("connection '{}': a call of its driver did not come back within {} ms, though it was cancelled: it is left behind, and the connection "
                          "made anew ({} of {} at once)",
                          limits_.connection, limits_.patience.count(), engine::LeavableThread::left_behind(limits_.connection), soon_left_behind_max),
              {{"connection", limits_.connection}}, "see whether the database answers and what its driver waits for; 'query_timeout' cancels calls");
}

}  // namespace connectors::odbc
