// Whether anything listens behind a URL.
#pragma once

#include <cstdint>
#include <string>

namespace engine::operate {

/// Empty when a TCP connection to the host and port of `url` came about within the time; else what prevented it.
std::string unreachable_because(const std::string& url, std::int64_t timeout_ms);

}  // namespace engine::operate
