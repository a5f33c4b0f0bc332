#include "connectors/http/answer/batch_account.h"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <map>

#include "connectors/http/answer/answer_rules.h"

namespace connectors::http {

namespace json = boost::json;
using Says = RecordWord::Says;

namespace {

std::optional<std::size_t> number_in(const json::value* value) {
  const std::string text = scalar_text(value);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  return is_whole ? std::optional(number) : std::nullopt;
}

/// The id of a record that was refused is not taken for one that it has.
RecordWord word(const BatchPlan& plan, Says says, const json::value* part) {
  RecordWord word{.says = says, .part = part};
  if (part == nullptr) return word;
  if (!plan.record_status.empty()) word.status = static_cast<int>(number_in(plan.record_status.first(*part)).value_or(0));
  std::string id = scalar_text(plan.record_id.first(*part));
  if (says == Says::taken && !id.empty()) word.remote_id = std::move(id);
  return word;
}

bool is_refused(const BatchPlan& plan, const json::value& result) {
  if (!plan.record_failed.empty() && says_something(plan.record_failed.first(result))) return true;
  return !plan.record_taken.empty() && !says_something(plan.record_taken.first(result));
}

std::vector<RecordWord> by_order(const BatchPlan& plan, std::size_t records, const json::value& answer) {
  std::vector<RecordWord> words(records);
  const json::value* list = plan.order.first(answer);
  const json::array* results = list != nullptr ? list->if_array() : nullptr;
  // With another number of results nobody knows which record each speaks for, unless they say it themselves.
  const bool by_index = !plan.record_index.empty();
  if (results == nullptr || (!by_index && results->size() != records)) return words;
  for (std::size_t i = 0; i < results->size(); ++i) {
    const json::value& result = (*results)[i];
    const auto index = by_index ? number_in(plan.record_index.first(result)) : std::optional(i);
    if (!index || *index >= records) continue;
    words[*index] = word(plan, is_refused(plan, result) ? Says::refused : Says::taken, &result);
  }
  return words;
}

/// Names and the parts of the answer in which they stand.
using Named = std::multimap<std::string, const json::value*>;

/// A name may stand alone or in a list, once or several times.
Named named(const BatchPlan& plan, const char* role, const json::value& answer) {
  Named names;
  const auto path = plan.accounted_by.find(role);
  if (path == plan.accounted_by.end()) return names;
  for (const json::value* part : path->second.items.all(answer)) {
    for (const json::value* value : path->second.inside.all(*part)) {
      if (const json::array* list = value->if_array()) {
        for (const json::value& item : *list) names.emplace(scalar_text(&item), part);
      } else {
        names.emplace(scalar_text(value), part);
      }
    }
  }
  return names;
}

std::vector<RecordWord> by_name(const BatchPlan& plan, const json::array& records, const json::value& answer) {
  const Named ids = named(plan, "id", answer);
  const Named matches = named(plan, "match", answer);
  const Named done = named(plan, "done", answer);
  const Named traces = named(plan, "trace", answer);
  // One record may be named in several ways; the way that names most of them counts.
  const std::size_t taken = std::max({ids.size(), matches.size(), done.size()});
  std::vector<RecordWord> words(records.size());
  std::size_t failed = 0;
  const auto among = [](const Named& names, const std::string& name) -> const json::value* {
    const auto found = name.empty() ? names.end() : names.find(name);
    return found == names.end() ? nullptr : found->second;
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    const json::object& record = records[i].as_object();
    const std::string key = scalar_text(record.if_contains("key"));
    if (const json::value* part = among(traces, key)) {
      words[i] = word(plan, Says::refused, part);
      ++failed;
      continue;
    }
    const json::value* part = among(ids, scalar_text(record.if_contains("id")));
    if (part == nullptr) part = among(matches, scalar_text(record.if_contains("match")));
    if (part == nullptr) part = among(done, key);
    if (part != nullptr) words[i] = word(plan, Says::taken, part);
  }
  if (failed != traces.size() || taken + failed != records.size()) return words;
  for (RecordWord& each : words) {
    if (each.says == Says::nothing) each.says = Says::taken;
  }
  return words;
}

}  // namespace

std::vector<RecordWord> words_about_records(const BatchPlan& plan, const std::string& expect, const json::value& answer) {
  const json::value expected = json::parse(expect);
  const json::array& records = expected.at("records").as_array();
  const json::value* of = expected.as_object().if_contains("of");
  if (!plan.by_order) return by_name(plan, records, answer);
  std::vector<RecordWord> words = by_order(plan, of != nullptr ? of->to_number<std::size_t>() : records.size(), answer);
  if (of != nullptr) words = {words.at(expected.at("index").to_number<std::size_t>())};
  return words;
}

std::vector<engine::model::CallAnswer> for_each_record(const engine::model::CallAnswer& answer, std::size_t records) {
  std::vector<engine::model::CallAnswer> answers{answer};
  engine::model::CallAnswer other = answer;
  other.answer.clear();
  answers.resize(records, other);
  return answers;
}

}  // namespace connectors::http
