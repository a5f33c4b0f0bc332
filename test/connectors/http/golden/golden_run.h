// Plays a golden through the real runtime over a wire that answers what was recorded.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "connectors/http/wire/exchange.h"
#include "test/connectors/http/golden/golden_file.h"

namespace test_http {

/// What the runtime did, as texts to be compared line by line: one for each request, then one for the outcomes.
struct PlayedRun {
  std::vector<std::pair<std::string, std::string>> expected_and_actual;
  std::vector<connectors::http::RawAnswer> answers;  ///< what the runtime was given, in order
};

PlayedRun play(const GoldenRun& run);

/// "  same", "- expected", "+ actual", line by line. Empty when both are equal.
std::string difference(const std::string& expected, const std::string& actual);

}  // namespace test_http
