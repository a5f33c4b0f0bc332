// One recorded change through two configurations of a pipeline: which calls each would have made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/operate/review/plan/past_side.h"
#include "engine/operate/review/unconnected.h"

namespace engine::operate {

struct FieldDifference {
  std::string field;
  std::string now;   ///< JSON; empty: not there
  std::string then;
};

/// What one side would have done.
struct PastSaid {
  PastCall call = PastCall::none;
  std::string reason;  ///< why nothing is called, where there is more to it than that nothing differs
  ShownRequest request;
};

enum class DifferenceKind : std::uint8_t { added, removed, different };
std::string_view name_of(DifferenceKind kind);

struct CallDifference {
  DifferenceKind kind = DifferenceKind::different;
  std::int64_t seq = 0;
  std::int64_t at_ms = 0;
  std::string key;  ///< JSON
  PastSaid now;
  PastSaid then;
  std::vector<FieldDifference> fields;
};

/// What became of one change.
struct Compared {
  PastCall now = PastCall::none;
  PastCall then = PastCall::none;
  pipeline::Effect effect_now = pipeline::Effect::none;
  pipeline::Effect effect_then = pipeline::Effect::none;
  const settings::GuardRule* rule_now = nullptr;  ///< kept it back
  const settings::GuardRule* rule_then = nullptr;
  std::optional<PastMove> move_now;               ///< of a call, where guards of single records ask
  std::optional<PastMove> move_then;
  std::optional<DifferenceKind> difference;       ///< none: both call the same, or nothing
  std::vector<std::string> fields;                ///< of `different`: those that are mapped otherwise
};

/// Used by one thread. A side that is missing calls nothing.
class Comparison {
 public:
  /// `same_sending`: what is mapped alike is known to be sent alike.
  Comparison(std::unique_ptr<PastSide> now, std::unique_ptr<PastSide> then, const model::Layout& layout, bool same_sending);

  Compared compare(const PastRow& row);
  /// The same with all that is to be shown of it; for a change that differs.
  CallDifference explain(const PastRow& row);

 private:
  /// What one side made of the change under way.
  struct Half {
    PastOutcome outcome;
    PastCall call = PastCall::none;
    pipeline::Forecast forecast;
  };
  struct Halves {
    std::optional<Half> now;
    std::optional<Half> then;
  };
  Halves mapped(const PastRow& row) const;
  bool reads_a_change(const PastRow& row) const;
  std::optional<Half> mapped(PastSide* side, const PastRow& row, bool reads_a_change) const;
  bool maps_alike(const Half& now, const Half& then) const;
  std::optional<DifferenceKind> look_closer(const PastRow& row, Halves& halves);

  std::unique_ptr<PastSide> now_;
  std::unique_ptr<PastSide> then_;
  std::vector<std::size_t> columns_read_;  ///< by either side
  bool same_sending_;
  bool asks_for_the_moment_;  ///< either side
};

}  // namespace engine::operate
