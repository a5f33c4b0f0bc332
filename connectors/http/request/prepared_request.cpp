#include "connectors/http/request/prepared_request.h"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace connectors::http {

namespace json = boost::json;
using engine::model::append_json_string;

namespace {

std::string text_member(const json::object& object, json::string_view name) {
  const json::string& text = object.at(name).as_string();
  return {text.data(), text.size()};
}

PreparedRequest request_of(const json::object& object) {
  PreparedRequest request;
  request.method = text_member(object, "method");
  request.url = text_member(object, "url");
  for (const auto& header : object.at("headers").as_object()) {
    const json::string& value = header.value().as_string();
    request.headers.emplace_back(std::string(header.key().data(), header.key().size()),
                                 std::string(value.data(), value.size()));
  }
  request.body = text_member(object, "body");
  if (const json::value* expect = object.if_contains("expect")) request.expect = json::serialize(*expect);
  return request;
}

}  // namespace

/// Written by hand, in one piece: this runs once for each delivery.
std::string frozen_text(const PreparedRequest& request) {
  std::string text;
  text.reserve(request.body.size() + request.body.size() / 4 + request.url.size() + request.expect.size() + 160);
  text += R"({"method":)";
  append_json_string(request.method, text);
  text += R"(,"url":)";
  append_json_string(request.url, text);
  text += R"(,"headers":{)";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    if (i > 0) text += ',';
    append_json_string(request.headers[i].first, text);
    text += ':';
    append_json_string(request.headers[i].second, text);
  }
  text += R"(},"body":)";
  append_json_string(request.body, text);
  if (!request.expect.empty()) text.append(R"(,"expect":)").append(request.expect);
  text += '}';
  return text;
}

PreparedRequest thawed(std::string_view text) {
  // Most requests are parsed without any allocation.
  unsigned char space[4096];
  json::monotonic_resource memory(space, sizeof space);
  try {
    const json::value value = json::parse(json::string_view(text.data(), text.size()), &memory);
    return request_of(value.as_object());
  } catch (const std::exception& problem) {
    throw engine::Error(engine::ErrorCode::config_invalid,
                        std::string("a stored request cannot be read: ") + problem.what());
  }
}

}  // namespace connectors::http
