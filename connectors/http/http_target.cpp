#include "connectors/http/http_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "connectors/http/answer/judge.h"
#include "connectors/http/auth/entered_call.h"
#include "connectors/http/auth/entrance.h"
#include "connectors/http/find_in_pages.h"
#include "connectors/http/plan.h"
#include "connectors/http/prepare.h"
#include "connectors/http/request/prepared_request.h"
#include "connectors/http/wire/curl_loop.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"

namespace connectors::http {

using engine::model::Call;
using engine::model::ObjectTraits;
using engine::model::PreparedCall;
using namespace engine::settings;

namespace {

constexpr std::int64_t connect_timeout_ms_max = 10'000;

/// Without the slash at its end: each path begins with one.
std::string base_url_of(const TargetConnection& connection) {
  const std::string& url = connection.url;
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    throw engine::Error(
        engine::ErrorCode::config_invalid,
        fmt::format("the connection '{}' needs a url that begins with http:// or https://", connection.name),
        {{"file", connection.origin.text()}});
  }
  if (url.find_first_of(" ?#") != std::string::npos) {
    throw engine::Error(
        engine::ErrorCode::config_invalid,
        fmt::format("the url of the connection '{}' ends before '?' and '#': paths stand behind it", connection.name),
        {{"file", connection.origin.text()}});
  }
  return url.substr(0, url.find_last_not_of('/') + 1);
}

/// What is the same for every request of the connection. Headers of answers are kept only where some rule reads them.
WireOptions wire_options(const TargetConnection& connection) {
  WireOptions options;
  options.headers = fixed_headers(connection.auth);
  options.headers.emplace_back("Accept: application/json");
  std::set<std::string> wanted{"Retry-After", "Location", "Link"};
  for (const AnswerRule& rule : connection.target.answers) {
    for (const std::string& name : {rule.after.value.header, rule.header.place}) {
      if (!name.empty()) wanted.insert(name);
    }
  }
  for (const UsageRule& rule : connection.limits.learn) {
    for (const AnswerValue* value : values_of(rule)) {
      if (!value->header.empty()) wanted.insert(value->header);
    }
  }
  options.wanted_headers.assign(wanted.begin(), wanted.end());
  options.ca = connection.tls.ca;
  options.certificate = connection.tls.certificate;
  options.key = connection.tls.key;
  options.proxy = connection.proxy;
  options.timeout_ms = connection.timeout_ms;
  options.connect_timeout_ms = std::min(connection.timeout_ms, connect_timeout_ms_max);
  options.in_flight_max = static_cast<std::size_t>(std::max(1, connection.limits.requests_at_once()));
  return options;
}

/// `prepare` needs no lock: the plan never changes. All that changes is behind the wire and the keeper.
class HttpTarget : public engine::model::Target {
 public:
  HttpTarget(const TargetConnection& connection, const MakeWire& make_wire, const engine::Clock& clock)
      : plan_(connection),
        base_url_(base_url_of(connection)),
        sign_(connection.sign),
        clock_(clock),
        pass_(fixed_pass(connection, plan_)),
        wire_(make_wire ? make_wire(wire_options(connection)) : std::make_unique<CurlLoop>(wire_options(connection))),
        keeper_(make_pass_keeper(connection, plan_, base_url_, *wire_, clock)) {
    if (sign_ && sign_->algorithm != "hmac-sha256") {
      throw engine::Error(engine::ErrorCode::config_invalid,
                          fmt::format("'{}' is not a signature algorithm: hmac-sha256", sign_->algorithm),
                          {{"file", connection.origin.text()}});
    }
  }
  ~HttpTarget() override { stop(); }

  void ping(std::function<void()> answered) override { wire_->ping(std::move(answered)); }

  const ObjectTraits& traits(std::string_view object) const override { return plan_.of(object).traits; }

  PreparedCall prepare(std::span<const Call> calls) const override { return prepare_calls(plan_, calls); }

