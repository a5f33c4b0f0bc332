#include "connectors/http/auth/oauth2_login.h"

#include <utility>

#include "connectors/http/auth/oauth2_request.h"
#include "connectors/http/auth/token_file.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/text/header_text.h"

namespace connectors::http {

using engine::Error;
using engine::ErrorCode;
using engine::settings::OAuth2Auth;
using engine::settings::TargetConnection;
using Grant = engine::settings::OAuth2Protocol::Grant;
using Done = std::function<void(LoginResult)>;

namespace {

/// What is left of a kept token must be worth using: with less, a new one is fetched.
constexpr std::int64_t kept_life_ms_min = 60'000;

Granted granted(const std::string& access_token, std::optional<std::int64_t> life_ms) {
  auto pass = std::make_shared<Pass>();
  pass->secrets.emplace_back(access_token);
  pass->headers.push_back("Authorization: Bearer " + access_token);
  return {std::move(pass), life_ms};
}

NotGranted failed(const Error& problem) {
  const std::string hint = problem.hint().empty() ? "" : "; " + problem.hint();
  return {.reason = problem.what() + hint, .refused = problem.code() == ErrorCode::config_invalid};
}

std::optional<NotGranted> line_breaks_in(const std::string& token) {
  if (engine::is_header_value(token)) return std::nullopt;
  return NotGranted{.reason = "the access token holds a line break, or what else no header can hold"};
}

/// Grants that can be asked for again at any time: nothing has to be kept.
class PlainLogin final : public Login {
 public:
  PlainLogin(OAuth2Auth auth, std::string url, const engine::Clock& clock)
      : auth_(std::move(auth)), url_(std::move(url)), clock_(clock) {
    // A key that cannot sign is known before anything is sent.
    if (auth_.protocol.grant == Grant::jwt_bearer) token_request(auth_, url_, "", clock_.wall_ms());
  }

  void run(Wire& wire, std::shared_ptr<const Pass>, Done done) override {
    Exchange exchange = token_request(auth_, url_, "", clock_.wall_ms());
    exchange.may_repeat = true;
    exchange.answered = [done = std::move(done)](const RawAnswer& raw) {
      const auto answer = token_answer(raw);
      if (const auto* refused = std::get_if<NotGranted>(&answer)) return done(*refused);
      const auto& tokens = std::get<TokenAnswer>(answer);
      if (auto broken = line_breaks_in(tokens.access_token)) return done(*broken);
      done(granted(tokens.access_token, tokens.life_ms));
    };
    wire.submit(std::move(exchange));
  }

 private:
  const OAuth2Auth auth_;
  const std::string url_;
  const engine::Clock& clock_;
};

/// Grants whose tokens follow one from another. The lock is held from the reading of the kept tokens until new ones are
/// on disk, so that no two processes use up the same refresh token.
class RefreshLogin final : public Login {
 public:
  RefreshLogin(const TargetConnection& connection, OAuth2Auth auth, std::string url, const engine::Clock& clock)
      : file_(connection.tokens, connection.name), auth_(std::move(auth)), url_(std::move(url)), clock_(clock),
        origin_(engine::sha256_hex(auth_.refresh_token.reveal())) {}

  void run(Wire& wire, std::shared_ptr<const Pass> refused, Done done) override {
    try {
      if (auto result = without_asking(refused.get())) return done(*std::move(result));
    } catch (const Error& problem) {
      if (!unsaved_) lock_ = {};
      return done(failed(problem));
    }
    Exchange exchange = token_request(auth_, url_, tokens_.refresh_token, clock_.wall_ms());
    // Not may_repeat: a server that rotates takes the second use of a refresh token for a theft.
    exchange.answered = [this, begun_ms = clock_.wall_ms(), done = std::move(done)](const RawAnswer& raw) {
      done(answered(raw, begun_ms));
    };
    wire.submit(std::move(exchange));
  }

 private:
  /// Takes the lock and the newest tokens. What needs no request: tokens that could not be saved before, those that
  /// another process fetched, and that one is at it.
  std::optional<LoginResult> without_asking(const Pass* refused) {
    if (unsaved_) return LoginResult(saved());
    lock_ = file_.try_lock();
    if (!lock_.is_held()) return NotGranted{.reason = "another process renews the tokens of this connection right now"};
    auto kept = file_.load();
    // Somebody configured another refresh token: what descends from the one before is void.
    const bool descends = kept && kept->origin == origin_;
    tokens_ = descends ? *std::move(kept) : KeptTokens{.origin = origin_, .refresh_token = auth_.refresh_token.reveal()};
    remember();
    const std::int64_t life_ms = tokens_.access_ends_ms - clock_.wall_ms();
    if (tokens_.access_token.empty() || life_ms < kept_life_ms_min) return std::nullopt;
    Granted kept_pass = granted(tokens_.access_token, life_ms);
    if (refused != nullptr && refused->headers == kept_pass.pass->headers) return std::nullopt;
    lock_ = {};
    return kept_pass;
  }

  LoginResult answered(const RawAnswer& raw, std::int64_t begun_ms) {
    const auto answer = token_answer(raw);
    if (const auto* refused = std::get_if<NotGranted>(&answer)) {
      lock_ = {};
      return explained(*refused);
    }
    const auto& fresh = std::get<TokenAnswer>(answer);
    tokens_.access_token = fresh.access_token;
    tokens_.access_ends_ms = fresh.life_ms ? begun_ms + *fresh.life_ms : 0;
    if (!fresh.refresh_token.empty()) tokens_.refresh_token = fresh.refresh_token;
    life_ms_ = fresh.life_ms;
    remember();
    unsaved_ = true;
    try {
      return saved();
    } catch (const Error& problem) {
      // They stay here, and the lock with them: the next run saves them before anybody uses them.
      return NotGranted{.reason = std::string("the new tokens cannot be kept: ") + problem.what()};
    }
  }

  LoginResult saved() {
    file_.save(tokens_);
    unsaved_ = false;
    lock_ = {};
    if (auto broken = line_breaks_in(tokens_.access_token)) return *broken;
    return granted(tokens_.access_token, life_ms_);
  }

  NotGranted explained(NotGranted refused) const {
    if (refused.refused) {
      refused.reason += "; authorise this connection anew and give the new refresh_token (the last one stands in " +
                        file_.path().string() + ")";
    }
    return refused;
  }

  void remember() {
    secrets_.clear();
    secrets_.emplace_back(tokens_.refresh_token);
    secrets_.emplace_back(tokens_.access_token);
  }

  const TokenFile file_;
  const OAuth2Auth auth_;
  const std::string url_;
  const engine::Clock& clock_;
  const std::string origin_;
  TokenFile::Lock lock_;
  KeptTokens tokens_;
  std::optional<std::int64_t> life_ms_;
  bool unsaved_ = false;
  std::vector<engine::PassingSecret> secrets_;
};

}  // namespace

std::unique_ptr<Login> make_oauth2_login(const TargetConnection& connection, const OAuth2Auth& auth,
                                         const std::string& base_url, const engine::Clock& clock) {
  const std::string& written = auth.protocol.token_url;
  std::string url = written.starts_with('/') ? base_url + written : written;
  if (auth.protocol.grant != Grant::refresh_token) return std::make_unique<PlainLogin>(auth, std::move(url), clock);
  return std::make_unique<RefreshLogin>(connection, auth, std::move(url), clock);
}

}  // namespace connectors::http
