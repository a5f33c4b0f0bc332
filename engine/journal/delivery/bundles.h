// Deliveries that come of one transaction of the source and go out together: `deliver: together`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::journal {

enum class BundleState : std::uint8_t {
  waiting,  ///< nothing of it may leave before all of it can
  begun,    ///< each of its deliveries goes on by itself
  apart     ///< too large: its deliveries were planned one by one, and do not name it
};
std::string_view name_of(BundleState state);

struct Bundle {
  std::int64_t id = 0;
  std::int64_t pipeline_id = 0;
  std::int64_t cycle_id = 0;
  std::string source_transaction;  ///< the first of them, where several changed the same row; empty: all of the cycle
  BundleState state = BundleState::waiting;
  std::int64_t changes = 0;        ///< that were planned so far
  std::int64_t created_ms = 0;
};

/// What keeps a bundle from being begun.
struct BundleHold {
  Delivery member;
  std::string reason;
};

class Bundles {
 public:
  explicit Bundles(Connection& connection) : connection_(connection) {}

  /// Returns the id.
  std::int64_t add(const Bundle& bundle);
  void set_changes(std::int64_t id, std::int64_t changes);
  std::optional<Bundle> find(std::int64_t id);
  /// What was planned of a cycle before its last change was.
  std::vector<Bundle> of_cycle(std::int64_t pipeline_id, std::int64_t cycle_id);

  /// Its deliveries that are open or dead, in order of id.
  std::vector<Delivery> members(std::int64_t id);
  /// Of one that waits: a delivery of it is dead, held, stands behind another one's, or behind an older bundle that is not over: then records
  /// would show parts of a later transaction before all of the earlier one. None: the journal knows of nothing.
  std::optional<BundleHold> hold(std::int64_t id);
  /// Each of its deliveries may be sent from now on. False: it does not wait, or something holds it.
  bool begin(std::int64_t id);
  /// Of a dead one: its bundle waits for it, and nothing newer of the row was or may be sent. So it can still go before what later transactions made of it.
  bool keeps_place(const Delivery& dead);
  /// Once it is over: the oldest open ones of the same rows.
  std::vector<Delivery> behind(std::int64_t id);

 private:
  bool is_over(std::int64_t id);
  std::string reason_to_wait(const Delivery& member);

  Connection& connection_;
};

}  // namespace engine::journal
