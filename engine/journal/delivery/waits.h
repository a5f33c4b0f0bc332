// Since when conditions of its pipeline (`hold_while`) keep a delivery back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace engine::journal {

/// What an anomaly of a condition that lasted too long is called: this, and the condition's name.
inline constexpr const char* hold_while_kind = "hold_while: ";

/// What stands in `Waits` for those that a person let go past drift. No condition has an empty name.
inline constexpr const char* past_drift = "";

/// How the reason begins of what is kept back now.
inline constexpr const char* kept_back_reason = "waits while ";

/// {"an open quote uses this price list":1730000000000}; 0: a person let the delivery go past that condition. A newer delivery that takes
/// the place of one that waits has waited as long.
class Waits {
 public:
  Waits() = default;
  /// As the journal has it. Throws Error journal_failed for what is none.
  explicit Waits(const std::optional<std::string>& json);

  /// When the condition first kept it back.
  std::optional<std::int64_t> since(const std::string& condition) const;
  bool is_let_go(const std::string& condition) const;
  /// Waits that began in the future, by a clock that was set back since, begin now.
  void begin(const std::string& condition, std::int64_t now_ms);
  void let_go(const std::string& condition) { since_[condition] = 0; }
  /// The longer wait counts. What a person let go was that state of the record alone.
  void take_over(const Waits& older);
  /// None: it never waited.
  std::optional<std::string> json() const;

 private:
  std::map<std::string, std::int64_t> since_;
};

}  // namespace engine::journal
