#include "test/bench/support/bare_curl.h"

#include <curl/curl.h>

#include <memory>
#include <stdexcept>

#include <fmt/format.h>

#include "test/bench/support/figure.h"

namespace bench {

namespace {

std::size_t swallow(char*, std::size_t size, std::size_t count, void*) { return size * count; }

struct Slot {
  CURL* easy = nullptr;
  std::string url, body;
  curl_slist* headers = nullptr;
};

void start(CURLM* multi, Slot& slot, const std::string& url, int number, std::string (*body)(int)) {
  slot.url = fmt::format("{}/customers/C{:07}", url, number);
  slot.body = body(number);
  curl_slist_free_all(slot.headers);
  slot.headers = curl_slist_append(nullptr, "Content-Type: application/json");
  slot.headers = curl_slist_append(slot.headers, fmt::format("Idempotency-Key: bench-{}", number).c_str());
  curl_easy_setopt(slot.easy, CURLOPT_URL, slot.url.c_str());
  curl_easy_setopt(slot.easy, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(slot.easy, CURLOPT_HTTPHEADER, slot.headers);
  curl_easy_setopt(slot.easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(slot.body.size()));
  curl_easy_setopt(slot.easy, CURLOPT_POSTFIELDS, slot.body.c_str());
  curl_easy_setopt(slot.easy, CURLOPT_WRITEFUNCTION, swallow);
  curl_easy_setopt(slot.easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(slot.easy, CURLOPT_PRIVATE, &slot);
  curl_multi_add_handle(multi, slot.easy);
}

Slot& finished(CURLM* multi, const CURLMsg& message) {
  Slot* slot = nullptr;
  long status = 0;
  curl_easy_getinfo(message.easy_handle, CURLINFO_PRIVATE, &slot);
  curl_easy_getinfo(message.easy_handle, CURLINFO_RESPONSE_CODE, &status);
  if (message.data.result != CURLE_OK || status >= 300) throw std::runtime_error(fmt::format("a PUT was answered {}", status));
  curl_multi_remove_handle(multi, message.easy_handle);
  return *slot;
}

}  // namespace

double bare_puts_per_second(const std::string& url, int count, int in_flight, std::string (*body)(int)) {
  CURLM* multi = curl_multi_init();
  std::vector<Slot> slots(static_cast<std::size_t>(in_flight));
  int sent = 0, done = 0;
  const StopWatch watch;
  for (Slot& slot : slots) {
    slot.easy = curl_easy_init();
    start(multi, slot, url, sent++, body);
  }
  while (done < count) {
    int running = 0, left = 0;
    curl_multi_perform(multi, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Slot& slot = finished(multi, *message);
      ++done;
      if (sent < count) start(multi, slot, url, sent++, body);
    }
    if (done < count) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  const double rate = count / watch.seconds();
  for (Slot& slot : slots) {
    curl_easy_cleanup(slot.easy);
    curl_slist_free_all(slot.headers);
  }
  curl_multi_cleanup(multi);
  return rate;
}

void post(const std::string& url, const std::string& body) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_COPYPOSTFIELDS, body.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, swallow);
  if (curl_easy_perform(easy.get()) != CURLE_OK) throw std::runtime_error("the stub does not answer at " + url);
}

}  // namespace bench
