#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "engine/base/blocking.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/metrics.h"
#include "engine/base/retry_policy.h"
#include "engine/base/secret.h"
#include "engine/base/work_queue.h"

using namespace engine;

TEST_CASE("a secret is masked as it is, URL-escaped, JSON-escaped and in base64 behind a user name") {
  const Secret secret("p@ss \"word\"/42");
  CHECK(redact("PWD=p@ss \"word\"/42;") == "PWD=***;");
  CHECK(redact("?token=p%40ss%20%22word%22%2F42&x=1") == "?token=***&x=1");
  CHECK(redact(R"({"pwd":"p@ss \"word\"/42"})") == R"({"pwd":"***"})");
  // base64("reader:p@ss \"word\"/42"), as basic authentication sends it
  CHECK(redact("Basic cmVhZGVyOnBAc3MgIndvcmQiLzQy").find("AgIndvcmQiLzQy") == std::string::npos);
}

TEST_CASE("a secret is masked as PHP and Python write it into JSON") {
  const Secret secret("caffè/42\xF0\x9F\x94\x91");
  CHECK(redact("{\"pwd\":\"caffè\\/42\xF0\x9F\x94\x91\"}") == R"({"pwd":"***"})");
  CHECK(redact(R"({"pwd":"caff\u00e8\/42\ud83d\udd11"})") == R"({"pwd":"***"})");
  CHECK(redact(R"({"pwd":"caff\u00e8/42\ud83d\udd11"})") == R"({"pwd":"***"})");
}

TEST_CASE("a secret is masked however escapes stand one inside the other, and what only looks alike is left") {
  const Secret secret("a&b/c+\"d\"%41\\'~è x");
  for (const char* form : {
           R"(a&b/c+"d"%41\'~è x)",                                        // as it is, its backslash in JSON
           R"(a%26b%2fc%2B%22d%22%2541%5C%27~%c3%a8+x)",                    // a form
           R"(a%26b/c%2B%22d%22%2541%5C%27%7E%C3%A8%20x)",                  // a URL
           R"(a%2526b%252Fc%252B%2522d%2522%252541%255C%2527~%25C3%25A8%2520x)",  // a URL in a URL
           R"(a&b\/c+\\\"d\\\"%41\\\\'~\\u00e8 x)",                       // JSON in JSON
           R"(a&amp;b/c+&quot;d&quot;%41\&#x27;~&#232; x)",                 // HTML
           R"(a&amp;amp;b/c+&amp;quot;d&#34;%41\\&apos;~è x)",             // HTML in HTML in JSON
       }) {
    CAPTURE(form);
    CHECK(redact("<" + std::string(form) + ">") == "<***>");
  }
  for (const char* other : {"a&b/c", "a&b/c+\"d\"%41\\'~e x", "100 % & more", "\\\\\\", "%", "&", "&;", "%2", "\\u00", "a&b/c+\"d\"%41\\'~è"}) {
    CAPTURE(other);
    CHECK(redact(other) == other);
  }
  const Secret token("?\?>>~~//token");
  CHECK(redact("Pz8-Pn5-Ly90b2tlbg") == "***");
  CHECK(redact("eDo_Pz4-fn4vL3Rva2Vu").find("4-fn4vL3Rv") == std::string::npos);
}

TEST_CASE("a secret is masked whatever it begins with, and what stands around it stays") {
  for (const auto& each : {std::pair("\xC3\xA8tica-42", R"(\u00e8tica-42)"), std::pair("&more;42", "&amp;more;42"), std::pair("\\\\host\\42", R"(\\\\host\\42)"),
                           std::pair(" +x-42", "%20%2Bx-42"), std::pair("x\xC3\xA8-42", R"(x\u00e8-42)"), std::pair("%%42%%", "%25%2542%25%")}) {
    const auto& value = each.first;
    const auto& form = each.second;
    CAPTURE(value);
    const PassingSecret secret(value);
    CHECK(redact(std::string("é=").append(value).append(",").append(form).append(";x")) == "é=***,***;x");
    CHECK(redact(value) == "***");
    CHECK(redact(std::string(value).substr(0, 3)) == std::string(value).substr(0, 3));
  }
}

