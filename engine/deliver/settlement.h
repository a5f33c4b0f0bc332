// What an answer means for its delivery: the eleven rules, as a function on values.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/retry_policy.h"
#include "engine/deliver/job.h"

namespace engine::deliver {

struct SettleOptions {
  RetryPolicy retry;
  int dead_after_tries = 0;
  std::int64_t ill_wait_ms_max = 15'000;  ///< of the first tries: a target that is back is noticed soon
  std::int64_t now_ms = 0;                ///< wall
  double random = 0;                      ///< in [0, 1)
};

/// What follows. The delivery inside the job already says what the journal shall hold.
struct Settled {
  enum class Then : std::uint8_t {
    end,     ///< over, as far as this process can do something
    decide,  ///< back to the head's decision with what is known now
    call,    ///< the next call is `job.kind`
    resend,  ///< proven absent: the frozen request goes out again, unless a delete waits
    wait,    ///< again after `wait_ms`
    poll,    ///< a job is under way: asked for after `wait_ms`
  };
  /// What the answer says of the target itself, for its breaker: `throttled` and `auth` are no illness.
  enum class Health : std::uint8_t { well, ill, throttled, auth };
  Then then = Then::end;
  Health health = Health::well;
  std::int64_t wait_ms = 0;
  std::string reason;
  std::string budget{};                     ///< throttled: the one that is used up; empty: the connection waits
  std::optional<std::int64_t> after_ms{};  ///< throttled: what the target asked for
};

/// Changes the job and its delivery in memory alone; the caller journals what has to be on disk before it goes on. Never
/// throws for what a target says.
Settled settle(Job& job, const model::CallAnswer& answer, const SettleOptions& options);

/// After a call that ended well: what remains to be done (read back, comment), or the end.
Settled go_on_after(Job& job, model::CallKind done, std::int64_t now_ms);

/// The record that was addressed is not there any more: somebody removed it, so it is decided anew. Once a job.
Settled vanished(Job& job, std::int64_t now_ms);

/// The record was read before it is overwritten: what it holds is known when it is decided again.
Settled look_for_drift(Job& job, const model::FieldMap& there);

/// Ends the delivery in `state`.
Settled end_as(Job& job, journal::DeliveryState state, std::string reason);

}  // namespace engine::deliver
