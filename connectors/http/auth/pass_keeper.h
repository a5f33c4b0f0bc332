// Holds the pass of one connection: many requests share one login, which is made anew before the pass ends.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "connectors/http/auth/pass.h"
#include "engine/base/clock.h"

namespace connectors::http {

using PassAnswer = std::variant<std::shared_ptr<const Pass>, NotGranted>;

/// Requests never block on it: they are answered at once, or called back when the login has ended.
class PassKeeper {
 public:
  using Taken = std::function<void(const PassAnswer&)>;

  /// `idle_ms`: a pass that was not taken for so long is not used again; 0: no limit.
  PassKeeper(std::unique_ptr<Login> login, Wire& wire, const engine::Clock& clock, std::int64_t idle_ms);

  /// Thread-safe. `taken` is called exactly once: at once where there is a pass, else when the login that everybody waits
  /// for has ended, on the wire's thread. Ends without a login while a refusal is fresh.
  void take(Taken taken);
  /// The same, after an answer refused `pass`. Whoever comes first has it made anew; the others get that one.
  void replace(const std::shared_ptr<const Pass>& pass, Taken taken);

 private:
  bool is_good(std::int64_t now_ms) const;
  void serve(std::unique_lock<std::mutex> lock, Taken taken);
  void begin(std::unique_lock<std::mutex> lock, std::int64_t now_ms);
  void ended(std::int64_t begun_ms, const LoginResult& result);

  const std::unique_ptr<Login> login_;
  Wire& wire_;
  const engine::Clock& clock_;
  const std::int64_t idle_ms_;

  std::mutex mutex_;
  bool running_ = false;
  std::vector<Taken> waiting_;
  std::shared_ptr<const Pass> pass_;
  std::shared_ptr<const Pass> refused_pass_;  ///< for the next login
  std::int64_t ends_ms_ = 0;
  std::int64_t renew_ms_ = 0;  ///< from here on a new one is fetched while this one is still used
  std::int64_t taken_ms_ = 0;
  std::optional<NotGranted> refusal_;
  std::int64_t refusal_ends_ms_ = 0;
};

}  // namespace connectors::http
