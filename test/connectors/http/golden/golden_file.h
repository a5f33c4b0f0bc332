// The goldens of target definitions (test/golden/targets/NAME/*.yaml; its README has the format), read into runs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/wire/exchange.h"
#include "engine/model/target.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/origin.h"

namespace test_http {

struct ExpectedRequest {
  enum class Body { none, json, form, text };
  std::string method;
  std::string url;  ///< a path behind the connection's url, or a whole one
  std::optional<std::map<std::string, std::string>> query;    ///< decoded; none: the url is compared as it is
  std::map<std::string, std::optional<std::string>> headers;  ///< nothing: must not be there
  Body body_kind = Body::none;
  std::string body;
  std::map<std::string, std::string> form;
};

struct RecordedExchange {
  ExpectedRequest request;
  connectors::http::RawAnswer answer;
};

struct ExpectedOutcome {
  std::string outcome;  ///< delivered duplicate partial retry throttled permanent missing exists auth uncertain window_closed
  std::string remote_id;
  std::optional<std::int64_t> after_ms;
  std::vector<std::string> refused;
  std::vector<std::string> found;
  engine::model::FieldMap fields;
  std::string reason;  ///< a part of it; empty: any
};

/// One call (or batch), the exchanges it must lead to, and what must be made of the last answer.
struct GoldenRun {
  engine::settings::Origin origin;
  std::string name;
  engine::settings::TargetConnection connection;
  std::vector<engine::model::Call> calls;
  std::vector<RecordedExchange> exchanges;
  std::vector<ExpectedOutcome> outcomes;  ///< one a record; none: any
};

/// All runs of a definition's folder, in order of files and cases. Fails the test for what it cannot read.
std::vector<GoldenRun> golden_runs(const std::filesystem::path& folder);

}  // namespace test_http
