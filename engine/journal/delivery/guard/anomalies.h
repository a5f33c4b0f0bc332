// Anomalies: something unusual was found, its deliveries are held, and a person decides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/journal/deliveries.h"

namespace engine::journal {

enum class AnomalyState : std::uint8_t { open, released, rejected, healed };
std::string_view name_of(AnomalyState state);

struct Anomaly {
  std::int64_t id = 0;
  std::string kind;  ///< mass_change_kind, flip_flop_kind, drift_kind, or "rule: " or "hold_while: " and its name
  std::int64_t pipeline_id = 0;
  std::int64_t cycle_id = 0;  ///< the first one that was held
  AnomalyState state = AnomalyState::open;
  std::string text;
  std::string numbers;  ///< JSON
  std::int64_t opened_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::int64_t> closed_ms;
  std::string actor;
  std::string reason;
  std::int64_t stays_ms = 0;  ///< it stays open so long after it held something last, though nothing is held any more
};

inline constexpr const char* mass_change_kind = "mass_change";
inline constexpr const char* flip_flop_kind = "flip_flop";
/// Somebody changed at the target what would be overwritten.
inline constexpr const char* drift_kind = "drift";

/// Who decided what about an anomaly, and when.
struct AnomalyDecision {
  std::string actor;
  std::string reason;
  std::int64_t at_ms = 0;
};

class Anomalies {
 public:
  Anomalies(Connection& connection, Deliveries& deliveries) : connection_(connection), deliveries_(deliveries) {}

  /// The open one of this kind and pipeline goes on with a newer text; without one, a new one opens. Returns its id.
  std::int64_t open(const Anomaly& anomaly);
  std::optional<Anomaly> find(std::int64_t id);
  std::optional<Anomaly> open_of(std::int64_t pipeline_id, std::string_view kind);
  /// All that are open, oldest first.
  std::vector<Anomaly> all_open();
  /// The newest `limit`, in whatever state, oldest first.
  std::vector<Anomaly> latest(std::size_t limit);
  /// A rejected one whose values come again waits for a person again.
  void reopen(std::int64_t id, std::int64_t now_ms);

  /// Nobody is alerted about it until then; what it holds stays held.
  void snooze(std::int64_t id, std::int64_t until_ms);
  /// 0: it is not snoozed.
  std::int64_t snoozed_until(std::int64_t id);

  /// How many deliveries it holds, or the first of them.
  std::int64_t count_held(std::int64_t id);
  std::vector<Delivery> held(std::int64_t id, std::int64_t after_id, std::size_t limit);

  /// What it holds may go, and come as often as it likes; while `paused` it is held by the pause instead. Returns how many.
  std::int64_t release(std::int64_t id, bool paused, const AnomalyDecision& decision);
  /// What it holds ends as rejected, and records are kept from getting those values later. Of a mass change that held transactions nothing of
  /// them is left, and what waits behind them and still brings a rejected value is held under the same number, which is open again. Returns how many.
  std::int64_t reject(std::int64_t id, const AnomalyDecision& decision);
  /// Open ones of the pipeline that hold nothing any more are healed, once they need not stay. Returns how many.
  std::int64_t close_healed(std::int64_t pipeline_id, std::int64_t now_ms);

  // Of `deliver: together`, in held_transactions.cpp.
  /// The mass change that holds a part of this transaction of the source, which an earlier cycle brought.
  std::optional<std::int64_t> holder_of(std::int64_t pipeline_id, const std::string& source_transaction);
  /// Of a bundle that was just planned: a mass change that holds one of its deliveries holds all that would wait for it.
  void hold_whole(std::int64_t bundle_id);
  /// These rows were planned anew. When all that is held of them, and of all rows that it shares transactions with, is back to what was last sent,
  /// none of it has to leave: it is healed. Returns how many.
  std::int64_t heal_undone(std::int64_t pipeline_id, const std::vector<std::string>& keys, std::int64_t now_ms);

 private:
  void close(std::int64_t id, AnomalyState state, const AnomalyDecision& decision);
  void record_decisions(std::int64_t id, std::string_view what, const AnomalyDecision& decision);
  void let_go_past(std::int64_t id);
  void remember_rejected(const Delivery& delivery, std::int64_t id);
  void gather_transactions(std::int64_t id);
  struct Place {
    std::int64_t delivery_id = 0;
    std::int64_t pipeline_id = 0;
    std::string key;
  };
  bool hold_behind(const std::vector<Place>& rejected, std::int64_t id);

  Connection& connection_;
  Deliveries& deliveries_;
};

}  // namespace engine::journal
