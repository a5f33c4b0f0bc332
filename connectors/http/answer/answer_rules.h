// The rules of a definition: which of them fits what an answer says, and what follows from it.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "connectors/http/plan.h"
#include "connectors/http/wire/exchange.h"

namespace connectors::http {

/// What an answer says, or its part about one record of a batch: all that a rule looks at. Refers into what it is made of.
class Said {
 public:
  explicit Said(const RawAnswer& raw) : raw_(raw), status_(raw.status) {}
  /// `status`: the record's own; 0: it has none.
  Said(const RawAnswer& raw, const boost::json::value& record, int status);

  int status() const { return status_; }
  const RawAnswer& raw() const { return raw_; }
  /// Null pointer when it is no JSON. Parsed when first asked for.
  const boost::json::value* document() const;
  std::string_view text() const { return own_text_ ? std::string_view(*own_text_) : std::string_view(raw_.body); }

 private:
  const RawAnswer& raw_;
  int status_;
  const boost::json::value* part_ = nullptr;
  std::optional<std::string> own_text_;
  mutable bool parsed_ = false;
  mutable std::optional<boost::json::value> whole_;
};

/// The first rule that fits, or null pointer.
const AnswerPlan* fitting_rule(const TargetPlan& target, engine::model::CallKind kind, const Said& said);

/// The JSON of the answer meets the condition.
bool json_fits(const ConditionPlan& condition, const Said& said);

/// Empty when it is not there.
std::string text_said(const ValuePlan& value, const Said& said);

/// What the answer tells of budgets.
std::vector<engine::model::BudgetReading> budgets_said(const std::vector<UsagePlan>& usage, const Said& said,
                                                       std::int64_t now_wall_ms);

/// How long to wait, as far as the answer or the rule says it.
std::optional<std::int64_t> wait_ms_said(const AfterPlan& after, const Said& said, std::int64_t now_wall_ms);

/// Null, false, zero results and empty texts say nothing.
bool says_something(const boost::json::value* value);

}  // namespace connectors::http
