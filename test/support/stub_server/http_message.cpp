#include "test/support/stub_server/http_message.h"

#include <strings.h>

#include <charconv>

#include <fmt/format.h>

namespace stub_server {

namespace {

constexpr std::size_t body_bytes_max = 64 << 20;
constexpr std::size_t head_bytes_max = 64 << 10;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool read_request_line(std::string_view line, Request& request) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) return false;
  request.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const auto mark = target.find('?');
  request.path = percent_decoded(target.substr(0, mark));
  request.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  return true;
}

/// Returns the announced length of the body, or nothing when a header is malformed.
std::optional<std::size_t> read_headers(std::string_view head, Request& request) {
  std::size_t length = 0;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head = end == std::string_view::npos ? std::string_view{} : head.substr(end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_name(name, "Content-Length")) {
      const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (error != std::errc{} || length > body_bytes_max) return std::nullopt;
    } else if (same_name(name, "Transfer-Encoding")) {
      return std::nullopt;
    } else if (same_name(name, "Idempotency-Key")) {
      request.idempotency_key = value;
    } else if (same_name(name, "Connection")) {
      request.keep_alive = !same_name(value, "close");
    } else if (same_name(name, "Expect")) {
      request.expects_continue = same_name(value, "100-continue");
    }
  }
  return length;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 404: return "Not Found";
    case 422: return "Unprocessable Entity";
    case 503: return "Service Unavailable";
    default: return "Answer";
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Parsed take_request(std::string& received, Request& request) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string::npos) return received.size() > head_bytes_max ? Parsed::malformed : Parsed::incomplete;
  request = {};
  const std::string_view head(received.data(), head_end);
  const auto line_end = head.find("\r\n");
  if (!read_request_line(head.substr(0, line_end), request)) return Parsed::malformed;
  const auto length =
      read_headers(line_end == std::string_view::npos ? std::string_view{} : head.substr(line_end + 2), request);
  if (!length) return Parsed::malformed;
  const std::size_t body_start = head_end + 4;
  if (received.size() < body_start + *length) return Parsed::incomplete;
  request.body = received.substr(body_start, *length);
  received.erase(0, body_start + *length);
  return Parsed::complete;
}

std::string to_bytes(const Answer& answer, bool keep_alive) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}", answer.status,
                     reason_of(answer.status), answer.body.size(), keep_alive ? "" : "Connection: close\r\n", answer.body);
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = pair.find('=');
    if (percent_decoded(pair.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? std::string() : percent_decoded(pair.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace stub_server
