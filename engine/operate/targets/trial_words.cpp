#include "engine/operate/targets/trial_words.h"

#include <fmt/format.h>

#include "connectors/http/answer/judge.h"
#include "engine/operate/targets/source_text.h"

namespace engine::operate {

using model::CallKind;

namespace {

constexpr const char* dead_letter = "a dead letter: kept for a person (datapicker dead-letters)";

std::string seconds(std::int64_t ms) { return fmt::format("{:g} s", static_cast<double>(ms) / 1'000); }

std::string rule_text(const ShelvedTarget& target, const settings::Origin& origin) {
  const settings::YamlNode* answers = target.root ? target.root->find("answers") : nullptr;
  if (answers == nullptr) return {};
  for (const settings::YamlNode& rule : answers->items()) {
    if (rule.origin().line == origin.line) return ", " + on_one_line(rule);
  }
  return {};
}

/// One outcome of one call on its way through the daemon's rules.
class Following {
 public:
  Following(const model::Call& call, const model::ObjectTraits& traits, const model::CallAnswer& answer)
      : call_(call), traits_(traits), answer_(answer) {}

  std::string operator()(const model::Delivered&) const {
    if (call_.kind == CallKind::find) return after_find();
    if (only_reads(call_.kind)) return "what is there is compared with what was sent";
    if (is_removal(call_.kind)) return "the record counts as gone";
    const bool reads_back = traits_.has(call_.kind) && traits_.of(call_.kind).read_back == model::ReadBack::always;
    return reads_back ? "the record is read back, since the target takes things back behind a success"
                      : "the fields are kept, and next time only what differs is sent";
  }
  std::string operator()(const model::Duplicate&) const { return "it counts as delivered"; }
  std::string operator()(const model::Partial&) const {
    return "the record is read back where it can be, what is there is kept, and a dead letter names the refused fields";
  }
  std::string operator()(const model::RetryLater& later) const {
    const std::string when = later.after_ms ? fmt::format("again after {}", seconds(*later.after_ms)) : "again after 0.5 s, then at growing distances";
    return later.throttled ? when + "; until then the connection sends less" : when + ", for as long as it takes";
  }
  std::string operator()(const model::Permanent& refused) const {
    if (refused.auth) return "the whole connection waits until its credentials are renewed; nothing is lost";
    if (refused.window_closed) return "another form of the message is sent where the pipeline maps one; else it becomes a dead letter";
    if (refused.exists && call_.kind == CallKind::create) return "the record is looked for, and updated";
    if (refused.missing && is_removal(call_.kind)) return "the record counts as gone";
    if (refused.missing && call_.kind == CallKind::update) return "its id is forgotten, and the record is made anew";
    return dead_letter;
  }
  std::string operator()(const model::Accepted& accepted) const {
    return fmt::format("it is asked after {} how the job goes, until it ends", seconds(accepted.after_ms));
  }
  std::string operator()(const model::Uncertain&) const {
    if (only_reads(call_.kind)) return "asked again";
    const bool addresses = call_.remote_id && call_.kind != CallKind::create && call_.kind != CallKind::comment;
    if (addresses) return "sent again as it is: to say the same twice of one known record has one effect";
    const bool can_look = call_.kind == CallKind::comment ? traits_.has(CallKind::find_comment)
                                                         : call_.kind == CallKind::create && traits_.has(CallKind::find);
    if (!can_look) return "never sent again by itself: it stays uncertain until the target's own report or a person says what became of it";
    return fmt::format("looked for after {}, and a second time; found, it is delivered; absent, it is sent again under its key",
                       seconds(traits_.consistent_after_ms));
  }

 private:
  std::string after_find() const {
    if (answer_.found.empty()) return "there is no such record: it is created";
    if (answer_.found.size() == 1) return "the record is there: it is addressed by this id from now on";
    return fmt::format("more than one record has this match value: {}", dead_letter);
  }

  const model::Call& call_;
  const model::ObjectTraits& traits_;
  const model::CallAnswer& answer_;
};

}  // namespace

/// Finer than the outcome's name: what a rule would have to say for it.
std::string word_of(const model::DeliveryOutcome& outcome) {
  if (const auto* later = std::get_if<model::RetryLater>(&outcome)) return later->throttled ? "throttled" : "retry";
  if (const auto* refused = std::get_if<model::Permanent>(&outcome)) {
    if (refused->auth) return "auth";
    if (refused->window_closed) return "window_closed";
    if (refused->exists) return "exists";
    return refused->missing ? "missing" : "permanent";
  }
  return std::string(model::name_of(outcome));
}

std::string reason_of(const model::DeliveryOutcome& outcome) {
  return std::visit(
      [](const auto& kind) -> std::string {
        if constexpr (requires { kind.reason; }) return kind.reason;
        return {};
      },
      outcome);
}

/// Rules are silent where the request's own `gone` and `absent` have spoken before them.
std::string who_decided(const DecidedAnswer& decided) {
  using connectors::http::Question;
  if (!decided.raw.failure.empty()) return "no whole answer came";
  const auto& object = decided.plan.of(decided.call.object);
  const bool is_batch = !object.calls.contains(decided.call.kind);
  const Question question{decided.plan, object, decided.call.kind, 1, is_batch, decided.expect};
  if (const auto rules = deciding_rules(question, decided.raw); !rules.empty()) {
    return rules.front()->origin.text() + rule_text(decided.target, rules.front()->origin);
  }
  if (!is_batch) {
    const auto& request = object.calls.at(decided.call.kind).request;
    for (const auto& [name, statuses] : {std::pair("gone", &request.gone), std::pair("absent", &request.absent)}) {
      for (const int status : *statuses) {
        if (status == decided.raw.status) return fmt::format("`{}: {}` of the request", name, status);
      }
    }
  }
  const bool is_success = decided.raw.status >= 200 && decided.raw.status < 300;
  const bool is_taken = std::holds_alternative<model::Delivered>(decided.answer.outcome);
  if (is_success && !is_taken) return fmt::format("status {}, but what the answer tells is not what was asked for", decided.raw.status);
  return fmt::format("no rule of the definition: what HTTP says of {}", decided.raw.status);
}

std::string what_follows(const model::Call& call, const model::ObjectTraits& traits, const model::CallAnswer& answer) {
  return std::visit(Following(call, traits, answer), answer.outcome);
}

}  // namespace engine::operate
