#include "engine/operate/targets/trial.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <future>
#include <random>

#include "connectors/catalog/catalog.h"
#include "connectors/http/http_target.h"
#include "connectors/http/request/prepared_request.h"
#include "engine/base/secret.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/targets/trial_wire.h"
#include "engine/operate/targets/trial_words.h"

namespace engine::operate {

namespace json = boost::json;
using connectors::http::RawAnswer;
using model::Call;
using model::CallKind;

namespace {

/// What is put where an id will stand that only a look-up or a create tells.
constexpr const char* unknown_id = "REMOTE-ID";

bool needs_remote_id(CallKind kind) { return !only_reads(kind) && kind != CallKind::create && kind != CallKind::upsert; }

std::string new_key() {
  std::random_device random;
  return fmt::format("try-{:08x}{:08x}", random(), random());
}

/// A read-back tells a value as it was sent where the target's own form of it means the same.
std::vector<std::string> other_fields(const model::FieldMap& sent, const model::FieldMap& there) {
  std::vector<std::string> names;
  for (const auto& [name, value] : sent) {
    const auto held = there.find(name);
    if (held == there.end() || held->second != value) names.push_back(name);
  }
  return names;
}

bool is_fixed(const std::string& header) {
  return header.starts_with("Accept:");
}

/// A name may be a connection's, or that of a definition which one connection alone uses.
std::string connection_named(const settings::Instance& instance, const std::string& name) {
  if (instance.targets.contains(name)) return name;
  std::vector<std::string> users;
  std::vector<std::string> all;
  for (const auto& [connection, definition] : instance.targets) {
    all.push_back(connection);
    if (definition.target.name == name) users.push_back(connection);
  }
  if (users.size() == 1) return users.front();
  if (users.size() > 1) {
    throw Error(ErrorCode::config_invalid, fmt::format("several connections use '{}'", name), {}, "name one: " + settings::listed(users));
  }
  throw Error(ErrorCode::config_invalid, fmt::format("there is no connection to a target '{}'", name), {},
              settings::did_you_mean(name, all, all.empty() ? "write one into connections/" : "there is " + settings::listed(all, "and")));
}

/// The connection, as far as it can be used itself: the rest of the instance may still be unfinished.
settings::TargetConnection usable_connection(const TrialOptions& options) {
  settings::Diagnostics diagnostics;
  const settings::InstancePlace& place = options.instance;
  if (!std::filesystem::is_directory(place.path)) load_valid_instance(place, false);
  const settings::Instance instance =
      settings::load_instance(place, settings::find_catalogues(), {.resolve_secrets = !options.dry_run}, diagnostics);
  if (instance.targets.empty() && !diagnostics.ok()) throw InvalidConfiguration(std::move(diagnostics));
  settings::TargetConnection connection = instance.targets.at(connection_named(instance, options.target));
  settings::Diagnostics own;
  for (const settings::Diagnostic& problem : diagnostics.all()) {
    const bool is_ours = problem.origin.file == connection.origin.file || problem.origin.file == connection.target.origin.file;
    if (is_ours && problem.level == settings::Diagnostic::Level::error) own.error(problem.code, problem.origin, problem.message, problem.suggestion);
  }
  if (!own.ok()) throw InvalidConfiguration(std::move(own));
  return connection;
}

/// One trial. The target is the daemon's own, but nothing is journaled and nothing repeated.
class Trying {
 public:
  Trying(const TrialOptions& options, const TrialTalk& talk)
      : options_(options),
        talk_(talk),
        connection_(usable_connection(options)),
        shelved_(TargetShelf(options.instance).take(connection_.target.name)),
        ear_(std::make_shared<TrialEar>()) {
    if (connection_.dry_run) is_dry_ = true;
    if (shelved_.file.empty()) {
      target_ = connectors::catalog::make_target(connection_);
    } else {
      plan_.emplace(connection_);
      target_ = connectors::http::make_http_target(connection_, overheard_wire(ear_));
    }
    trial_ = {.connection = connection_.name, .target = connection_.target.name, .object = options.object};
  }
  ~Trying() { target_->stop(); }
  Trying(const Trying&) = delete;
  Trying& operator=(const Trying&) = delete;

