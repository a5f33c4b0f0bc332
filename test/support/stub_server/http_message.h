// The little of HTTP/1.1 that a stub needs: requests with a Content-Length, answers with a body.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stub_server {

struct Request {
  std::string method;
  std::string path;   ///< decoded, without the query
  std::string query;  ///< as sent
  std::string idempotency_key;
  std::string body;
  bool keep_alive = true;
  bool expects_continue = false;
};

struct Answer {
  int status = 200;
  std::string body;
  bool cut = false;           ///< close the connection without a byte
  bool without_delay = false; ///< control requests are never held back
};

enum class Parsed { complete, incomplete, malformed };

/// Takes one request off the front of `received`. When only the body is missing, `request.expects_continue` is already set.
Parsed take_request(std::string& received, Request& request);

std::string to_bytes(const Answer& answer, bool keep_alive);

/// "a%20b" → "a b".
std::string percent_decoded(std::string_view text);
/// The decoded value of `name` in "a=1&b=2".
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace stub_server
