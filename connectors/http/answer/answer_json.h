// A target's answer as JSON: parsed in one way, wherever it is asked for.
#pragma once

#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <string_view>

namespace connectors::http {

/// What nests deeper than 200 levels counts as no JSON: a definition names nothing in it.
boost::json::value parsed_answer(std::string_view body, boost::system::error_code& error);

}  // namespace connectors::http
