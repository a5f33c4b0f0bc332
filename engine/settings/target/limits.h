// How much a target allows: what a definition says of its API, under what a connection says of its own contract.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/target.h"
#include "engine/settings/origin.h"
#include "engine/settings/target/answers.h"

namespace engine::settings {

enum class WindowKind : std::uint8_t {
  sliding,  ///< in any stretch of time of that length; also holds at a target that counts by the clock
  fixed,    ///< in each stretch that begins at a multiple of its length since 1970 UTC
  steps,    ///< one each `in_ms`, of which up to `requests` may be saved up
};

/// At most `requests` in `in_ms`.
struct Allowance {
  std::int64_t requests = 0;
  std::int64_t in_ms = 1'000;
  WindowKind kind = WindowKind::sliding;
  bool operator==(const Allowance&) const = default;
};

/// What is counted together, and how much of it there may be.
struct BudgetDefinition {
  std::string name;  ///< empty: the connection's own, which counts every request
  Origin origin;
  std::vector<std::string> objects;      ///< empty: all
  std::vector<model::CallKind> calls;    ///< empty: all
  std::vector<std::string> per;          ///< match, match.x, remote_id or field.x: each combination has a budget of its own
  std::string distinct;                  ///< match, match.x or field.x: a value counts once in that time; never with `per`
  std::optional<bool> outside_window;    ///< only messages to people who may not be written to freely
  std::map<std::string, Allowance> allowances;  ///< by the key that said it

  /// What `over` says takes the place of what is said here; its allowances join by their keys.
  void lay_over(const BudgetDefinition& over);
};

/// What an answer says of a budget's state.
struct UsageRule {
  Origin origin;
  std::string budget;               ///< empty: the connection's own
  std::optional<AnswerValue> remaining;
  std::optional<AnswerValue> used;   ///< with `of`: what remains is the difference
  std::optional<AnswerValue> of;
  std::optional<AfterRule> reset;    ///< until when what remains is all
  std::optional<AfterRule> wait;     ///< nothing before that
};

/// All that the rule reads.
std::vector<const AnswerValue*> values_of(const UsageRule& rule);

/// As written in one place; a connection's is laid over its definition's, key by key, and so is each budget.
struct LimitsDefinition {
  std::optional<int> in_flight;
  std::map<std::string, BudgetDefinition> budgets;  ///< by name; "" is the connection's own
  std::vector<UsageRule> learn;

  int requests_at_once() const { return in_flight.value_or(8); }
  void lay_over(const LimitsDefinition& over);
};

}  // namespace engine::settings
