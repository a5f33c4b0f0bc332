#include <curl/curl.h>

#include "connectors/http/notice/channels.h"
#include "connectors/http/notice/errand.h"
#include "engine/base/error.h"

namespace connectors::http {

namespace {

using engine::model::Notice;
using engine::settings::WebhookAlert;

/// "chat.example.com" of "https://chat.example.com/hooks/SECRET".
std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  std::string authority = url.substr(start, url.find_first_of("/?#", start) - start);
  return authority.substr(authority.rfind('@') + 1);
}

struct Headers {
  ~Headers() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
  curl_slist* list = nullptr;
};

class WebhookChannel : public engine::model::NoticeChannel {
 public:
  explicit WebhookChannel(WebhookAlert webhook)
      : webhook_(std::move(webhook)), name_("webhook " + host_of(webhook_.url.reveal())) {}

  /// The host alone: the rest of such an address is its credential.
  const std::string& name() const override { return name_; }

  void tell(const Notice& notice, const engine::StopSignal& stop) override {
    Errand errand(webhook_.url.reveal(), "http,https", webhook_.ca, stop);
    Headers headers;
    headers.add("Content-Type: application/json");
    if (!webhook_.bearer.empty()) headers.add("Authorization: Bearer " + webhook_.bearer.reveal());
    curl_easy_setopt(errand.handle(), CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(errand.handle(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(notice.json.size()));
    curl_easy_setopt(errand.handle(), CURLOPT_POSTFIELDS, notice.json.c_str());
    const long status = errand.run();
    if (status >= 200 && status < 300) return;
    throw engine::Error(engine::ErrorCode::target_unreachable, "the webhook answered " + std::to_string(status));
  }

 private:
  WebhookAlert webhook_;
  std::string name_;
};

}  // namespace

std::unique_ptr<engine::model::NoticeChannel> make_webhook_channel(const WebhookAlert& webhook) {
  return std::make_unique<WebhookChannel>(webhook);
}

}  // namespace connectors::http
