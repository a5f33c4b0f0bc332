#include "connectors/http/auth/session_login.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <set>

#include "connectors/http/answer/answer_json.h"
#include "connectors/http/answer/answer_text.h"
#include "connectors/http/auth/oauth2_request.h"
#include "connectors/http/prepare.h"
#include "connectors/http/request/prepared_request.h"
#include "engine/base/text/base64.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace connectors::http {

namespace json = boost::json;
using engine::model::FieldScalar;
using namespace engine::settings;
using Done = std::function<void(LoginResult)>;
using Place = TextTemplate::Place;

namespace {

constexpr std::size_t reason_body_bytes = 300;

/// A value that is made of others before a request needs it, such as a digest of a password.
struct Derived {
  DerivedValue::Form form;
  TextTemplate text;
};

/// One request of the login, and what it takes from the answer.
struct Step {
  RequestPlan request;
  std::map<std::string, JsonPath> keep;
};

/// One run of the login.
struct Run {
  AuthValues values;
  std::vector<engine::PassingSecret> secrets;
  Done done;
};

/// Requests of logins are templates over {auth.name} alone.
CallValues values_of(const AuthValues& auth) {
  static const engine::model::Call none;
  return {none, none.fields, none.changed_fields, {}, &auth};
}

std::string made(DerivedValue::Form form, const std::string& text) {
  switch (form) {
    case DerivedValue::Form::base64:
      return engine::base64(text);
    case DerivedValue::Form::md5:
      return engine::md5_hex(text);
    case DerivedValue::Form::sha256:
      return engine::sha256_hex(text);
    case DerivedValue::Form::text:
      break;
  }
  return text;
}

/// A text or a number; anything else (Odoo answers `false`) is no value.
std::optional<FieldScalar> kept_value(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_string() && !value->get_string().empty()) return FieldScalar(std::string(value->get_string()));
  if (value->is_number()) return FieldScalar(engine::model::NumberText{scalar_text(value)});
  return std::nullopt;
}

/// Carries out what the definition says. Read once; each run has values of its own.
class SessionLogin final : public Login {
 public:
  SessionLogin(const TargetConnection& connection, const CredentialsAuth& auth, std::string base_url, const TargetPlan& plan)
      : definition_(connection.target.auth), base_url_(std::move(base_url)), plan_(plan) {
    for (const auto& [name, value] : auth.shown) credentials_.emplace(name, value);
    for (const auto& [name, value] : auth.secret) credentials_.emplace(name, value.reveal());
    for (const auto& [name, value] : credentials_) known_.insert(name);
    for (const auto& [name, kind] : definition_.credentials) {
      if (!credentials_.contains(name)) left_out_.insert(name);
    }
    read_derived();
    for (const LoginRequest& login : definition_.login) read_step(login);
    demand_all_derived();
    headers_ = templates(definition_.headers, Place::header);
    query_ = templates(definition_.query, Place::query);
  }

  void run(Wire& wire, std::shared_ptr<const Pass>, Done done) override {
    auto run = std::make_shared<Run>();
    run->values = credentials_;
    run->done = std::move(done);
    next(wire, 0, run);
  }

 private:
  // What the definition says, checked while it is read: `known_` grows as the values do.

  /// What is made of a credential that was left out is left out, too.
  void read_derived() {
    for (const auto& [name, derived] : definition_.derive) {
      Derived own{derived.form, TextTemplate(derived.text, Place::plain, definition_.origin)};
      const auto names = own.text.auth_names();
      const bool needs_absent = std::any_of(names.begin(), names.end(), [&](const auto& each) { return left_out_.contains(each); });
      if (needs_absent) {
        left_out_.insert(name);
      } else {
        derived_.emplace(name, std::move(own));
      }
    }
    know_derived();
  }

  void know_derived() {
    // Each pass knows at least one more, or nothing follows any more.
    for (bool grew = true; std::exchange(grew, false);) {
      for (const auto& [name, derived] : derived_) {
        const auto names = derived.text.auth_names();
        const bool can = std::all_of(names.begin(), names.end(), [&](const auto& each) { return known_.contains(each); });
        if (can) grew = known_.insert(name).second || grew;
      }
    }
  }

  void demand_all_derived() const {
    for (const auto& [name, derived] : derived_) {
      if (!known_.contains(name)) demand(derived.text.auth_names(), definition_.origin);
    }
  }

  void demand(const std::vector<std::string>& names, const Origin& origin) const {
    for (const std::string& name : names) {
      if (!known_.contains(name)) refuse_template(fmt::format("nothing gives {{auth.{}}} here", name), origin);
    }
  }

