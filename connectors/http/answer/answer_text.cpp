#include "connectors/http/answer/answer_text.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "engine/base/secret.h"
#include "engine/model/json_text.h"

namespace connectors::http {

namespace {

/// A longer wait is not believed: a target whose clock or unit is wrong must not silence a connection for good.
constexpr std::int64_t wait_ms_max = 86'400'000;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// libcurl reads the dates of HTTP, but not those of ISO 8601, as in X-RateLimit-Reset of Jira.
std::optional<std::int64_t> date_seconds(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M", &parts);
  if (rest == nullptr) {
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    return date < 0 ? std::nullopt : std::optional<std::int64_t>(date);
  }
  if (*rest == ':') rest = strptime(rest, ":%S", &parts);
  if (rest == nullptr) return std::nullopt;
  while (*rest == '.' || (*rest >= '0' && *rest <= '9')) ++rest;
  if (*rest == 'Z' || *rest == '\0') return timegm(&parts);
  std::tm zone{};
  const char* end = strptime(rest, "%z", &zone);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::int64_t{timegm(&parts)} - zone.tm_gmtoff;
}

}  // namespace

std::string kept_text(std::string_view body, std::size_t bytes_max) {
  // Masked before it is cut: half a secret at the cut would not be recognised.
  std::string masked = engine::redact(body.substr(0, bytes_max + 4'096));
  const bool is_whole = body.size() <= bytes_max + 4'096 && masked.size() <= bytes_max;
  if (is_whole && masked.find('\0') == std::string::npos && engine::model::is_utf8(masked)) return masked;
  std::string out;
  std::size_t i = 0;
  while (i < masked.size() && out.size() < bytes_max) {
    const bool is_nul = masked[i] == '\0';
    const std::size_t length = is_nul ? 0 : engine::model::utf8_sequence(std::string_view(masked).substr(i));
    out += length == 0 ? replacement : std::string_view(masked).substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  if (i < masked.size() || body.size() > bytes_max + 4'096) out += "…";
  return out;
}

/// A bare number has the rule's unit; a date needs none, and what lies behind us is no wait.
std::optional<std::int64_t> wait_ms_of(std::string_view text, WaitUnit unit, std::int64_t now_wall_ms) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (!(amount >= 0)) return std::nullopt;
    const double ms = std::ceil(amount * static_cast<double>(unit.ms)) - (unit.since_epoch ? static_cast<double>(now_wall_ms) : 0);
    return static_cast<std::int64_t>(std::clamp(ms, 0.0, double{wait_ms_max}));
  }
  const auto date = date_seconds(std::string(text));
  if (!date) return std::nullopt;
  return std::clamp<std::int64_t>(*date * 1'000 - now_wall_ms, 0, wait_ms_max);
}

}  // namespace connectors::http
