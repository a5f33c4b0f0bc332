// What a target says later of what was sent: sent, delivered, read, failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::journal {

class Connection;

struct Report {
  std::string connection;
  std::string remote_id;  ///< the message's at the target
  std::string status;     ///< sent, delivered, read, played, failed
  std::string key;        ///< the idempotency key of the delivery, as it was sent
  std::string recipient;
  std::string reason;     ///< of a failure
  std::int64_t at_ms = 0; ///< by the target's clock
  std::int64_t received_ms = 0;
};

/// In a transaction each, as part of a piece of work.
class Reports {
 public:
  enum class Taken : std::uint8_t { kept, known, foreign };
  struct Outcome {
    Taken taken = Taken::foreign;
    bool settled = false;  ///< a delivery reached another state by it
  };

  explicit Reports(Connection& connection) : connection_(connection), deliveries_(connection) {}

  /// Keeps a report once for each (message, status), and settles its delivery. Reports come late, twice and in any order.
  /// One that speaks of no delivery of this journal is foreign, and not kept.
  Outcome take(const Report& report);
  /// By what was reported of it before, as when the report was faster than the answer. True when its state changed.
  bool settle(const Delivery& delivery);
  /// Of a delivery, in the order in which things happened.
  std::vector<Report> of(std::int64_t delivery_id);

 private:
  std::optional<Delivery> delivery_of(const std::string& key);
  bool end(Delivery delivery, DeliveryState state, std::string reason, bool fields_are_known, std::int64_t now_ms);

  Connection& connection_;
  Deliveries deliveries_;
};

}  // namespace engine::journal
