// What a connection may send now: all its budgets, what was taken from each, and who waits for which.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/deliver/budget/distinct_values.h"
#include "engine/deliver/budget/permit.h"
#include "engine/deliver/budget/window.h"
#include "engine/model/target.h"

namespace engine::deliver {

/// One budget, or one of those that are kept per value.
struct Budget {
  const settings::BudgetDefinition* definition = nullptr;
  std::vector<Window> windows;
  std::vector<DistinctValues> distinct;  ///< in the place of windows where values are counted
  std::int64_t paused_until_ms = 0;  ///< steady: the target asked for it
  int refusals = 0;                  ///< throttled answers in a row that named no time
  int held = 0;                      ///< places in permits, which point here

  /// `value`: the call's own, where values are counted.
  bool has_room(const std::string& value, Moment now);
  /// When it has room for the call; none: with an answer.
  std::optional<std::int64_t> opens_ms(const std::string& value, Moment now);
  bool is_idle(Moment now);
};

/// What decides which budgets count a call.
struct Spending {
  model::CallKind kind = model::CallKind::upsert;
  const std::string& object;
  const std::string& match;                      ///< flat JSON
  const std::optional<std::string>& remote_id;
  const model::FieldMap& fields;
  bool window_open = false;  ///< its recipient may be written to freely
};

/// Which part of the budgets is asked: those that count requests, those of values (`per`, `distinct`), which count records,
/// or both.
enum class Counts : std::uint8_t { requests, records, all };

class Budgets {
 public:
  explicit Budgets(const std::map<std::string, settings::BudgetDefinition>& definitions);

  /// Nothing is counted, and nobody asked us to wait: there is no need to ask.
  bool is_free() const { return counts_nothing_ && own_->paused_until_ms == 0; }
  /// May any request go out? Asked before work begins, so that it does not begin in vain.
  bool is_open(Moment now);
  /// Takes a place in each budget that counts the call, or in none: then `opens_ms` says when to ask again.
  bool admit(const Spending& call, Counts counts, Permit& permit, Moment now);
  /// For what must go out now: more is taken than there may be, and the next ones wait longer.
  void take_all_the_same(const Spending& call, Counts counts, Permit& permit, Moment now);
  /// The answer came, or none will come any more.
  void answered(const Permit& permit, Moment now);
  /// Nothing was sent.
  void give_back(const Permit& permit);

  /// The target refused for the moment. `name`: of the budget it named; unknown or empty: the connection waits. Returns
  /// how long.
  std::int64_t refused(const std::string& name, const Permit& permit, std::optional<std::int64_t> after_ms, Moment now);
  void learn(const model::BudgetReading& reading, Moment now);

  /// Steady time at which whoever was refused last may be admitted; none: with the next answer.
  std::optional<std::int64_t> opens_ms() const { return opens_ms_; }
  /// The name of the budget that refused last; empty: the connection's own.
  const std::string& refused_by() const { return blocked_by_->name; }

  /// There are budgets long enough to outlive the process. Those of values are not among them: `per` ones are many and short,
  /// `distinct` ones are recounted, and their values may be people's.
  bool keeps_use() const { return keeps_use_; }
  /// What was used of them, as JSON text.
  std::string kept(Moment now);
  void restore(const std::string& kept, Moment now);
  /// How long ago what was sent still matters to those that count values; 0: not at all.
  std::int64_t recounts_ms() const;
  /// The call went out at that time by the wall's clock, before this process began.
  void recount(const Spending& call, std::int64_t wall_ms, Moment now);

 private:
  struct Group {
    const settings::BudgetDefinition definition;
    std::unique_ptr<Budget> one;                              ///< without `per`
    std::map<std::string, std::unique_ptr<Budget>> by_value;
    std::size_t sweep_at = 1'024;
  };
  Budget* budget_for(Group& group, const Spending& call, Moment now);
  Permit budgets_for(const Spending& call, Counts counts, Moment now);
  static void take(const Permit& wanted, Permit& permit);
  void refuse(Budget& budget, const std::string& value, Moment now);
  Budget& named(const std::string& name, const Permit& permit);

  std::vector<std::unique_ptr<Group>> groups_;
  Budget* own_ = nullptr;
  bool counts_nothing_ = false;  ///< no budget has a size: then nothing is done for each delivery
  bool keeps_use_ = false;
  std::optional<std::int64_t> opens_ms_;
  const settings::BudgetDefinition* blocked_by_ = nullptr;  ///< never null
};

}  // namespace engine::deliver
