#include "connectors/http/auth/pass_keeper.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/log.h"

namespace connectors::http {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
/// Requests already on their way to a login that was just refused share the refusal instead of trying the account again.
constexpr std::int64_t refusal_ms = 10'000;
constexpr std::int64_t renewal_wait_ms = 10'000;
/// How long before its end a pass is renewed, and how long before it is not used any more, since requests take their time.
constexpr std::int64_t ahead_ms_max = 300'000;
constexpr std::int64_t margin_ms_max = 30'000;

}  // namespace

PassKeeper::PassKeeper(std::unique_ptr<Login> login, Wire& wire, const engine::Clock& clock, std::int64_t idle_ms)
    : login_(std::move(login)), wire_(wire), clock_(clock), idle_ms_(idle_ms) {}

void PassKeeper::take(Taken taken) { serve(std::unique_lock(mutex_), std::move(taken)); }

void PassKeeper::replace(const std::shared_ptr<const Pass>& pass, Taken taken) {
  std::unique_lock lock(mutex_);
  // Somebody may have had it made anew already: then that one is taken, and not thrown away.
  if (pass_ == pass) {
    refused_pass_ = std::exchange(pass_, nullptr);
    refusal_.reset();
  }
  serve(std::move(lock), std::move(taken));
}

bool PassKeeper::is_good(std::int64_t now_ms) const {
  return pass_ && now_ms < ends_ms_ && (idle_ms_ == 0 || now_ms - taken_ms_ < idle_ms_);
}

/// Takes the lock over. `taken` is called without it: it sends, and may come back at once.
void PassKeeper::serve(std::unique_lock<std::mutex> lock, Taken taken) {
  const std::int64_t now_ms = clock_.steady_ms();
  if (is_good(now_ms)) {
    taken_ms_ = now_ms;
    const PassAnswer answer = pass_;
    if (!running_ && now_ms >= renew_ms_) {
      begin(std::move(lock), now_ms);
    } else {
      lock.unlock();
    }
    return taken(answer);
  }
  if (refusal_ && now_ms < refusal_ends_ms_) {
    const PassAnswer answer = *refusal_;
    lock.unlock();
    return taken(answer);
  }
  waiting_.push_back(std::move(taken));
  if (!running_) begin(std::move(lock), now_ms);
}

void PassKeeper::begin(std::unique_lock<std::mutex> lock, std::int64_t now_ms) {
  running_ = true;
  renew_ms_ = now_ms + renewal_wait_ms;
  auto refused = std::exchange(refused_pass_, nullptr);
  // The login may end before `run` returns.
  lock.unlock();
  login_->run(wire_, std::move(refused), [this, now_ms](const LoginResult& result) { ended(now_ms, result); });
}

void PassKeeper::ended(std::int64_t begun_ms, const LoginResult& result) {
  std::vector<Taken> waiting;
  PassAnswer answer;
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    waiting.swap(waiting_);
    refusal_.reset();
    const std::int64_t now_ms = clock_.steady_ms();
    if (const auto* granted = std::get_if<Granted>(&result)) {
      const std::int64_t life_ms = granted->life_ms.value_or(never);
      pass_ = granted->pass;
      taken_ms_ = now_ms;
      ends_ms_ = life_ms == never ? never : begun_ms + life_ms - std::min(life_ms / 20, margin_ms_max);
      renew_ms_ = life_ms == never ? never : begun_ms + life_ms - std::min(life_ms / 5, ahead_ms_max);
      answer = pass_;
    } else {
      answer = std::get<NotGranted>(result);
      if (std::get<NotGranted>(result).refused) {
        refusal_ = std::get<NotGranted>(result);
        refusal_ends_ms_ = now_ms + refusal_ms;
      }
    }
  }
  if (const auto* failed = std::get_if<NotGranted>(&answer); failed != nullptr && waiting.empty()) {
    // Nobody waits: the pass is still good. Whoever comes after its end tries again and tells its delivery.
    engine::log_event(engine::LogLevel::warning, "target.login_not_renewed", {{"reason", failed->reason}});
  }
  for (const Taken& taken : waiting) taken(answer);
}

}  // namespace connectors::http
