#include "engine/operate/cases/request_check.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <deque>

#include "engine/base/text/characters.h"
#include "engine/operate/cases/value_check.h"

namespace engine::operate {

namespace json = boost::json;
using settings::ExpectedRequest;

namespace {

constexpr std::size_t shown_body_bytes = 2'000;

/// A query that the case does not write is none of its business.
bool same_path(const std::string& expected, const std::string& came) {
  return expected.find('?') == std::string::npos ? expected == came.substr(0, came.find('?')) : expected == came;
}

bool addresses(const ExpectedRequest& expected, const SentRequest& came) {
  return expected.method == came.method && same_path(expected.path, came.path);
}

void check_headers(const ExpectedRequest& expected, const SentRequest& came, std::vector<CaseProblem>& problems) {
  for (const auto& [name, value] : expected.headers) {
    const std::string* there = nullptr;
    for (const auto& [sent_name, sent] : came.headers) {
      if (same_word(name, sent_name)) there = &sent;
    }
    const model::FieldScalar scalar = settings::core_scalar(value);
    const bool* presence = std::get_if<bool>(&scalar);
    const bool fits = presence != nullptr ? *presence == (there != nullptr) : there != nullptr && *there == value.text();
    if (fits) continue;
    problems.push_back({value.origin(), "header " + name, presence == nullptr ? value.text() : *presence ? "any value" : "nothing",
                        there == nullptr ? "nothing" : *there});
  }
}

/// A body that is a text is compared as it is, one that is a map or a list by its JSON.
void check_body(const ExpectedRequest& expected, const SentRequest& came, std::vector<CaseProblem>& problems) {
  if (!expected.body) return;
  json::error_code broken;
  const json::value body = json::parse(came.body, broken);
  const bool is_text = expected.body->is_scalar() && !expected.body->is_null();
  if (is_text || broken) {
    const std::string text = expected.body->is_scalar() ? expected.body->text() : settings::json_of(*expected.body);
    if (text != came.body) problems.push_back({expected.body->origin(), "body", text, came.body});
    return;
  }
  check_value(*expected.body, body, "body", expected.exact, problems);
}

std::vector<CaseProblem> differences(const ExpectedRequest& expected, const SentRequest& came) {
  std::vector<CaseProblem> problems;
  check_headers(expected, came, problems);
  check_body(expected, came, problems);
  return problems;
}

/// What came and is not yet expected, a queue for each record; one queue for all where the whole order counts.
class Arrivals {
 public:
  Arrivals(std::span<const SentRequest> came, bool in_order) : came_(came), taken_(came.size()), in_order_(in_order) {}

  /// The next of each record, in the order in which they came.
  std::vector<std::size_t> heads() const {
    std::vector<std::size_t> heads;
    std::vector<std::string> records;
    for (std::size_t i = 0; i < came_.size(); ++i) {
      if (taken_[i] || std::find(records.begin(), records.end(), came_[i].record) != records.end()) continue;
      heads.push_back(i);
      if (in_order_) return heads;
      records.push_back(came_[i].record);
    }
    return heads;
  }
  const SentRequest& at(std::size_t i) const { return came_[i]; }
  void take(std::size_t i) { taken_[i] = true; }
  std::vector<std::size_t> left() const {
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < came_.size(); ++i) {
      if (!taken_[i]) left.push_back(i);
    }
    return left;
  }

 private:
  std::span<const SentRequest> came_;
  std::vector<bool> taken_;
  bool in_order_;
};

/// Takes the head that meets the expectation, else the one that comes nearest and says how it differs.
void meet(const ExpectedRequest& expected, Arrivals& arrivals, std::vector<CaseProblem>& problems) {
  std::optional<std::size_t> nearest;
  std::vector<CaseProblem> how;
  for (const std::size_t i : arrivals.heads()) {
    if (!addresses(expected, arrivals.at(i))) continue;
    std::vector<CaseProblem> differs = differences(expected, arrivals.at(i));
    if (differs.empty()) return arrivals.take(i);
    if (nearest && differs.size() >= how.size()) continue;
    nearest = i;
    how = std::move(differs);
  }
  const std::string named = expected.method + " " + expected.path;
  if (!nearest) {
    const auto heads = arrivals.heads();
    problems.push_back({expected.origin, fmt::format("{} did not come", named), {},
                        heads.empty() ? "nothing more" : request_text(arrivals.at(heads.front()))});
    return;
  }
  arrivals.take(*nearest);
  for (CaseProblem& problem : how) {
    problem.message = fmt::format("{}: {}", named, problem.message);
    problems.push_back(std::move(problem));
  }
}

}  // namespace

std::string request_text(const SentRequest& request) {
  std::string text = request.method + " " + request.path;
  if (!request.body.empty()) text += " " + std::string(cut(request.body, shown_body_bytes));
  return text;
}

void check_requests(std::span<const ExpectedRequest> expected, std::span<const SentRequest> came, bool in_order,
                    const settings::Origin& whole, std::vector<CaseProblem>& problems) {
  Arrivals arrivals(came, in_order);
  for (const ExpectedRequest& each : expected) meet(each, arrivals, problems);
  for (const std::size_t i : arrivals.left()) {
    problems.push_back({whole, "a request came that is not expected", {}, request_text(arrivals.at(i))});
  }
}

}  // namespace engine::operate
