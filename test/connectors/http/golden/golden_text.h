// Requests and outcomes as lines of text: equal texts mean equal for the other side.
#pragma once

#include <string>
#include <vector>

#include "connectors/http/wire/exchange.h"
#include "engine/model/target.h"
#include "test/connectors/http/golden/golden_file.h"

namespace test_http {

std::string request_text(const ExpectedRequest& expected);
/// `headers` are all that leave, credentials among them; those that every request has are left out. `expected` says how
/// url and body are to be compared; null pointer: as JSON where it is some.
std::string request_text(const connectors::http::Exchange& exchange, const std::vector<std::string>& headers,
                         const std::string& base_url, const ExpectedRequest* expected);

std::string outcome_text(const ExpectedOutcome& expected);
/// `reason` is shown when the outcome's own holds it; else the outcome's own.
std::string outcome_text(const engine::model::CallAnswer& answer, const std::string& reason);

std::vector<std::string> lines_of(const std::string& text);

}  // namespace test_http
