#include "engine/operate/cases/case_check.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/operate/cases/request_check.h"
#include "engine/operate/cases/value_check.h"

namespace engine::operate {

namespace {

using settings::ExpectedAnomaly;
using settings::ExpectedCount;
using settings::ExpectedDelivery;
using settings::ExpectedLastSent;

bool writes(const SentRequest& request) {
  return !model::only_reads(request.kind);
}

std::vector<SentRequest> requests_of(const CaseOutcome& outcome, bool that_write) {
  std::vector<SentRequest> some;
  for (const SentRequest& request : outcome.requests) {
    if (writes(request) == that_write) some.push_back(request);
  }
  return some;
}

/// What is not named is expected to be none.
void check_counts(const std::optional<std::map<std::string, ExpectedCount>>& expected,
                  const std::map<std::string, std::int64_t>& came, std::string_view what, const settings::Origin& whole,
                  std::vector<CaseProblem>& problems) {
  if (!expected) return;
  std::map<std::string, std::int64_t> left = came;
  for (const auto& [name, count] : *expected) {
    const auto found = left.find(name);
    const std::int64_t number = found == left.end() ? 0 : found->second;
    left.erase(name);
    if (number != count.count) {
      problems.push_back({count.origin, fmt::format("{} {}", what, name), std::to_string(count.count), std::to_string(number)});
    }
  }
  for (const auto& [name, number] : left) {
    if (number > 0) problems.push_back({whole, fmt::format("{} {}", what, name), "0", std::to_string(number)});
  }
}

std::string delivery_text(const journal::Delivery& delivery) {
  return delivery.reason.empty() ? delivery.key : delivery.key + ": " + delivery.reason;
}

/// Each expected one has a delivery of its own, and none is left.
void check_state(const std::string& state, const std::vector<ExpectedDelivery>& expected, const CaseOutcome& outcome,
                 const settings::Origin& whole, std::vector<CaseProblem>& problems) {
  std::vector<const journal::Delivery*> left;
  for (const journal::Delivery& delivery : outcome.deliveries) {
    if (name_of(delivery.state) == state) left.push_back(&delivery);
  }
  for (const ExpectedDelivery& each : expected) {
    const auto fits = [&](const journal::Delivery* delivery) { return !each.key || is_key(*each.key, delivery->key); };
    const auto met = std::find_if(left.begin(), left.end(), [&](const journal::Delivery* delivery) {
      return fits(delivery) && delivery->reason.find(each.reason) != std::string::npos;
    });
    if (met != left.end()) {
      left.erase(met);
      continue;
    }
    const auto near = std::find_if(left.begin(), left.end(), fits);
    const std::string key = each.key ? settings::json_of(*each.key) : "any key";
    problems.push_back({each.origin, fmt::format("a delivery that is {}", state), each.reason.empty() ? key : key + ": " + each.reason,
                        near == left.end() ? "nothing" : delivery_text(**near)});
    if (near != left.end()) left.erase(near);
  }
  for (const journal::Delivery* delivery : left) {
    problems.push_back({whole, fmt::format("a delivery is {}, which is not expected", state), {}, delivery_text(*delivery)});
  }
}

/// A key may be left out: then the first record counts.
void check_last_sent(const std::vector<ExpectedLastSent>& expected, const CaseOutcome& outcome, std::vector<CaseProblem>& problems) {
  for (const ExpectedLastSent& each : expected) {
    const auto sent = std::find_if(outcome.last_sent.begin(), outcome.last_sent.end(), [&](const journal::LastSent& one) {
      return !each.key || is_key(*each.key, one.key);
    });
    if (sent == outcome.last_sent.end()) {
      problems.push_back({each.origin, "last_sent", each.key ? settings::json_of(*each.key) : "any", "nothing was sent"});
      continue;
    }
    if (each.live && *each.live != sent->live) {
      problems.push_back({each.origin, "last_sent.live", *each.live ? "true" : "false", sent->live ? "true" : "false"});
    }
    if (!each.fields) continue;
    const std::string fields = sent->fields ? model::nested_json(model::fields_from_json(*sent->fields)) : "null";
    check_value(*each.fields, boost::json::parse(fields), "last_sent.fields", each.exact, problems);
  }
}

std::string anomaly_text(const CaseAnomaly& came) {
  return fmt::format("{}, {}, holds {}: {}", came.anomaly.kind, name_of(came.anomaly.state), came.held, came.anomaly.text);
}

bool is_as_expected(const ExpectedAnomaly& expected, const CaseAnomaly& came) {
  return (expected.kind.empty() || expected.kind == came.anomaly.kind) && (expected.state.empty() || expected.state == name_of(came.anomaly.state)) &&
         came.anomaly.text.find(expected.text) != std::string::npos && (!expected.held || *expected.held == came.held);
}

std::string expected_text(const ExpectedAnomaly& expected) {
  return fmt::format("{}, {}, holds {}: {}", expected.kind.empty() ? "any kind" : expected.kind, expected.state.empty() ? "any state" : expected.state,
                     expected.held ? std::to_string(*expected.held) : "any number", expected.text.empty() ? "any text" : expected.text);
}

/// One by one, in the order in which they were found.
void check_anomalies(const std::vector<ExpectedAnomaly>& expected, const CaseOutcome& outcome, const settings::Origin& whole, std::vector<CaseProblem>& problems) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const bool came = i < outcome.anomalies.size();
    if (came && is_as_expected(expected[i], outcome.anomalies[i])) continue;
    problems.push_back({expected[i].origin, "anomaly", expected_text(expected[i]), came ? anomaly_text(outcome.anomalies[i]) : "none"});
  }
  for (std::size_t i = expected.size(); i < outcome.anomalies.size(); ++i) {
    problems.push_back({whole, "an anomaly that is not expected", {}, anomaly_text(outcome.anomalies[i])});
  }
}

}  // namespace

/// Each expectation by itself: one that is not met hides no other.
std::vector<CaseProblem> check_case(const settings::CaseDefinition& definition, const CaseOutcome& outcome) {
  std::vector<CaseProblem> problems;
  const settings::CaseExpectation& then = definition.then;
  if (then.requests) check_requests(*then.requests, requests_of(outcome, true), then.in_order, then.origin, problems);
  if (then.reads) check_requests(*then.reads, requests_of(outcome, false), then.in_order, then.origin, problems);
  std::map<std::string, std::int64_t> states;
  for (const journal::Delivery& delivery : outcome.deliveries) ++states[std::string(name_of(delivery.state))];
  check_counts(then.deliveries, states, "deliveries", then.origin, problems);
  check_counts(then.changes, outcome.changes, "changes", then.origin, problems);
  for (const auto& [state, expected] : then.in_state) check_state(state, expected, outcome, then.origin, problems);
  if (then.last_sent) check_last_sent(*then.last_sent, outcome, problems);
  if (then.anomalies) check_anomalies(*then.anomalies, outcome, then.origin, problems);
  for (const settings::CaseAnswer& answer : outcome.unused_answers) {
    problems.push_back({answer.origin, "no request came for this answer", {}, {}});
  }
  std::stable_sort(problems.begin(), problems.end(), [](const CaseProblem& a, const CaseProblem& b) { return a.origin.line < b.origin.line; });
  return problems;
}

}  // namespace engine::operate
