// What is kept of an answer: bounded, readable, without secrets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectors::http {

/// Valid UTF-8 of at most `bytes_max`, registered secrets masked, "…" at the end when it was cut. Bad bytes and NUL
/// become U+FFFD.
std::string kept_text(std::string_view body, std::size_t bytes_max);

struct WaitUnit {
  std::int64_t ms = 1'000;   ///< what one stands for
  bool since_epoch = false;  ///< counted from 1970
};

/// Retry-After and its like: a number, an HTTP date, or an ISO date with its zone. At most a day; nullopt when it is none.
std::optional<std::int64_t> wait_ms_of(std::string_view text, WaitUnit unit, std::int64_t now_wall_ms);

}  // namespace connectors::http
