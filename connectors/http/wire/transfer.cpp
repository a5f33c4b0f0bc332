#include "connectors/http/wire/transfer.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "engine/base/error.h"

namespace connectors::http {

namespace {

/// Options that cannot fail unless the build of libcurl lacks them: then the process must not go on with weaker ones.
template <typename Value>
void set(void* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code == CURLE_OK) return;
  throw engine::Error(
      engine::ErrorCode::environment_missing,
      fmt::format("libcurl refuses an option ({}): {}", static_cast<int>(option), curl_easy_strerror(code)));
}

/// libcurl asks before it sends a large body, which many servers answer late or never. A smaller one no version of it asks about.
constexpr std::size_t asked_about_bytes = 1'024;
constexpr const char* never_ask = "Expect:";

/// libcurl's reason, with what a person can do about it where that is known.
std::string failure_text(CURLcode code, const char* detail, const std::string& proxy) {
  const std::string text = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return fmt::format(
          "TLS: the server's certificate is not trusted ({}); set tls.ca when it is signed by an authority of "
          "your own",
          text);
    case CURLE_SSL_CACERT_BADFILE:
      return fmt::format("TLS: the file under tls.ca cannot be used ({})", text);
    case CURLE_SSL_CERTPROBLEM:
      return fmt::format("TLS: the client certificate cannot be used ({})", text);
    case CURLE_SSL_CONNECT_ERROR:
      return fmt::format("TLS: the handshake failed ({})", text);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fmt::format("the proxy's name is unknown ({})", text);
    case CURLE_COULDNT_CONNECT:
      return fmt::format("no connection{} ({})", proxy.empty() ? "" : ", the proxy included", text);
    default:
      return text;
  }
}

}  // namespace

Transfer::Transfer(const WireOptions& options) : options_(options), handle_(curl_easy_init()), url_(curl_url()) {
  ENGINE_ASSERT(handle_ != nullptr && url_ != nullptr);
  try {
    set_up(options);
  } catch (...) {
    release();
    throw;
  }
}

Transfer::~Transfer() { release(); }

void Transfer::release() {
  curl_easy_cleanup(handle_);
  curl_url_cleanup(static_cast<CURLU*>(url_));
}

