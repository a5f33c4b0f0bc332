#include "connectors/http/answer/answer_rules.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include "connectors/http/answer/answer_json.h"
#include "connectors/http/answer/answer_text.h"

namespace connectors::http {

namespace json = boost::json;
using engine::model::CallKind;
using engine::settings::AnswerRule;

namespace {

/// A rule looks at the start of a body: messages stand there, and the time it takes stays bounded.
constexpr std::size_t matched_bytes = 262'144;

/// The digits at the beginning; whatever stands behind them is not looked at.
std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && !text.empty() ? std::optional(number) : std::nullopt;
}

bool matches(const boost::regex& pattern, std::string_view text) {
  try {
    return boost::regex_search(text.begin(), text.begin() + std::min(text.size(), matched_bytes), pattern);
  } catch (const std::runtime_error&) {
    return false;  // the expression's work grew out of bounds on this text
  }
}

bool is_wanted(const ConditionPlan& condition, const std::string& text) {
  const auto& wanted = condition.is;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), text) == wanted.end()) return false;
  return !condition.matches || matches(*condition.matches, text);
}

bool header_fits(const ConditionPlan& condition, const RawAnswer& raw) {
  const std::string* value = raw.header(condition.name);
  return value != nullptr && !value->empty() && is_wanted(condition, *value);
}

bool status_fits(const AnswerRule& rule, int status) {
  if (rule.statuses.empty()) return true;
  return std::any_of(rule.statuses.begin(), rule.statuses.end(),
                     [status](const auto& range) { return status >= range.first && status <= range.second; });
}

/// The cheap conditions first: a body is searched only when nothing else spoke against the rule.
bool fits(const AnswerPlan& plan, CallKind kind, const Said& said) {
  const AnswerRule& rule = plan.rule;
  if (!rule.calls.empty() && std::find(rule.calls.begin(), rule.calls.end(), kind) == rule.calls.end()) return false;
  if (!status_fits(rule, said.status())) return false;
  if (plan.header && !header_fits(*plan.header, said.raw())) return false;
  if (plan.json && !json_fits(*plan.json, said)) return false;
  return !plan.body || matches(*plan.body, said.text());
}

}  // namespace

Said::Said(const RawAnswer& raw, const json::value& record, int status)
    : raw_(raw), status_(status), part_(&record), own_text_(json::serialize(record)) {}

const json::value* Said::document() const {
  if (part_ != nullptr) return part_;
  if (!std::exchange(parsed_, true)) {
    boost::system::error_code error;
    json::value value = parsed_answer(raw_.body, error);
    if (!error) whole_ = std::move(value);
  }
  return whole_ ? &*whole_ : nullptr;
}

bool json_fits(const ConditionPlan& condition, const Said& said) {
  const json::value* document = said.document();
  if (document == nullptr) return false;
  for (const json::value* value : condition.at.all(*document)) {
    if (!condition.names_value() ? says_something(value) : is_wanted(condition, shown_text(*value))) return true;
  }
  return false;
}

const AnswerPlan* fitting_rule(const TargetPlan& target, CallKind kind, const Said& said) {
  for (const AnswerPlan& plan : target.answers) {
    if (fits(plan, kind, said)) return &plan;
  }
  return nullptr;
}

/// JSON goes before a header; a pattern takes a part of either.
std::string text_said(const ValuePlan& value, const Said& said) {
  std::string text;
  if (!value.json.empty()) {
    const json::value* document = said.document();
    if (document != nullptr) text = scalar_text(value.json.first(*document));
  } else if (const std::string* header = said.raw().header(value.header)) {
    text = *header;
  }
  if (!value.matches || text.empty()) return text;
  boost::smatch found;
  try {
    const bool is_there = boost::regex_search(text, found, *value.matches) && found.size() > 1;
    return is_there ? found[1].str() : std::string();
  } catch (const std::runtime_error&) {
    return {};
  }
}

std::vector<engine::model::BudgetReading> budgets_said(const std::vector<UsagePlan>& usage, const Said& said,
                                                       std::int64_t now_wall_ms) {
  std::vector<engine::model::BudgetReading> readings;
  const auto number = [&said](const std::optional<ValuePlan>& value) {
    return value ? whole_number(text_said(*value, said)) : std::nullopt;
  };
  for (const UsagePlan& plan : usage) {
    engine::model::BudgetReading reading{.budget = plan.budget, .remaining = number(plan.remaining), .of = number(plan.of)};
    if (const auto used = number(plan.used); used && reading.of) reading.remaining = *reading.of - *used;
    if (plan.reset) reading.reset_ms = wait_ms_said(*plan.reset, said, now_wall_ms);
    if (plan.wait) reading.wait_ms = wait_ms_said(*plan.wait, said, now_wall_ms).value_or(0);
    if (reading.remaining || reading.wait_ms > 0) readings.push_back(std::move(reading));
  }
  return readings;
}

std::optional<std::int64_t> wait_ms_said(const AfterPlan& after, const Said& said, std::int64_t now_wall_ms) {
  const std::string text = text_said(after.value, said);
  const WaitUnit unit{.ms = after.rule.unit_ms, .since_epoch = after.rule.since_epoch};
  const auto wait = text.empty() ? std::nullopt : wait_ms_of(text, unit, now_wall_ms);
  if (after.rule.at_least_ms == 0) return wait;
  return std::max(wait.value_or(0), after.rule.at_least_ms);
}

bool says_something(const json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_bool()) return value->get_bool();
  if (value->is_string()) return !value->get_string().empty();
  if (value->is_array()) return !value->get_array().empty();
  if (value->is_object()) return !value->get_object().empty();
  return true;
}

}  // namespace connectors::http
