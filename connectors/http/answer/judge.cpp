#include "connectors/http/answer/judge.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

#include "connectors/http/answer/answer_rules.h"
#include "connectors/http/answer/answer_text.h"
#include "connectors/http/answer/batch_account.h"
#include "connectors/http/answer/job_answer.h"
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
constexpr std::size_t record_answer_bytes = 2'000;
constexpr std::size_t reason_body_bytes = 300;
constexpr std::size_t record_reason_bytes = 500;
constexpr std::size_t found_max = 100;

bool contains(const std::vector<int>& statuses, int status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

bool is_success(int status) { return status >= 200 && status < 300; }

/// One answer on its way to outcomes. What a rule says of the whole answer goes for all records; only a success is
/// accounted record by record, and the refused ones are asked of the rules again, each by itself.
class Judging {
 public:
  Judging(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms, const JobPlan* job)
      : question_(question), raw_(raw), said_(raw), now_wall_ms_(now_wall_ms), job_(job) {}

  std::vector<const AnswerRule*> rules() const {
    std::vector<const AnswerRule*> all;
    if (!raw_.failure.empty() || verdict_of_request_lists()) return all;
    const auto add = [&](const Said& said) {
      if (const AnswerPlan* plan = fitting_rule(question_.target, question_.kind, said)) all.push_back(&plan->rule);
    };
    add(said_);
    if (!all.empty() || !question_.is_batch || !is_success(raw_.status)) return all;
    for (const RecordWord& word : words()) {
      if (word.says == RecordWord::Says::refused) add(Said(raw_, *word.part, word.status));
    }
    return all;
  }

  std::vector<CallAnswer> run() const {
    std::vector<CallAnswer> answers = judged();
    const auto& usage = question_.target.usage;
    if (!usage.empty() && raw_.failure.empty()) answers[0].budgets = budgets_said(usage, said_, now_wall_ms_);
    return answers;
  }

 private:
  std::vector<CallAnswer> judged() const {
    if (!raw_.failure.empty()) return for_all(unanswered());
    if (const auto verdict = verdict_of_request_lists()) return for_all(*verdict);
    const AnswerPlan* plan = fitting_rule(question_.target, question_.kind, said_);
    if (plan == nullptr && !is_success(raw_.status)) return for_all(default_refusal(said_));
    const AnswerClass answer_class = plan == nullptr ? AnswerClass::delivered : plan->rule.answer_class;
    if (answer_class == AnswerClass::delivered) return taken();
    return for_all(by_rule(*plan, said_));
  }

  /// One answer for each record, also where the request spoke of all at once: the loop settles them one by one.
  std::vector<CallAnswer> for_all(const DeliveryOutcome& outcome) const {
    CallAnswer answer;
    answer.outcome = outcome;
    answer.status = raw_.status;
    answer.answer = kept_text(raw_.body, answer_kept_bytes);
    answer.any_byte_sent = raw_.request_begun;
    answer.duration_ms = raw_.duration_ms;
    answer.of_this_record = !question_.is_batch;
    return for_each_record(answer, question_.records);
  }

  /// Not a byte left: it was surely not applied, whatever kind of call it is.
  DeliveryOutcome unanswered() const {
    std::string reason = kept_text(raw_.failure, reason_body_bytes);
    if (!raw_.request_begun) return RetryLater{.reason = std::move(reason)};
    return lost(std::move(reason));
  }

  DeliveryOutcome lost(std::string reason) const {
    if (may_repeat(question_)) return RetryLater{.reason = std::move(reason)};
    return Uncertain{.reason = std::move(reason)};
  }

  /// With what the rule tells a person, and what was said of the record itself where it was.
  std::string reason(const Said& said, const std::string& meaning) const {
    std::string text = meaning.empty() ? "" : meaning + ": ";
    if (&said == &said_) return text + reason();
    return text + "refused in the batch: " + kept_text(said.text(), record_reason_bytes);
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

  /// Before the rules: what a request says of its own statuses goes before what the target says of all. Not in a batch,
  /// where one status stands for many records.
  std::optional<DeliveryOutcome> verdict_of_request_lists() const {
    if (call() == nullptr) return std::nullopt;
    const RequestPlan& request = call()->request;
    if (contains(request.gone, raw_.status) || contains(request.absent, raw_.status)) return Delivered{};
    return std::nullopt;
  }

  DeliveryOutcome by_rule(const AnswerPlan& plan, const Said& said) const {
    const std::string why = reason(said, plan.rule.reason);
    switch (plan.rule.answer_class) {
      case AnswerClass::duplicate:
        return Duplicate{.remote_id = remote_id_in(said)};
      case AnswerClass::partial:
        return Partial{.reason = why, .refused = {}, .remote_id = remote_id_in(said)};
      case AnswerClass::retry:
        return retry(plan.after, said, why);
      case AnswerClass::throttled:
        return throttled(plan, said, why);
      case AnswerClass::missing:
        return Permanent{.reason = why, .missing = true};
      case AnswerClass::exists:
        return Permanent{.reason = why, .exists = true};
      case AnswerClass::auth:
        return Permanent{.reason = why, .auth = true};
      case AnswerClass::window_closed:
        return Permanent{.reason = why, .window_closed = true};
      case AnswerClass::uncertain:
        return may_repeat(question_) ? retry(plan.after, said, why) : lost(why);
      case AnswerClass::permanent:
        return Permanent{.reason = why, .missing = says_missing(said.status())};
      case AnswerClass::delivered:
        break;
    }
    return Delivered{.remote_id = remote_id_in(said)};
  }

  DeliveryOutcome retry(const AfterPlan& after, const Said& said, std::string why) const {
    return RetryLater{.reason = std::move(why),
                      .after_ms = wait_ms_said(after, said, now_wall_ms_),
                      .throttled = said.status() == 429};
  }

  DeliveryOutcome throttled(const AnswerPlan& plan, const Said& said, std::string why) const {
    return RetryLater{.reason = std::move(why),
                      .after_ms = wait_ms_said(plan.after, said, now_wall_ms_),
                      .throttled = true,
                      .budget = plan.rule.budget};
  }

  bool says_missing(int status) const {
    const bool addresses_one =
        question_.kind != CallKind::create && question_.kind != CallKind::upsert && question_.kind != CallKind::find;
    return addresses_one && (status == 404 || status == 410);
  }

  /// What HTTP itself says of a status; of a record without one, that it was refused.
  DeliveryOutcome default_refusal(const Said& said) const {
    static const AfterPlan as_http_says;
    const int status = said.status();
    const std::string why = reason(said, {});
    if (status == 408 || status == 425 || status == 429) return retry(as_http_says, said, why);
    if (status == 401) return Permanent{.reason = why, .auth = true};
    // Redirects among them: the same request would be answered the same way.
    if (status < 500) return Permanent{.reason = why, .missing = says_missing(status)};
    // What a safe call asked for can simply be asked again, at the time the target names.
    if (may_repeat(question_)) return retry(as_http_says, said, why);
    return lost(why);
  }

  std::optional<std::string> remote_id_in(const Said& said) const {
    return &said == &said_ ? remote_id() : std::nullopt;
  }

  std::optional<std::string> remote_id() const {
    if (call() == nullptr || call()->id.empty()) return std::nullopt;
    const json::value* answer = said_.document();
    std::string id = answer != nullptr ? scalar_text(call()->id.first(*answer)) : std::string();
    return id.empty() ? std::nullopt : std::optional(std::move(id));
  }

  std::vector<CallAnswer> taken() const {
    if (job_ != nullptr) {
      auto answers = job_begun(question_, *job_, said_, for_all(Delivered{}).front(), now_wall_ms_);
      return answers.empty() ? for_all(lost("the answer names no job: " + reason())) : answers;
    }
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
    // An upsert may keep its id to itself: the match value addresses the record, or a look-up tells it later.
    const bool must_tell = question_.kind == CallKind::create && call() != nullptr && !call()->id.empty();
    if (must_tell && !id) return for_all(lost("the answer does not tell the new record's id: " + reason()));
    return for_all(Delivered{.remote_id = id});
  }

  /// Of calls that only read, so asking again does no harm.
  std::vector<CallAnswer> unreadable() const {
    return for_all(RetryLater{.reason = "the answer is not what was asked for: " + reason()});
  }

  /// `where` of a find: a search may find more than it was asked for.
  using Wanted = std::vector<std::pair<JsonPath, std::string>>;
  Wanted wanted() const {
    Wanted wanted;
    if (question_.object.found_where.empty()) return wanted;
    const json::value expected = json::parse(question_.expect);
    for (const auto& one : expected.at("where").as_object()) {
      wanted.emplace_back(JsonPath(std::string(one.key())), std::string(one.value().as_string()));
    }
    return wanted;
  }

  static bool fits(const json::value& item, const Wanted& wanted) {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const auto& one) { return scalar_text(one.first.first(item)) == one.second; });
  }

  std::vector<CallAnswer> found() const {
    const json::value* answer = said_.document();
    const json::value* items = answer != nullptr ? question_.object.found_items.first(*answer) : nullptr;
    if (items == nullptr) return unreadable();
    auto answers = for_all(Delivered{});
    const Wanted where = wanted();
    std::vector<std::string>& ids = answers[0].found;
    const std::size_t listed = items->is_array() ? items->get_array().size() : items->is_null() ? 0 : 1;
    for (std::size_t i = 0; i < listed && ids.size() < found_max; ++i) {
      const json::value& item = items->is_array() ? items->get_array()[i] : *items;
      if (!fits(item, where)) continue;
      std::string id = scalar_text(question_.object.found_id.first(item));
      // A record without a readable id is not "no record": creating another would double it.
      if (id.empty()) return unreadable();
      ids.push_back(std::move(id));
    }
    if (question_.object.first_found_only && ids.size() > 1) ids.resize(1);
    return answers;
  }

  std::vector<CallAnswer> read_back() const {
    const json::value* answer = said_.document();
    if (answer == nullptr || !answer->is_object()) return unreadable();
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

  /// A marker holds nothing that JSON would escape, so the text itself is searched, wherever a history keeps its
  /// comments.
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
    if (said_.document() == nullptr) return for_all(lost("the answer is not JSON: " + reason()));
    // Whoever is not spoken of may have been taken.
    auto answers = for_all(lost("the answer does not account for this record"));
    const std::vector<RecordWord> all = words();
    for (std::size_t i = 0; i < std::min(all.size(), answers.size()); ++i) {
      if (all[i].says == RecordWord::Says::nothing) continue;
      answers[i].outcome = outcome_of(all[i]);
      answers[i].of_this_record = true;
      if (i > 0 && all[i].part != nullptr) answers[i].answer = kept_text(json::serialize(*all[i].part), record_answer_bytes);
    }
    return answers;
  }

  std::vector<RecordWord> words() const {
    const json::value* answer = said_.document();
    if (answer == nullptr) return {};
    return words_about_records(question_.object.batch.at(question_.kind), question_.expect, *answer);
  }

  DeliveryOutcome outcome_of(const RecordWord& word) const {
    if (word.says == RecordWord::Says::taken) return Delivered{.remote_id = word.remote_id};
    const Said said(raw_, *word.part, word.status);
    const AnswerPlan* plan = fitting_rule(question_.target, question_.kind, said);
    return plan == nullptr ? default_refusal(said) : by_rule(*plan, said);
  }

  const Question& question_;
  const RawAnswer& raw_;
  const Said said_;
  const std::int64_t now_wall_ms_;
  const JobPlan* const job_;  ///< that the answer may have begun
};

}  // namespace

bool may_repeat(const Question& question) {
  const CallTraits& traits = question.object.traits.of(question.kind);
  return traits.native_upsert || traits.repeat_safe;
}

std::vector<const AnswerRule*> deciding_rules(const Question& question, const RawAnswer& raw) {
  return Judging(question, raw, 0, nullptr).rules();
}

std::vector<CallAnswer> judge(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms) {
  if (question.kind == CallKind::poll) return judge_poll(question, raw, now_wall_ms);
  return Judging(question, raw, now_wall_ms, job_of(question)).run();
}

std::vector<CallAnswer> judge_ended(const Question& question, const RawAnswer& raw, std::int64_t now_wall_ms) {
  return Judging(question, raw, now_wall_ms, nullptr).run();
}

}  // namespace connectors::http
