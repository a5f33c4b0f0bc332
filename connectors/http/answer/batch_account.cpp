#include "connectors/http/answer/batch_account.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>

#include "connectors/http/answer/answer_text.h"

namespace connectors::http {

namespace json = boost::json;
using namespace engine::model;

namespace {

constexpr std::size_t reason_bytes_max = 500;

Permanent refused(const json::value& why) {
  const std::string text = why.is_string() ? scalar_text(&why) : json::serialize(why);
  return {.reason = "refused in the batch: " + kept_text(text, reason_bytes_max)};
}

bool says_failed(const json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_bool()) return value->get_bool();
  if (value->is_string()) return !value->get_string().empty();
  if (value->is_array()) return !value->get_array().empty();
  if (value->is_object()) return !value->get_object().empty();
  return true;
}

std::vector<DeliveryOutcome> by_order(const BatchPlan& plan, std::size_t records, const json::value& answer,
                                      const DeliveryOutcome& unaccounted) {
  std::vector<DeliveryOutcome> outcomes(records, unaccounted);
  const json::value* list = plan.order.first(answer);
  // With another number of results nobody knows which record each speaks for.
  if (list == nullptr || !list->is_array() || list->get_array().size() != records) return outcomes;
  for (std::size_t i = 0; i < records; ++i) {
    const json::value& result = list->get_array()[i];
    const json::value* failed = plan.record_failed.empty() ? nullptr : plan.record_failed.first(result);
    if (says_failed(failed)) {
      outcomes[i] = refused(failed->is_bool() ? result : *failed);
    } else {
      std::string id = result.is_object() ? scalar_text(result.get_object().if_contains("id")) : std::string();
      outcomes[i] = Delivered{.remote_id = id.empty() ? std::nullopt : std::optional(std::move(id))};
    }
  }
  return outcomes;
}

std::multiset<std::string> named(const BatchPlan& plan, const char* role, const json::value& answer) {
  std::multiset<std::string> names;
  const auto path = plan.accounted_by.find(role);
  if (path == plan.accounted_by.end()) return names;
  for (const json::value* value : path->second.all(answer)) {
    if (const json::array* list = value->if_array()) {
      for (const json::value& item : *list) names.insert(scalar_text(&item));
    } else {
      names.insert(scalar_text(value));
    }
  }
  return names;
}

std::vector<DeliveryOutcome> by_name(const BatchPlan& plan, const json::array& records, const json::value& answer,
                                     const DeliveryOutcome& unaccounted) {
  const auto ids = named(plan, "id", answer);
  const auto matches = named(plan, "match", answer);
  const auto done = named(plan, "done", answer);
  const auto traces = named(plan, "trace", answer);
  const std::size_t taken = std::max({ids.size(), matches.size(), done.size()});
  std::vector<DeliveryOutcome> outcomes(records.size(), unaccounted);
  std::vector<std::size_t> unnamed;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const json::object& record = records[i].as_object();
    const std::string key = scalar_text(record.if_contains("key"));
    const std::string match = scalar_text(record.if_contains("match"));
    const std::string id = scalar_text(record.if_contains("id"));
    if (traces.contains(key)) {
      outcomes[i] = refused(answer);
      ++failed;
    } else if ((!id.empty() && ids.contains(id)) || (!match.empty() && matches.contains(match)) || done.contains(key)) {
      outcomes[i] = Delivered{};
    } else {
      unnamed.push_back(i);
    }
  }
  if (failed == traces.size() && taken + failed == records.size()) {
    for (const std::size_t i : unnamed) outcomes[i] = Delivered{};
  }
  return outcomes;
}

}  // namespace

std::vector<DeliveryOutcome> batch_outcomes(const BatchPlan& plan, const std::string& expect, const json::value& answer,
                                            const DeliveryOutcome& unaccounted) {
  const json::value expected = json::parse(expect);
  const json::array& records = expected.at("records").as_array();
  return plan.by_order ? by_order(plan, records.size(), answer, unaccounted)
                       : by_name(plan, records, answer, unaccounted);
}

}  // namespace connectors::http