  Trial run() {
    demand_object();
    const model::ObjectTraits& traits = target_->traits(options_.object);
    remote_id_ = options_.remote_id;
    const std::optional<CallKind> asked = options_.call;
    if (asked && !traits.has(*asked)) {
      throw Error(ErrorCode::config_invalid, fmt::format("the target '{}' offers no '{}' on '{}'", trial_.target, name_of(*asked), options_.object), {},
                  "it offers " + offered(traits));
    }
    const bool looks_first = !remote_id_ && traits.has(CallKind::find) && !options_.match.empty() &&
                             (asked ? needs_remote_id(*asked) : !traits.has(CallKind::upsert));
    if (looks_first && !look_up()) return std::move(trial_);
    for (const CallKind kind : asked ? std::vector{*asked} : daemons_choice(traits, looks_first)) {
      if (!step(kind)) return std::move(trial_);
    }
    return std::move(trial_);
  }

 private:
  void demand_object() const {
    const auto& objects = connection_.target.objects;
    if (objects.contains(options_.object) || objects.contains("*")) return;
    std::vector<std::string> names;
    for (const auto& [name, object] : objects) names.push_back(name);
    throw Error(ErrorCode::config_invalid, fmt::format("the target '{}' has no object '{}'", trial_.target, options_.object), {},
                settings::did_you_mean(options_.object, names, "it has " + settings::listed(names, "and")));
  }

  static std::string offered(const model::ObjectTraits& traits) {
    std::vector<std::string> names;
    for (const auto& [kind, call] : traits.calls) names.emplace_back(name_of(kind));
    return settings::listed(names, "and");
  }

  /// Upsert where there is one; else by what a look-up has found. A dry run shows both ways.
  std::vector<CallKind> daemons_choice(const model::ObjectTraits& traits, bool looked) const {
    if (traits.has(CallKind::upsert)) return {CallKind::upsert};
    std::vector<CallKind> ways;
    const bool both = is_dry_ && looked;
    if (traits.has(CallKind::create) && (both || !remote_id_)) ways.push_back(CallKind::create);
    if (traits.has(CallKind::update) && (both || remote_id_)) ways.push_back(CallKind::update);
    if (ways.empty()) {
      throw Error(ErrorCode::config_invalid, fmt::format("'{}' of '{}' offers no call for this", options_.object, trial_.target), {},
                  "it offers " + offered(traits));
    }
    return ways;
  }

  /// False: there is no going on.
  bool look_up() {
    if (!step(CallKind::find)) return false;
    if (is_dry_) return true;
    const TrialStep& found = trial_.steps.back();
    if (found.found.size() > 1) return trial_.ended_well = false;
    if (!found.found.empty()) remote_id_ = found.found.front();
    if (!remote_id_ && options_.call) return trial_.ended_well = false;
    return true;
  }

  Call call_of(CallKind kind) const {
    Call call{.kind = kind, .object = options_.object, .match = options_.match, .remote_id = remote_id_, .fields = redirected_fields()};
    if (is_dry_ && !call.remote_id && needs_remote_id(kind)) call.remote_id = unknown_id;
    call.changed_fields = call.fields;
    call.comment = options_.comment;
    call.marker = options_.comment;
    call.idempotency_key = key_;
    return call;
  }

  model::FieldMap redirected_fields() const {
    model::FieldMap fields = options_.fields;
    for (const auto& [name, value] : connection_.redirect) {
      if (const auto field = fields.find(name); field != fields.end()) field->second = value;
    }
    return fields;
  }

  /// False: there is no going on.
  bool step(CallKind kind) {
    const Call call = call_of(kind);
    const model::PreparedCall prepared = target_->prepare({&call, 1});
    TrialStep step = prepared_step(call, prepared);
    if (is_dry_) {
      step.next = "a dry run: nothing was sent";
    } else if (!only_reads(kind) && !talk_.may_send(step)) {
      trial_.refused = true;
    } else {
      send(call, prepared, step);
    }
    trial_.steps.push_back(step);
    if (talk_.shown) talk_.shown(step);
    if (is_dry_) return true;
    const bool is_good = step.outcome == "delivered" || step.outcome == "duplicate";
    if (!trial_.refused) trial_.ended_well = is_good;
    if (!is_good || trial_.refused) return false;
    if (only_reads(kind)) return true;
    if (!step.remote_id.empty()) remote_id_ = step.remote_id;
    const model::ObjectTraits& traits = target_->traits(options_.object);
    const bool reads_back = traits.of(kind).read_back == model::ReadBack::always && traits.has(CallKind::read_back);
    return !reads_back || this->step(CallKind::read_back);
  }

  /// The request as it was frozen; what joins it in `send` is known only afterwards.
  TrialStep prepared_step(const Call& call, const model::PreparedCall& prepared) const {
    TrialStep step{.call = call.kind};
    const json::value request = json::parse(prepared.request);
    const json::object* object = request.if_object();
    if (!plan_ || object == nullptr) {
      step.body = redact(prepared.request);
      return step;
    }
    step.method = std::string(object->at("method").as_string());
    step.url = redact(connection_.url + std::string(object->at("url").as_string()));
    for (const auto& header : object->at("headers").as_object()) {
      step.headers.push_back(redact(fmt::format("{}: {}", std::string_view(header.key()), std::string_view(header.value().as_string()))));
    }
    step.body = redact(std::string(object->at("body").as_string()));
    return step;
  }

