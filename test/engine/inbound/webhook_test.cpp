// Posts of WhatsApp as they come: handshake, signature over the raw bytes, what is kept, and when 200 is said.
#include "engine/inbound/webhook/webhook.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "engine/base/error.h"
#include "test/engine/journal/disk/fault_vfs.h"
#include "test/engine/journal/temporary_journal.h"
#include "test/support/fake_clock.h"

using namespace engine;
using namespace engine::inbound;
using engine::journal::test::TemporaryFolder;

namespace {

const std::string secret = "app-secret";
const std::filesystem::path contracts = std::filesystem::path(SOURCE_DIR) / "../shared/contracts/whatsapp";

std::string signature(const std::string& body, const std::string& key = secret) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(body.data()),
       body.size(), digest, &size);
  std::string hex = "sha256=";
  for (unsigned int i = 0; i < size; ++i) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", digest[i]);
    hex += pair;
  }
  return hex;
}

class Post {
 public:
  explicit Post(const std::string& vfs = {}) : journal_(journal::Journal::open({.path = folder_.journal(), .vfs = vfs})) {
    WebhookPlace place{.verify_token = Secret("verify-me"), .app_secret = Secret(secret)};
    place.connections = {{"106540352242922", "whatsapp"}};
    webhook = std::make_unique<Webhook>(std::map<std::string, WebhookPlace>{{"/whatsapp", place}}, *journal_, clock,
                                        [this] { ++settled; });
  }

  HttpResponse answer(const HttpRequest& request) {
    std::promise<HttpResponse> promise;
    webhook->answer(request, [&promise](HttpResponse response) { promise.set_value(std::move(response)); });
    return promise.get_future().get();
  }
  int post(const std::string& body, const std::string& signed_as, const std::string& path = "/whatsapp") {
    HttpRequest request{.method = "POST", .path = path, .query = ""};
    if (!signed_as.empty()) request.headers.emplace_back("x-hub-signature-256", signed_as);
    request.body = body;
    return answer(request).status;
  }
  HttpResponse get(const std::string& query) { return answer({.method = "GET", .path = "/whatsapp", .query = query}); }
  std::optional<std::int64_t> heard(const std::string& party) {
    return journal_->read()->conversations.last_heard_ms("whatsapp", party);
  }
  journal::Journal& journal() { return *journal_; }

  test::FakeClock clock;
  std::unique_ptr<Webhook> webhook;
  std::atomic<int> settled = 0;

 private:
  TemporaryFolder folder_;
  std::unique_ptr<journal::Journal> journal_;
};

std::string text_message(const std::string& number = "106540352242922") {
  return R"({"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messaging_product":"whatsapp",)"
         R"("metadata":{"display_phone_number":"15550783881","phone_number_id":")" + number +
         R"("},"messages":[{"from":"16505551234","id":"wamid.1","timestamp":"1749416383","type":"text","text":{"body":"S\u00ec \/"}}]},)"
         R"("field":"messages"}]}]})";
}

}  // namespace

TEST_CASE("the handshake repeats the challenge to who knows the token, and says nothing to others") {
  Post post;
  const HttpResponse known = post.get("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-me");
  CHECK(known.status == 200);
  CHECK(known.body == "1158201444");
  for (const char* query : {"hub.mode=subscribe&hub.challenge=115&hub.verify_token=verify-m", "", "hub.challenge=115",
                            "hub.mode=unsubscribe&hub.challenge=115&hub.verify_token=verify-me",
                            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=verify-me"}) {
    CAPTURE(query);
    const HttpResponse refused = post.get(query);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("115") == std::string::npos);
  }
}

TEST_CASE("a post counts only with a signature over the very bytes that came") {
  Post post;
  const std::string body = text_message();
  CHECK(post.post(body, "") == 401);
  CHECK(post.post(body, signature(body, "another-secret")) == 401);
  CHECK(post.post(body, "sha256=") == 401);
  CHECK(post.post(body, signature(body).substr(7)) == 401);
  CHECK(post.post(body + " ", signature(body)) == 401);
  std::string escaped_otherwise = body;
  escaped_otherwise.replace(escaped_otherwise.find("\\/"), 2, "/");
  CHECK(post.post(escaped_otherwise, signature(body)) == 401);
  CHECK_FALSE(post.heard("16505551234"));
  CHECK(post.post(body, signature(body)) == 200);
  CHECK(post.heard("16505551234") == 1'749'416'383'000);
}

TEST_CASE("every bit of a signature counts") {
  Post post;
  const std::string body = text_message();
  const std::string right = signature(body);
  for (std::size_t i = 7; i < right.size(); ++i) {
    std::string wrong = right;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    CHECK(post.post(body, wrong) == 401);
  }
}

TEST_CASE("a message that comes twice is kept once") {
  Post post;
  const std::string body = text_message();
  CHECK(post.post(body, signature(body)) == 200);
  CHECK(post.post(body, signature(body)) == 200);
  CHECK(post.heard("16505551234"));
}

TEST_CASE("what is signed and means nothing to us is taken, so that it does not come again for a week") {
  Post post;
  for (const std::string& body : {std::string("{}"), std::string(R"({"entry":[{"changes":[{"value":7}]}]})"),
                                 std::string(R"({"entry":"x"})"), text_message("999")}) {
    CAPTURE(body);
    CHECK(post.post(body, signature(body)) == 200);
  }
  CHECK_FALSE(post.heard("16505551234"));
  CHECK(post.post("[1]", signature("[1]")) == 400);
  CHECK(post.post("{", signature("{")) == 400);
  CHECK(post.post(text_message(), signature(text_message()), "/elsewhere") == 404);
}

TEST_CASE("while the disk is full a post is answered 503, so that it comes again, and then it is kept") {
  auto& faults = journal::test::fault_vfs();
  Post post(journal::test::fault_vfs_name);
  const std::string body = text_message();
  faults.writes_left = 0;
  CHECK(post.post(body, signature(body)) == 503);
  CHECK_FALSE(post.heard("16505551234"));
  faults.writes_left = -1;
  CHECK(post.post(body, signature(body)) == 200);
  CHECK(post.heard("16505551234"));
}

TEST_CASE("a time in the future opens no window for longer") {
  Post post;
  post.clock.jump(-795'000'000'000);
  const std::string body = text_message();
  CHECK(post.post(body, signature(body)) == 200);
  CHECK(post.heard("16505551234") == 1'000'000'000'000);
}

TEST_CASE("every webhook example of Meta's is accepted, signed over its raw bytes") {
  if (!std::filesystem::exists(contracts)) {
    MESSAGE("skipped: there are no contracts beside the project");
    return;
  }
  int examples = 0;
  for (const char* folder : {"webhook-examples", "status-examples"}) {
    for (const auto& entry : std::filesystem::directory_iterator(contracts / folder)) {
      CAPTURE(entry.path().string());
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string body{std::istreambuf_iterator<char>(file), {}};
      Post post;
      CHECK(post.post(body, signature(body)) == 200);
      CHECK(post.post(body + "\n", signature(body)) == 401);
      ++examples;
    }
  }
  CHECK(examples > 15);
}
