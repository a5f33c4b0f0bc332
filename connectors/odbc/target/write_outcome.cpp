#include "connectors/odbc/target/write_outcome.h"

#include <regex>

#include <fmt/format.h>

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using namespace engine::model;

namespace {

std::string sqlstate_of(const Error& error) {
  for (const auto& [name, value] : error.context()) {
    if (name == "sqlstate") return value;
  }
  return {};
}

/// "column 'credit' (22003): …"
std::string reason_of(const Error& error, const engine::settings::DialectDefinition& dialect) {
  const std::string message = error.what();
  const std::string state = sqlstate_of(error);
  for (const std::string& pattern : dialect.write.blamed_column) {
    std::smatch found;
    if (std::regex_search(message, found, std::regex(pattern)) && found.size() > 1 && found[1].length() > 0) {
      return fmt::format("column '{}' ({}): {}", found[1].str(), state, message);
    }
  }
  return state.empty() ? message : fmt::format("{}: {}", state, message);
}

/// The server cannot now: no room, no resources, shutting down, an object that is busy.
bool passes_by(const std::string& state) {
  const std::string_view group = std::string_view(state).substr(0, 2);
  return group == "40" || group == "53" || group == "55" || group == "57" || group == "58";
}

}  // namespace

bool is_constraint(const Error& error) { return sqlstate_of(error).starts_with("23"); }

DeliveryOutcome outcome_of(const Error& error, WriteStage stage, CallKind kind, const engine::settings::DialectDefinition& dialect) {
  const std::string reason = reason_of(error, dialect);
  if (error.code() == ErrorCode::environment_missing || error.code() == ErrorCode::source_busy) return RetryLater{.reason = reason};
  if (error.code() == ErrorCode::source_unreachable) {
    const bool unknown = stage == WriteStage::committing && kind == CallKind::create;
    return unknown ? DeliveryOutcome(Uncertain{"the connection was lost while committing: " + reason}) : RetryLater{.reason = reason};
  }
  const std::string state = sqlstate_of(error);
  if (stage == WriteStage::connecting || state.starts_with("28")) return Permanent{.reason = reason, .auth = true};
  if (passes_by(state)) return RetryLater{.reason = reason};
  return Permanent{.reason = reason};
}

}  // namespace connectors::odbc
