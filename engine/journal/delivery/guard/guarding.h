// What guards counted, decided and were told to expect: all that a verdict on the next cycle needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace engine::journal {

class Connection;

/// What happens to records at the target.
struct EffectCounts {
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;

  EffectCounts& operator+=(const EffectCounts& other);
  EffectCounts operator-(const EffectCounts& other) const;
  bool any() const { return inserts + updates + deletes > 0; }
  bool operator==(const EffectCounts&) const = default;
};

/// The verdict on what was judged together, while a pipeline is in the middle of it.
struct UnitVerdict {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::optional<std::int64_t> anomaly_id;  ///< none: it goes on
};

/// A mass change that a person announced. Each count is what may still come.
struct Expectation {
  std::int64_t id = 0;
  std::int64_t pipeline_id = 0;
  EffectCounts left;
  std::int64_t until_ms = 0;
  std::string actor;
  std::string reason;
  std::int64_t made_ms = 0;
};

class Guarding {
 public:
  explicit Guarding(Connection& connection) : connection_(connection) {}

  static constexpr std::int64_t slot_ms = 10'000;

  /// Adds effects at a time of capture; `anomaly_id` 0: they went on. Forgets what is older than `window_ms` before.
  void add(std::int64_t pipeline_id, std::int64_t at_ms, std::int64_t anomaly_id, const EffectCounts& counts, std::int64_t window_ms);
  struct Slot {
    std::int64_t at_ms = 0;
    EffectCounts counts;
  };
  /// What was counted since then, in order of time.
  std::vector<Slot> since(std::int64_t pipeline_id, std::int64_t since_ms);

  /// Records that are at the target by this pipeline's hand, counted up to `max`.
  std::int64_t live_records(std::int64_t pipeline_id, std::int64_t max);
  /// Different records for which something was planned since then, deletes apart.
  std::int64_t records_planned(std::int64_t pipeline_id, std::int64_t since_ms);

  std::optional<UnitVerdict> verdict(std::int64_t pipeline_id);
  void put_verdict(std::int64_t pipeline_id, const UnitVerdict& verdict);

  std::int64_t expect(const Expectation& expectation);
  /// Those that have not ended, oldest first; of all pipelines with id 0.
  std::vector<Expectation> expected(std::int64_t pipeline_id, std::int64_t now_ms);
  /// All that had not ended at that time, oldest first, used up or not: `left` is all that was announced. They are known for as long as what is usual.
  std::vector<Expectation> announced(std::int64_t pipeline_id, std::int64_t since_ms);
  /// Takes what came off what was announced.
  void use_expected(std::int64_t pipeline_id, const EffectCounts& came, std::int64_t now_ms);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
