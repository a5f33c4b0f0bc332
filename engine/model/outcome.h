// What the other side answered, as values: every one must be handled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace engine::model {

/// Applied. `remote_id` where the answer tells it.
struct Delivered {
  std::optional<std::string> remote_id;
};
/// The target says that it had this one already (same idempotency key): as good as delivered.
struct Duplicate {
  std::optional<std::string> remote_id;
};
/// Some fields were taken, others refused behind a success. `refused` names them where the answer tells.
struct Partial {
  std::string reason;
  std::vector<std::string> refused;
  std::optional<std::string> remote_id;
};
/// Proven not applied; worth another try.
struct RetryLater {
  std::string reason;
  std::optional<std::int64_t> after_ms;  ///< what the target asked for
  bool throttled = false;                ///< 429 and its like: not a sign of ill health
  std::string budget{};                  ///< throttled: the one that is used up; empty: the connection's own
};
/// Proven not applied; the same request will never be taken.
struct Permanent {
  std::string reason;
  bool auth = false;     ///< credentials: stops the connection, not the record
  bool missing = false;  ///< the addressed record is not there (any more)
  bool exists = false;   ///< of a create: there is a record with this match value
  bool window_closed = false;  ///< the recipient did not write lately: only what is allowed outside his window may be sent
};
/// Sent, and the answer lost or useless: look before you send again.
struct Uncertain {
  std::string reason;
};

/// Taken as a job that ends later: then it is known what became of it.
struct Accepted {
  std::string poll;                                ///< the frozen request that asks for this record; empty: as before
  std::shared_ptr<const std::string> poll_of_all;  ///< that asks for all records of the call; null: as before
  std::int64_t after_ms = 0;
};

using DeliveryOutcome = std::variant<Delivered, Duplicate, Partial, RetryLater, Permanent, Uncertain, Accepted>;

/// "delivered" "duplicate" "partial" "retry_later" "permanent" "uncertain" "accepted"
std::string_view name_of(const DeliveryOutcome& outcome);

}  // namespace engine::model