void Transfer::set_up(const WireOptions& options) {
  set(handle_, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(handle_, CURLOPT_NOSIGNAL, 1L);
  set(handle_, CURLOPT_USERAGENT, "datapicker/" DATAPICKER_VERSION);
  // A name server that does not answer must not hold up the end of the process.
  set(handle_, CURLOPT_QUICK_EXIT, 1L);
  set(handle_, CURLOPT_ERRORBUFFER, error_.data());
  set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  // A redirect could take data and credentials elsewhere; `judge` tells of it.
  set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  // "/customers/%2E%2E" must reach the server as it is written.
  set(handle_, CURLOPT_PATH_AS_IS, 1L);
  set(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca.empty()) set(handle_, CURLOPT_CAINFO, options.ca.c_str());
  if (!options.certificate.empty()) set(handle_, CURLOPT_SSLCERT, options.certificate.c_str());
  if (!options.key.empty()) set(handle_, CURLOPT_SSLKEY, options.key.c_str());
  // An empty string switches off the proxies of the environment: only the configuration decides where data goes.
  set(handle_, CURLOPT_PROXY, options.proxy.c_str());
  // Our headers hold credentials, which a proxy asked to open a tunnel must not see.
  set(handle_, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  set(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  set(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout_ms));
  set(handle_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(handle_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(handle_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(handle_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(handle_, CURLOPT_PREREQFUNCTION, &Transfer::on_request);
  set(handle_, CURLOPT_PREREQDATA, static_cast<void*>(this));
}

void Transfer::begin(Exchange exchange) {
  exchange_ = std::move(exchange);
  body_.clear();
  headers_ended_ = false;
  too_large_ = false;
  requests_begun_ = 0;
  error_[0] = '\0';
  set_url();
  // Several requests share a connection of HTTP/2, so they wait to learn whether it is one. Without TLS it never is, and where a
  // server closes each connection they would go one after the other.
  set(handle_, CURLOPT_PIPEWAIT, exchange_.url.starts_with("https:") ? 1L : 0L);
  set_method();
  link_headers();
}

/// libcurl writes a URL that it parsed itself out again, letter by letter; one that comes parsed it leaves alone. The text it needs all
/// the same, to repeat a request; and what cannot be parsed here it shall refuse in its own words.
void Transfer::set_url() {
  auto* url = static_cast<CURLU*>(url_);
  const bool parsed = curl_url_set(url, CURLUPART_URL, exchange_.url.c_str(), CURLU_PATH_AS_IS) == CURLUE_OK;
  set(handle_, CURLOPT_URL, exchange_.url.c_str());
  set(handle_, CURLOPT_CURLU, parsed ? url : nullptr);
}

/// To libcurl whatever has a body is a POST, which then goes under the name of its own method.
void Transfer::set_method() {
  const bool plain_get = exchange_.method == "GET" && exchange_.body.empty();
  const bool bare_delete = exchange_.method == "DELETE" && exchange_.body.empty();
  if (plain_get || bare_delete) {
    set(handle_, CURLOPT_HTTPGET, 1L);
  } else {
    set(handle_, CURLOPT_POST, 1L);
    set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange_.body.size()));
    set(handle_, CURLOPT_POSTFIELDS, exchange_.body.c_str());
  }
  set(handle_, CURLOPT_CUSTOMREQUEST, plain_get ? nullptr : exchange_.method.c_str());
}

/// Few, since libcurl looks through all of them for each header that it would set itself.
void Transfer::link_headers() {
  header_links_.clear();
  header_links_.reserve(exchange_.headers.size() + options_.headers.size() + 1);
  // libcurl only reads the lines, though its list holds them as not const.
  const auto link = [this](const char* line) { header_links_.push_back({const_cast<char*>(line), nullptr}); };
  for (const std::string& line : exchange_.headers) link(line.c_str());
  for (const std::string& line : options_.headers) link(line.c_str());
  if (exchange_.body.size() >= asked_about_bytes) link(never_ask);
  for (std::size_t i = 1; i < header_links_.size(); ++i) header_links_[i - 1].next = &header_links_[i];
  set(handle_, CURLOPT_HTTPHEADER, header_links_.empty() ? nullptr : header_links_.data());
}

/// What is known of an exchange however it ended.
RawAnswer Transfer::what_came() {
  RawAnswer answer;
  answer.request_begun = requests_begun_ > 0;
  curl_off_t microseconds = 0;
  curl_easy_getinfo(handle_, CURLINFO_TOTAL_TIME_T, &microseconds);
  answer.duration_ms = microseconds / 1000;
  return answer;
}

RawAnswer Transfer::end(int code) {
  RawAnswer answer = what_came();
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  for (const std::string& name : options_.wanted_headers) {
    curl_header* header = nullptr;
    if (curl_easy_header(handle_, name.c_str(), 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
      answer.headers.emplace_back(name, header->value);
    }
  }
  answer.body = std::move(body_);
  body_.clear();
  if (too_large_) {
    answer.failure = fmt::format("the answer is larger than {} bytes", options_.answer_bytes_max);
  } else if (requests_begun_ > 1 && !exchange_.may_repeat) {
    answer.failure = "the kept connection was closed before the answer came";
  } else if (code != CURLE_OK) {
    answer.failure = failure_text(static_cast<CURLcode>(code), error_.data(), options_.proxy);
  } else if (!headers_ended_) {
    // libcurl is content with it. What the headers left out may be what they were for (RFC 9112, section 8).
    answer.failure = "the connection was closed in the middle of the answer's headers";
  }
  return answer;
}

RawAnswer Transfer::abandon(std::string reason) {
  RawAnswer answer = what_came();
  answer.failure = std::move(reason);
  return answer;
}

/// Called for each line, also of interim answers, of a proxy's and of trailers: a status begins the headers, an empty line ends them.
std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) transfer.headers_ended_ = false;
  if (line == "\r\n" || line == "\n") transfer.headers_ended_ = true;
  return line.size();
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t length = size * count;
  if (transfer.body_.size() + length > transfer.options_.answer_bytes_max) {
    transfer.too_large_ = true;
    return 0;
  }
  transfer.body_.append(bytes, length);
  return length;
}

int Transfer::on_request(void* self, char*, char*, int, int) {
  // Called with the connection ready and before the first byte, each time that libcurl is about to send the request.
  auto& transfer = *static_cast<Transfer*>(self);
  const bool again = transfer.requests_begun_++ > 0;
  return again && !transfer.exchange_.may_repeat ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

}  // namespace connectors::http