  /// As they left, credentials among them and masked.
  std::vector<std::string> headers_of(const Overheard& passed) const {
    std::vector<std::string> all = ear_->headers;
    all.insert(all.end(), passed.exchange.headers.begin(), passed.exchange.headers.end());
    std::erase_if(all, is_fixed);
    for (std::string& header : all) header = redact(header);
    return all;
  }

  /// Waits for the answer: the target's time-outs end it.
  void send(const Call& call, const model::PreparedCall& prepared, TrialStep& step) {
    std::promise<model::CallAnswer> promised;
    std::future<model::CallAnswer> answered = promised.get_future();
    target_->send(prepared, [&promised](std::vector<model::CallAnswer> answers) { promised.set_value(std::move(answers.at(0))); });
    const model::CallAnswer answer = answered.get();
    const std::vector<Overheard> passed = ear_->take();
    step.sent = true;
    for (std::size_t i = 0; i + 1 < passed.size(); ++i) {
      const Overheard& other = passed[i];
      step.before.push_back(redact(fmt::format("{} {}: {}", other.exchange.method, other.exchange.url,
                                               other.answer.status > 0 ? std::to_string(other.answer.status) : other.answer.failure)));
    }
    if (!passed.empty()) step.headers = headers_of(passed.back());
    step.status = answer.status;
    step.answer = redact(answer.answer);
    step.duration_ms = answer.duration_ms;
    step.outcome = word_of(answer.outcome);
    step.reason = redact(reason_of(answer.outcome));
    step.found = answer.found;
    step.fields = answer.fields;
    std::visit(
        [&step](const auto& outcome) {
          if constexpr (requires { outcome.remote_id; }) step.remote_id = outcome.remote_id.value_or("");
        },
        answer.outcome);
    if (call.kind == CallKind::read_back) step.not_as_sent = other_fields(call.fields, answer.fields);
    if (!step.not_as_sent.empty()) step.outcome = "partial";
    const auto* ready = dynamic_cast<const connectors::http::ReadyHttpRequest*>(prepared.ready.get());
    if (ready != nullptr && !passed.empty()) {
      step.because = who_decided({*plan_, shelved_, call, ready->request.expect, passed.back().answer, answer});
    }
    step.next = what_follows(call, target_->traits(options_.object), answer);
    if (!step.not_as_sent.empty()) step.next = "what is there is kept, and a dead letter names the refused fields";
  }

  const TrialOptions& options_;
  const TrialTalk& talk_;
  const settings::TargetConnection connection_;
  const ShelvedTarget shelved_;
  const std::shared_ptr<TrialEar> ear_;
  const std::string key_ = new_key();
  bool is_dry_ = options_.dry_run;
  std::optional<connectors::http::TargetPlan> plan_;
  std::unique_ptr<model::Target> target_;
  std::optional<std::string> remote_id_;
  Trial trial_;
};

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& text : list) array.emplace_back(text);
  return array;
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

}  // namespace

Trial try_target(const TrialOptions& options, const TrialTalk& talk) { return Trying(options, talk).run(); }

json::value json_of(const Trial& trial) {
  json::array steps;
  for (const TrialStep& step : trial.steps) {
    steps.push_back(json::object{{"call", name_of(step.call)},
                                 {"method", text_or_null(step.method)},
                                 {"url", text_or_null(step.url)},
                                 {"headers", texts(step.headers)},
                                 {"body", step.body},
                                 {"before", texts(step.before)},
                                 {"sent", step.sent},
                                 {"status", step.status == 0 ? json::value(nullptr) : json::value(step.status)},
                                 {"answer", step.answer},
                                 {"duration_ms", step.duration_ms},
                                 {"outcome", text_or_null(step.outcome)},
                                 {"reason", step.reason},
                                 {"because", step.because},
                                 {"next", step.next},
                                 {"remote_id", text_or_null(step.remote_id)},
                                 {"found", texts(step.found)},
                                 {"fields", json::parse(model::fields_json(step.fields))},
                                 {"not_as_sent", texts(step.not_as_sent)}});
  }
  return json::object{{"connection", trial.connection}, {"target", trial.target}, {"object", trial.object},
                      {"steps", steps},                 {"ok", trial.ended_well}};
}

}  // namespace engine::operate