  bool is_left_out(const std::string& text) const {
    const auto names = TextTemplate(text, Place::plain, definition_.origin).auth_names();
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return left_out_.contains(name); });
  }

  void read_step(const LoginRequest& login) {
    RequestTemplate request = login.request;
    std::erase_if(request.headers, [&](const auto& each) { return is_left_out(each.second); });
    std::erase_if(request.query, [&](const auto& each) { return is_left_out(each.second); });
    Step step{RequestPlan(request, RequestPlan::Of::login), {}};
    demand(step.request.auth_names(), request.origin);
    for (const auto& [name, pointer] : login.keep) {
      step.keep.emplace(name, JsonPath(pointer));
      known_.insert(name);
    }
    steps_.push_back(std::move(step));
    know_derived();
  }

  std::vector<std::pair<std::string, TextTemplate>> templates(const std::map<std::string, std::string>& texts, Place place) const {
    std::vector<std::pair<std::string, TextTemplate>> all;
    for (const auto& [name, text] : texts) {
      if (is_left_out(text)) continue;
      TextTemplate own(text, place, definition_.origin);
      demand(own.auth_names(), definition_.origin);
      all.emplace_back(name, std::move(own));
    }
    return all;
  }

  // The login itself.

  /// Each request goes out when the one before it was answered, on the wire's thread.
  void next(Wire& wire, std::size_t at, const std::shared_ptr<Run>& run) {
    try {
      derive(*run);
      if (at == steps_.size()) return run->done(granted(*run));
      Exchange exchange = exchange_of(steps_[at], *run);
      exchange.answered = [this, &wire, at, run](const RawAnswer& raw) {
        if (auto failure = failure_of(steps_[at], raw, *run)) return run->done(*std::move(failure));
        next(wire, at + 1, run);
      };
      wire.submit(std::move(exchange));
    } catch (const engine::Error& problem) {
      run->done(NotGranted{.reason = std::string("the login cannot be made: ") + problem.what(), .refused = true});
    }
  }

  /// Again after each request: what it kept may be needed to derive more.
  void derive(Run& run) const {
    for (std::size_t pass = 0; pass < derived_.size(); ++pass) {
      for (const auto& [name, derived] : derived_) {
        const auto names = derived.text.auth_names();
        const bool can = std::all_of(names.begin(), names.end(), [&](const auto& each) { return run.values.contains(each); });
        if (!can || run.values.contains(name)) continue;
        std::string value = made(derived.form, derived.text.render(values_of(run.values)));
        // A digest of a password opens the door as the password does: it is masked, too.
        run.secrets.emplace_back(value);
        run.values.emplace(name, std::move(value));
      }
    }
  }

  Exchange exchange_of(const Step& step, const Run& run) const {
    PreparedRequest request = prepare_login(plan_, step.request, values_of(run.values));
    Exchange exchange;
    exchange.method = std::move(request.method);
    exchange.url = base_url_ + request.url;
    for (const auto& [name, value] : request.headers) exchange.headers.push_back(name + ": " + value);
    exchange.body = std::move(request.body);
    // A login writes no record.
    exchange.may_repeat = true;
    return exchange;
  }

  /// Takes what is to be kept from the answer, else says why the login ends here.
  std::optional<NotGranted> failure_of(const Step& step, const RawAnswer& raw, Run& run) const {
    if (auto later = answered_later(raw, "the login")) return later;
    const bool is_success = raw.status >= 200 && raw.status < 300;
    boost::system::error_code error;
    const json::value answer = parsed_answer(raw.body, error);
    if (is_success && error) {
      return NotGranted{.reason = fmt::format("the login got status {} and no JSON: is the url right?", raw.status), .status = raw.status};
    }
    for (const auto& [name, path] : step.keep) {
      const auto value = is_success ? kept_value(path.first(answer)) : std::nullopt;
      if (!value) {
        const std::string body = kept_text(raw.body, reason_body_bytes);
        return NotGranted{.reason = fmt::format("the login is refused: status {}{}{}", raw.status, body.empty() ? "" : ": ", body),
                          .refused = true, .status = raw.status};
      }
      if (const auto* text = std::get_if<std::string>(&*value)) run.secrets.emplace_back(*text);
      run.values.insert_or_assign(name, *value);
    }
    return std::nullopt;
  }

  /// The pass keeps the secrets: they are masked for as long as somebody uses it.
  Granted granted(Run& run) const {
    auto pass = std::make_shared<Pass>();
    for (const auto& [name, text] : headers_) pass->headers.push_back(name + ": " + text.render(values_of(run.values)));
    for (const auto& [name, text] : query_) {
      if (!pass->query.empty()) pass->query += '&';
      append_percent_encoded(name, pass->query);
      pass->query.append(1, '=').append(text.render(values_of(run.values)));
    }
    pass->values = std::move(run.values);
    pass->secrets = std::move(run.secrets);
    const auto life_ms = definition_.life_ms > 0 ? std::optional(definition_.life_ms) : std::nullopt;
    return {std::move(pass), life_ms};
  }

  const AuthDefinition definition_;
  const std::string base_url_;
  const TargetPlan& plan_;
  AuthValues credentials_;
  std::set<std::string> known_;     ///< names that have a value at this point of reading
  std::set<std::string> left_out_;  ///< optional credentials that were not given, and what is made of them
  std::map<std::string, Derived> derived_;
  std::vector<Step> steps_;
  std::vector<std::pair<std::string, TextTemplate>> headers_;
  std::vector<std::pair<std::string, TextTemplate>> query_;
};

}  // namespace

std::unique_ptr<Login> make_session_login(const TargetConnection& connection, const CredentialsAuth& auth,
                                          const std::string& base_url, const TargetPlan& plan) {
  return std::make_unique<SessionLogin>(connection, auth, base_url, plan);
}

}  // namespace connectors::http
