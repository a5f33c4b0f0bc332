// `targets try`: one record sent through the real runtime, from an instance's connection, and each step explained. Nothing of it
// is journaled: the daemon does not know afterwards.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/target.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// What shall be sent, and where to.
struct TrialOptions {
  settings::InstancePlace instance{"."};
  std::string target;  ///< a connection, or a definition that one connection uses
  std::string object;
  std::optional<model::CallKind> call;  ///< none: what the daemon would choose
  model::FieldMap match;
  model::FieldMap fields;
  std::optional<std::string> remote_id;
  std::string comment;
  bool dry_run = false;  ///< requests are made, and stay here
};

/// One request, with what came back. Secrets are masked everywhere.
struct TrialStep {
  model::CallKind call = model::CallKind::upsert;
  std::string method;  ///< empty: the target is no HTTP API, and `body` says what is written
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value"
  std::string body;
  std::vector<std::string> before;  ///< requests that had to go first, such as a login: "POST https://…: 200"
  bool sent = false;
  int status = 0;  ///< 0: no answer
  std::string answer;
  std::int64_t duration_ms = 0;
  std::string outcome;  ///< "delivered" "duplicate" "partial" "retry" "throttled" "permanent" "missing" "auth" "uncertain"
  std::string reason;
  std::string because;  ///< which rule of the definition said so
  std::string next;     ///< what the daemon would do
  std::string remote_id;
  std::vector<std::string> found;
  model::FieldMap fields;                 ///< of a read-back
  std::vector<std::string> not_as_sent;  ///< fields that a read-back shows with another value
};

/// The steps in the order in which they were taken.
struct Trial {
  std::string connection;
  std::string target;
  std::string object;
  std::vector<TrialStep> steps;
  bool ended_well = true;  ///< every step that was sent did what it should
  bool refused = false;    ///< a person said no
};

/// `may_send` is asked before each request that changes something at the target; `shown` is called after each step.
struct TrialTalk {
  std::function<bool(const TrialStep&)> may_send;
  std::function<void(const TrialStep&)> shown;
};

/// Throws config_invalid for a connection, object or call that there is not, InvalidConfiguration when the connection has problems.
Trial try_target(const TrialOptions& options, const TrialTalk& talk);

boost::json::value json_of(const Trial& trial);

}  // namespace engine::operate
