#include "connectors/http/answer/judge.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include <algorithm>

#include "connectors/http/answer/answer_text.h"
#include "connectors/http/answer/batch_account.h"
#include "connectors/http/answer/read_back.h"

namespace connectors::http {

namespace json = boost::json;
using engine::model::CallAnswer;
using engine::model::CallKind;
using engine::model::DeliveryOutcome;
using namespace engine::model;
using engine::settings::AnswerClass;
using engine::settings::AnswerRule;

namespace {

constexpr std::size_t answer_kept_bytes = 8'192;
constexpr std::size_t reason_body_bytes = 300;
/// A rule looks at the start of a body: messages stand there, and the time it takes stays bounded.
constexpr std::size_t matched_body_bytes = 262'144;
constexpr std::size_t found_max = 100;
constexpr std::size_t body_depth_max = 200;

bool contains(const std::vector<int>& statuses, int status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

bool is_success(int status) { return status >= 200 && status < 300; }

class Judging {
 public:
  Judging(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms)
      : question_(question), raw_(raw), now_wall_ms_(now_wall_ms) {}

  const AnswerRule* rule() const {
    return raw_.failure.empty() && !verdict_of_request_lists() ? fitting_rule() : nullptr;
  }

  std::vector<CallAnswer> run() const {
    if (!raw_.failure.empty()) return for_all(unanswered());
    if (const auto verdict = verdict_of_request_lists()) return for_all(*verdict);
    const AnswerRule* rule = fitting_rule();
    if (rule == nullptr && !is_success(raw_.status)) return for_all(default_refusal());
    const AnswerClass answer_class = rule == nullptr ? AnswerClass::delivered : rule->answer_class;
    if (answer_class == AnswerClass::delivered) return taken();
    return for_all(by_class(answer_class, *rule));
  }

 private:
  std::vector<CallAnswer> for_all(const DeliveryOutcome& outcome) const {
    CallAnswer answer;
    answer.outcome = outcome;
    answer.status = raw_.status;
    answer.answer = kept_text(raw_.body, answer_kept_bytes);
    answer.any_byte_sent = raw_.request_begun;
    answer.duration_ms = raw_.duration_ms;
    return std::vector<CallAnswer>(question_.records, answer);
  }

  DeliveryOutcome unanswered() const {
    std::string reason = kept_text(raw_.failure, reason_body_bytes);
    if (!raw_.request_begun) return RetryLater{.reason = std::move(reason)};
    return lost(std::move(reason));
  }

  DeliveryOutcome lost(std::string reason) const {
    if (may_repeat(question_)) return RetryLater{.reason = std::move(reason)};
    return Uncertain{.reason = std::move(reason)};
  }

  std::string reason() const {
    std::string text = fmt::format("status {}", raw_.status);
    if (const auto* to = raw_.header("Location"); to != nullptr && raw_.status >= 300 && raw_.status < 400) {
      return text + ": redirected to " + kept_text(*to, reason_body_bytes) + ", which is not followed; correct the url";
    }
    const std::string body = kept_text(raw_.body, reason_body_bytes);
    return body.empty() ? text : text + ": " + body;
  }

  const CallPlan* call() const {
    const auto found = question_.object.calls.find(question_.kind);
    return question_.is_batch || found == question_.object.calls.end() ? nullptr : &found->second;
  }

  std::optional<DeliveryOutcome> verdict_of_request_lists() const {
    if (call() == nullptr) return std::nullopt;
    const RequestPlan& request = call()->request;
    if (contains(request.gone, raw_.status) || contains(request.absent, raw_.status)) return Delivered{};
    return std::nullopt;
  }

  const AnswerRule* fitting_rule() const {
    for (const AnswerPlan& plan : question_.target.answers) {
      const AnswerRule& rule = plan.rule;
      const auto& calls = rule.calls;
      if (!calls.empty() && std::find(calls.begin(), calls.end(), question_.kind) == calls.end()) continue;
      const bool status_fits =
          rule.statuses.empty() || std::any_of(rule.statuses.begin(), rule.statuses.end(), [this](const auto& range) {
            return raw_.status >= range.first && raw_.status <= range.second;
          });
      if (status_fits && (!plan.body || body_matches(*plan.body))) return &rule;
    }
    return nullptr;
  }

  bool body_matches(const boost::regex& pattern) const {
    const auto end = raw_.body.begin() + static_cast<std::ptrdiff_t>(std::min(raw_.body.size(), matched_body_bytes));
    try {
      return boost::regex_search(raw_.body.begin(), end, pattern);
    } catch (const std::runtime_error&) {
      return false;  // the expression's work grew out of bounds on this body
    }
  }

  DeliveryOutcome by_class(AnswerClass answer_class, const AnswerRule& rule) const {
    switch (answer_class) {
      case AnswerClass::duplicate:
        return Duplicate{.remote_id = remote_id()};
      case AnswerClass::partial:
        return Partial{.reason = reason(), .refused = {}, .remote_id = remote_id()};
      case AnswerClass::retry:
        return retry(rule.after_header, rule.after_unit_ms);
      case AnswerClass::missing:
        return Permanent{.reason = reason(), .missing = true};
      case AnswerClass::auth:
        return Permanent{.reason = reason(), .auth = true};
      case AnswerClass::uncertain:
        return may_repeat(question_) ? retry(rule.after_header, rule.after_unit_ms) : lost(reason());
      case AnswerClass::permanent:
        return Permanent{.reason = reason(), .missing = says_missing()};
      case AnswerClass::delivered:
        break;
    }
    return Delivered{};
  }

  DeliveryOutcome retry(const std::string& after_header, std::int64_t unit_ms) const {
    const std::string* after = raw_.header(after_header.empty() ? "Retry-After" : after_header);
    return RetryLater{.reason = reason(),
                      .after_ms = after == nullptr ? std::nullopt : wait_ms_of(*after, unit_ms, now_wall_ms_),
                      .throttled = raw_.status == 429};
  }

  bool says_missing() const {
    const bool addresses_one =
        question_.kind != CallKind::create && question_.kind != CallKind::upsert && question_.kind != CallKind::find;
    return addresses_one && (raw_.status == 404 || raw_.status == 410);
  }

  DeliveryOutcome default_refusal() const {
    const int status = raw_.status;
    if (status == 408 || status == 425 || status == 429) return retry({}, 1'000);
    if (status == 401) return Permanent{.reason = reason(), .auth = true};
    if (status >= 300 && status < 500) return Permanent{.reason = reason(), .missing = says_missing()};
    // What a safe call asked for can simply be asked again, at the time the target names.
    if (may_repeat(question_)) return retry({}, 1'000);
    return lost(reason());
  }

  std::optional<json::value> body() const {
    json::parse_options options;
    options.max_depth = body_depth_max;
    boost::system::error_code error;
    json::value value = json::parse({raw_.body.data(), raw_.body.size()}, error, {}, options);
    return error ? std::nullopt : std::optional(std::move(value));
  }

  std::optional<std::string> remote_id() const {
    if (call() == nullptr || call()->id.empty()) return std::nullopt;
    const auto answer = body();
    std::string id = answer ? scalar_text(call()->id.first(*answer)) : std::string();
    return id.empty() ? std::nullopt : std::optional(std::move(id));
  }

  std::vector<CallAnswer> taken() const {
    if (question_.is_batch) return account();
    switch (question_.kind) {
      case CallKind::find:
        return found();
      case CallKind::read_back:
        return read_back();
      case CallKind::find_comment:
        return found_comment();
      default:
        break;
    }
    const auto id = remote_id();
    const bool must_tell = question_.kind == CallKind::create && call() != nullptr && !call()->id.empty();
    if (must_tell && !id) return for_all(lost("the answer does not tell the new record's id: " + reason()));
    return for_all(Delivered{.remote_id = id});
  }

  std::vector<CallAnswer> unreadable() const {
    return for_all(RetryLater{.reason = "the answer is not what was asked for: " + reason()});
  }

  std::vector<CallAnswer> found() const {
    const auto answer = body();
    const json::value* items = answer ? question_.object.found_items.first(*answer) : nullptr;
    if (items == nullptr) return unreadable();
    auto answers = for_all(Delivered{});
    std::vector<std::string>& ids = answers[0].found;
    const std::size_t listed = items->is_array() ? items->get_array().size() : items->is_null() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(listed, found_max); ++i) {
      const json::value& item = items->is_array() ? items->get_array()[i] : *items;
      std::string id = scalar_text(question_.object.found_id.first(item));
      // A record without a readable id is not "no record": creating another would double it.
      if (id.empty()) return unreadable();
      ids.push_back(std::move(id));
    }
    if (question_.object.first_found_only && ids.size() > 1) ids.resize(1);
    return answers;
  }

  std::vector<CallAnswer> read_back() const {
    const auto answer = body();
    if (!answer || !answer->is_object()) return unreadable();
    auto answers = for_all(Delivered{});
    StoredRecord record = stored_record(question_.object.read_back, question_.expect, *answer);
    answers[0].fields = std::move(record.fields);
    if (!record.lost_keys.empty()) {
      answers[0].outcome =
          Partial{.reason = fmt::format("the record does not hold the value by which it is found again: {}",
                                        fmt::join(record.lost_keys, ", ")),
                  .refused = record.lost_keys};
    }
    return answers;
  }

  std::vector<CallAnswer> found_comment() const {
    auto answers = for_all(Delivered{});
    const json::value expected = json::parse(question_.expect);
    const json::string& marker = expected.at("marker").as_string();
    if (raw_.body.find(marker.data(), 0, marker.size()) != std::string::npos) {
      answers[0].found.emplace_back(marker.data(), marker.size());
    }
    return answers;
  }

  std::vector<CallAnswer> account() const {
    const auto answer = body();
    if (!answer) return for_all(lost("the answer is not JSON: " + reason()));
    auto answers = for_all(Delivered{});
    const BatchPlan& batch = question_.object.batch.at(question_.kind);
    const DeliveryOutcome unaccounted = lost("the answer does not account for this record");
    auto outcomes = batch_outcomes(batch, question_.expect, *answer, unaccounted);
    outcomes.resize(answers.size(), unaccounted);
    for (std::size_t i = 0; i < answers.size(); ++i) answers[i].outcome = std::move(outcomes[i]);
    return answers;
  }

  const Question& question_;
  const RawAnswer& raw_;
  const std::int64_t now_wall_ms_;
};

}  // namespace

bool may_repeat(const Question& question) {
  const CallTraits& traits = question.object.traits.of(question.kind);
  return traits.native_upsert || traits.repeat_safe;
}

const AnswerRule* deciding_rule(const Question& question, const RawAnswer& raw) {
  return Judging(question, raw, 0).rule();
}

std::vector<CallAnswer> judge(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms) {
  return Judging(question, raw, now_wall_ms).run();
}

}  // namespace connectors::http
