// What proves at a target who we are, and the seam to the ways of getting it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "connectors/http/request/placeholder.h"
#include "connectors/http/wire/wire.h"
#include "engine/base/secret.h"

namespace connectors::http {

/// Joins each request in `send`. Its secrets are masked for as long as it lives.
struct Pass {
  std::vector<std::string> headers;  ///< "Name: value"
  std::string query;                 ///< "a=b&c=d", percent-encoded
  AuthValues values;                 ///< {auth.name} of bodies
  std::vector<engine::PassingSecret> secrets;
};

void join(const Pass& pass, Exchange& exchange);

struct Granted {
  std::shared_ptr<const Pass> pass;
  std::optional<std::int64_t> life_ms;  ///< from when the login began; none: until it is refused
};
/// `reason` names what failed and holds no secret.
struct NotGranted {
  std::string reason;
  bool refused = false;  ///< the credentials are: trying again would lock an account; else the login may be tried again
  int status = 0;
};
using LoginResult = std::variant<Granted, NotGranted>;

/// One way to get a pass.
class Login {
 public:
  virtual ~Login() = default;
  /// `done` is called exactly once, possibly before this returns; it neither blocks nor throws. Never run twice at once.
  /// `refused`: the pass that an answer refused since the last run, which must not be given again.
  virtual void run(Wire& wire, std::shared_ptr<const Pass> refused, std::function<void(LoginResult)> done) = 0;
};

}  // namespace connectors::http
