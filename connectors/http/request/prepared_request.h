// The frozen form of a request: the JSON text of PreparedCall.request.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/target.h"

namespace connectors::http {

/// All that goes over the wire but for what `send` adds, and what the judging needs.
struct PreparedRequest {
  std::string method;
  std::string url;  ///< path and query, behind the connection's url
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// JSON text, or empty: what judging the answer needs of the call, frozen with it so that it survives a restart.
  /// {"fields":"{…}","key":"{…}"} of a read-back, {"marker":…} of find_comment, {"records":[{"key","match","id"}…]} of
  /// a batch, {"poll":{"call","until_ms"},"records":[…]} of a job; there `index` and `of` where one record of it is asked for.
  std::string expect;
};

/// From `prepare` to `send`, beside the text.
struct ReadyHttpRequest final : engine::model::ReadyRequest {
  explicit ReadyHttpRequest(PreparedRequest made) : request(std::move(made)) {}
  PreparedRequest request;
};

std::string frozen_text(const PreparedRequest& request);
/// Throws Error config_invalid on anything that frozen_text did not write.
PreparedRequest thawed(std::string_view text);

}  // namespace connectors::http
