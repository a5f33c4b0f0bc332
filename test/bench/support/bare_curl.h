// A bare libcurl multi loop: the same PUTs, the same number in flight, and nothing else.
#pragma once

#include <string>

namespace bench {

/// Sends `count` PUTs to url/customers/C0000000… with bodies of `body(i)`; returns requests a second. Throws when one fails.
double bare_puts_per_second(const std::string& url, int count, int in_flight, std::string (*body)(int));

/// POST of a body to a URL: the stub's /control.
void post(const std::string& url, const std::string& body);

}  // namespace bench
