#include "connectors/http/answer/answer_json.h"

#include <boost/json/parse.hpp>

namespace connectors::http {

boost::json::value parsed_answer(std::string_view body, boost::system::error_code& error) {
  boost::json::parse_options options;
  options.max_depth = 200;
  return boost::json::parse({body.data(), body.size()}, error, {}, options);
}

}  // namespace connectors::http
