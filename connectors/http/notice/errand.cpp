#include "connectors/http/notice/errand.h"

#include <curl/curl.h>

#include "engine/base/error.h"

namespace connectors::http {

namespace {

constexpr long connect_timeout_ms = 10'000;
constexpr long timeout_ms = 20'000;

}  // namespace

Errand::Errand(const std::string& url, const char* protocols, const std::string& ca, const engine::StopSignal& stop)
    : handle_(curl_easy_init()), stop_(stop) {
  ENGINE_ASSERT(handle_ != nullptr);
  curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);
  // An empty string switches off the proxies of the environment, as for targets.
  curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(handle_, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle_, CURLOPT_XFERINFOFUNCTION, &Errand::on_progress);
  curl_easy_setopt(handle_, CURLOPT_XFERINFODATA, static_cast<void*>(this));
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &Errand::ignore_body);
  if (!ca.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, ca.c_str());
}

Errand::~Errand() { curl_easy_cleanup(handle_); }

/// The reason is libcurl's general one: its detailed text may quote the URL.
long Errand::run() {
  const CURLcode code = curl_easy_perform(handle_);
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK) return status;
  throw engine::Error(engine::ErrorCode::target_unreachable,
                      std::string(curl_easy_strerror(code)) + (status > 0 ? ", answer " + std::to_string(status) : ""));
}

int Errand::on_progress(void* self, std::int64_t, std::int64_t, std::int64_t, std::int64_t) {
  return static_cast<Errand*>(self)->stop_.requested() ? 1 : 0;
}

std::size_t Errand::ignore_body(char*, std::size_t size, std::size_t count, void*) { return size * count; }

}  // namespace connectors::http