TEST_CASE("a secret in base64 is masked wherever it stands, and however many there are") {
  const PassingSecret one("reader:first-42"), other("writer:second-42");
  CHECK(redact("cmVhZGVyOmZpcnN0LTQy and eyJ3cml0ZXI6c2Vjb25kLTQyIn0, d3JpdGVyOnNlY29uZC00Mg==") == "*** and eyJ3***In0, ***==");
}

TEST_CASE("a secret of several lines is masked as a JSON text holds it") {
  const Secret secret("-----BEGIN KEY-----\nMIIB\r\n\tZZ");
  CHECK(redact(R"({"key":"-----BEGIN KEY-----\nMIIB\r\n\tZZ"})") == R"({"key":"***"})");
}

TEST_CASE("a secret too short to be told from text is not masked") {
  const Secret secret("abc");
  CHECK(redact("abcdef") == "abcdef");
}

TEST_CASE("a passing secret is masked for as long as somebody holds it, and one that stays is not forgotten with it") {
  remember_secret("both-a-token-and-a-password");
  {
    const PassingSecret token("session-4711");
    const PassingSecret same("session-4711");
    const PassingSecret both("both-a-token-and-a-password");
    PassingSecret moved(PassingSecret("moved-along"));
    CHECK(redact("session-4711, c2Vzc2lvbi00NzEx, moved-along") == "***, ***, ***");
  }
  CHECK(redact("session-4711, moved-along") == "session-4711, moved-along");
  CHECK(redact("both-a-token-and-a-password") == "***");
}

TEST_CASE("waits double from the first up to the limit and never fall below half of their step") {
  const RetryPolicy policy{.first_wait_ms = 500, .wait_ms_max = 60'000};
  CHECK(policy.wait_ms(1, 0.0) == 250);
  CHECK(policy.wait_ms(1, 0.999) >= 499);
  CHECK(policy.wait_ms(4, 0.0) == 2'000);
  CHECK(policy.wait_ms(1'000, 0.0) == 30'000);
}

TEST_CASE("a pool runs what is queued before it ends, and takes nothing after") {
  std::atomic<int> done = 0;
  BlockingPool pool("test", 2);
  for (int i = 0; i < 100; ++i) CHECK(pool.post([&] { ++done; }));
  pool.stop();
  CHECK(done == 100);
  CHECK_FALSE(pool.post([&] { ++done; }));
}

TEST_CASE("a queue that is full or stopping says so, and gives back what waits") {
  std::promise<void> begun, may_end;
  WorkQueue<int> queue({.thread_name = "test", .waiting_max = 2}, [&](WorkQueue<int>& items) {
    while (!items.take(1).empty()) {
      begun.set_value();
      may_end.get_future().wait();
    }
  });
  int first = 1, second = 2, third = 3, fourth = 4;
  CHECK(queue.put(first) == nullptr);
  begun.get_future().wait();
  CHECK(queue.put(second) == nullptr);
  CHECK(queue.put(third) == nullptr);
  CHECK(std::string(queue.put(fourth)) == "too much waits already");
  std::vector<int> back;
  queue.give_up([&](int& item) {
    back.push_back(item);
    if (back.size() == 2) may_end.set_value();
  });
  CHECK(back == std::vector{2, 3});
  CHECK(std::string(queue.put(fourth)) == "the daemon is stopping");
}

TEST_CASE("a stop request ends a wait at once") {
  StopSignal stop;
  CHECK_FALSE(stop.wait_for(0));
  stop.request();
  CHECK(stop.wait_for(60'000));
}

TEST_CASE("times are told in UTC with milliseconds, also before 1970") {
  CHECK(utc_text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(utc_text(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("an error keeps its code, context and hint") {
  Error error(ErrorCode::source_refused, "no table X", {{"table", "x"}}, "create it");
  error.with("connection", "erp");
  CHECK(name_of(error.code()) == "source.refused");
  CHECK(error.context().size() == 2);
  CHECK(error.hint() == "create it");
}

TEST_CASE("metrics are told in Prometheus' text format") {
  count("datapicker_capture_failures_total", {{"code", "a"}});
  count("datapicker_capture_failures_total", {{"code", "a"}}, 2);
  CHECK(metrics_text().find("datapicker_capture_failures_total{code=\"a\"} 3") != std::string::npos);
}