  void send(const PreparedCall& call, Answered answered) override {
    const auto* ready = dynamic_cast<const ReadyHttpRequest*>(call.ready.get());
    const PreparedRequest frozen = ready != nullptr ? PreparedRequest{} : thawed(call.request);
    const PreparedRequest& request = ready != nullptr ? ready->request : frozen;
    const ObjectPlan& object = plan_.of(call.object);
    if (!object.traits.has(call.kind)) {
      throw engine::Error(
          engine::ErrorCode::config_invalid,
          fmt::format("the target '{}' no longer offers '{}' on '{}'", plan_.name, name_of(call.kind), call.object));
    }
    // A request from the journal says by what it kept whether it was a batch: the number of records does not, since a
    // batch may hold one.
    const bool is_batch = request.expect.starts_with(R"({"records")");
    Exchange exchange;
    exchange.method = request.method;
    exchange.url = base_url_ + request.url;
    exchange.headers.reserve(request.headers.size() + 2);  // a pass and a signature may join them
    for (const auto& [name, value] : request.headers) {
      std::string& line = exchange.headers.emplace_back();
      line.reserve(name.size() + value.size() + 2);
      line.append(name).append(": ").append(value);
    }
    exchange.body = request.body;
    exchange.may_repeat = may_repeat({plan_, object, call.kind, call.records, is_batch, request.expect});
    Dispatched one;
    one.exchange = std::move(exchange);
    one.records = call.records;
    // The exchange ends before this target does: `stop` answers whatever is under way.
    one.judge = [this, &object, name = call.object, kind = call.kind, records = call.records, is_batch,
                 expect = request.expect](const RawAnswer& raw) {
      return judge({plan_, object, kind, records, is_batch, expect, name}, raw, clock_.wall_ms());
    };
    one.answered = std::move(answered);
    if (call.kind == engine::model::CallKind::find && object.pages.any()) {
      return find_in_pages(std::move(one), object, [this](Dispatched page) { dispatch(std::move(page)); });
    }
    dispatch(std::move(one));
  }

  void stop() override { wire_->stop(); }

 private:
  /// Credentials join here and nowhere earlier: what was frozen holds none.
  void dispatch(Dispatched one) {
    if (keeper_) {
      return send_entered(*keeper_, *wire_,
                          {.exchange = std::move(one.exchange), .records = one.records, .judge = std::move(one.judge),
                           .sign = [this](Exchange& ready) { sign(ready); }, .answered = std::move(one.answered)});
    }
    Exchange exchange = std::move(one.exchange);
    if (pass_) join(*pass_, exchange);
    sign(exchange);
    exchange.answered = [judged = std::move(one.judge), answered = std::move(one.answered)](const RawAnswer& raw) {
      answered(judged(raw));
    };
    wire_->submit(std::move(exchange));
  }

  /// The signature covers the bytes that are sent: what joins the body has joined it.
  void sign(Exchange& exchange) const {
    if (!sign_) return;
    exchange.headers.push_back(sign_->header + ": " + sign_->prefix +
                               engine::hex(engine::hmac_sha256(sign_->secret.reveal(), exchange.body)));
  }

  const TargetPlan plan_;
  const std::string base_url_;
  const std::optional<SignRule> sign_;
  const engine::Clock& clock_;
  const std::shared_ptr<const Pass> pass_;  ///< null where a header says all, or a login is needed
  const std::unique_ptr<Wire> wire_;
  const std::unique_ptr<PassKeeper> keeper_;  ///< null where there is no login
};

}  // namespace

std::unique_ptr<engine::model::Target> make_http_target(const TargetConnection& connection, const MakeWire& make_wire,
                                                        const engine::Clock& clock) {
  return std::make_unique<HttpTarget>(connection, make_wire, clock);
}

TargetConnection without_credentials(TargetConnection connection) {
  connection.auth = NoAuth{};
  return connection;
}

}  // namespace connectors::http
