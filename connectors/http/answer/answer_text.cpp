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

constexpr std::int64_t wait_ms_max = 86'400'000;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace

std::string kept_text(std::string_view body, std::size_t bytes_max) {
  // Masked before it is cut: half a secret at the cut would not be recognised.
  const std::string masked = engine::redact(body.substr(0, bytes_max + 4'096));
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

std::optional<std::int64_t> wait_ms_of(std::string_view header, std::int64_t unit_ms, std::int64_t now_wall_ms) {
  double amount = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), amount);
  if (error == std::errc{} && end == header.data() + header.size()) {
    if (!(amount >= 0)) return std::nullopt;
    return static_cast<std::int64_t>(std::min(std::ceil(amount * static_cast<double>(unit_ms)), double{wait_ms_max}));
  }
  const std::time_t date = curl_getdate(std::string(header).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::clamp<std::int64_t>(std::int64_t{date} * 1'000 - now_wall_ms, 0, wait_ms_max);
}

}  // namespace connectors::http
