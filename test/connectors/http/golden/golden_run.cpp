#include "test/connectors/http/golden/golden_run.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>

#include "connectors/http/http_target.h"
#include "test/connectors/http/golden/golden_text.h"
#include "test/connectors/http/support/target_under_test.h"

namespace test_http {

using namespace connectors::http;
using namespace engine::model;

namespace {

/// Outlives the wire: the target owns that.
struct Conversation {
  std::mutex mutex;
  WireOptions options;
  std::vector<RecordedExchange> script;
  std::vector<Exchange> asked;
  std::vector<RawAnswer> answered;
};

bool same_name(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

class RecordedWire : public Wire {
 public:
  explicit RecordedWire(std::shared_ptr<Conversation> conversation) : conversation_(std::move(conversation)) {}

  void submit(Exchange exchange) override {
    const auto answered = exchange.answered;
    answered(next_answer(std::move(exchange)));
  }
  void stop() override {}

 private:
  RawAnswer next_answer(Exchange exchange) {
    const std::lock_guard lock(conversation_->mutex);
    const std::size_t at = conversation_->asked.size();
    conversation_->asked.push_back(std::move(exchange));
    RawAnswer answer{.failure = "the golden holds no answer to this request", .request_begun = true};
    if (at < conversation_->script.size()) answer = conversation_->script[at].answer;
    keep_wanted(answer);
    conversation_->answered.push_back(answer);
    return answer;
  }

  /// As libcurl's side does: only headers that somebody asked for, under the name they were asked by.
  void keep_wanted(RawAnswer& answer) const {
    std::vector<std::pair<std::string, std::string>> kept;
    for (const std::string& wanted : conversation_->options.wanted_headers) {
      for (const auto& [name, value] : answer.headers) {
        if (same_name(name, wanted)) kept.emplace_back(wanted, value);
      }
    }
    answer.headers = std::move(kept);
  }

  std::shared_ptr<Conversation> conversation_;
};

std::vector<std::string> all_headers(const Conversation& conversation, const Exchange& exchange) {
  std::vector<std::string> headers = conversation.options.headers;
  headers.insert(headers.end(), exchange.headers.begin(), exchange.headers.end());
  return headers;
}

void compare_requests(const GoldenRun& run, const Conversation& conversation, PlayedRun& played) {
  const std::size_t count = std::max(run.exchanges.size(), conversation.asked.size());
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_expected = i < run.exchanges.size();
    const ExpectedRequest* expected = is_expected ? &run.exchanges[i].request : nullptr;
    std::string actual = "(no request)\n";
    if (i < conversation.asked.size()) {
      const Exchange& exchange = conversation.asked[i];
      actual = request_text(exchange, all_headers(conversation, exchange), run.connection.url, expected);
    }
    played.expected_and_actual.emplace_back(is_expected ? request_text(*expected) : "(no request)\n", actual);
  }
}

}  // namespace

PlayedRun play(const GoldenRun& run) {
  auto conversation = std::make_shared<Conversation>();
  conversation->script = run.exchanges;
  const auto target = make_http_target(run.connection, [&](WireOptions options) {
    conversation->options = std::move(options);
    return std::make_unique<RecordedWire>(conversation);
  });
  const auto answers = answers_to(*target, target->prepare(run.calls));
  target->stop();
  PlayedRun played;
  const std::lock_guard lock(conversation->mutex);
  compare_requests(run, *conversation, played);
  played.answers = conversation->answered;
  if (run.outcomes.empty()) return played;
  std::string expected;
  std::string actual;
  for (std::size_t i = 0; i < std::max(run.outcomes.size(), answers.size()); ++i) {
    const ExpectedOutcome* wanted = i < run.outcomes.size() ? &run.outcomes[i] : nullptr;
    if (wanted != nullptr) expected += outcome_text(*wanted);
    if (i < answers.size()) actual += outcome_text(answers[i], wanted != nullptr ? wanted->reason : "");
  }
  played.expected_and_actual.emplace_back(expected, actual);
  return played;
}

std::string difference(const std::string& expected, const std::string& actual) {
  if (expected == actual) return {};
  const std::vector<std::string> a = lines_of(expected);
  const std::vector<std::string> b = lines_of(actual);
  // The longest common subsequence, from the end: requests are short.
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string text;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      text += "    " + a[i++] + "\n";
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      text += "  - " + a[i++] + "\n";
    } else {
      text += "  + " + b[j++] + "\n";
    }
  }
  return text;
}

}  // namespace test_http
