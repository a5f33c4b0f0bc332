#include "connectors/http/wire/curl_loop.h"

#include <curl/curl.h>
#include <pthread.h>

#include <array>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "connectors/http/wire/transfer.h"
#include "engine/base/error.h"

namespace connectors::http {

namespace {

constexpr int poll_ms_max = 1'000;
constexpr std::size_t kept_bytes_max = 65'536;
constexpr const char* stopped_text = "the daemon is stopping";

void initialise_curl_once() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  ENGINE_ASSERT(code == CURLE_OK);
}

void answer_unsent(Exchange& exchange, std::string reason) {
  RawAnswer answer;
  answer.failure = std::move(reason);
  exchange.answered(std::move(answer));
}

}  // namespace

/// All of libcurl is used by `thread_` alone; others put exchanges into `incoming_` and wake it.
class CurlLoop::Running {
 public:
  explicit Running(WireOptions options) : options_(std::move(options)) {
    initialise_curl_once();
    multi_ = curl_multi_init();
    ENGINE_ASSERT(multi_ != nullptr);
    // One for each request that may be under way. More would be closed by the server unused, fewer would cost
    // handshakes.
    const auto connections = static_cast<long>(options_.in_flight_max);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections);
    // The first handle is made here, so that a bad option is an error of whoever configured it, not of a later call.
    idle_.push_back(std::make_unique<Transfer>(options_));
    thread_ = std::thread([this] { run(); });
  }

  ~Running() {
    stop();
    idle_.clear();
    curl_multi_cleanup(multi_);
  }

  void submit(Exchange exchange) {
    const char* refused = nullptr;
    bool wake = false;
    std::array<Exchange, 2> spent;  // freed when the lock is given back
    {
      const std::lock_guard lock(mutex_);
      for (Exchange& each : spent) {
        if (spent_.empty()) break;
        each = std::move(spent_.back());
        spent_.pop_back();
      }
      if (stopping_) {
        refused = stopped_text;
      } else if (incoming_.size() >= options_.waiting_max) {
        refused = "too many requests wait for this connection";
      } else {
        wake = std::exchange(asleep_, false);
        incoming_.push_back(std::move(exchange));
      }
    }
    if (refused != nullptr) return answer_unsent(exchange, refused);
    if (wake) curl_multi_wakeup(multi_);
  }

  void ping(std::function<void()> answered) {
    {
      const std::lock_guard lock(mutex_);
      pings_.push_back(std::move(answered));
    }
    curl_multi_wakeup(multi_);
  }

  void stop() {
    const std::lock_guard stopping(stop_mutex_);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    if (!thread_.joinable()) return;
    curl_multi_wakeup(multi_);
    thread_.join();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "wire");
    while (start_waiting()) {
      answer_pings();
      int under_way = 0;
      curl_multi_perform(multi_, &under_way);
      if (!take_answers()) sleep();
    }
    abandon_all();
  }

  void answer_pings() {
    std::vector<std::function<void()>> pings;
    {
      const std::lock_guard lock(mutex_);
      pings.swap(pings_);
    }
    for (const auto& answered : pings) answered();
  }

  /// Until a socket is ready or somebody brings a request: one wake-up a sleep, however many are brought.
  void sleep() {
    {
      const std::lock_guard lock(mutex_);
      const bool can_start = !incoming_.empty() && active_.size() < options_.in_flight_max;
      if (stopping_ || can_start) return;
      asleep_ = true;
    }
    curl_multi_poll(multi_, nullptr, 0, poll_ms_max, nullptr);
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }

  /// False when the loop is to end.
  bool start_waiting() {
    {
      const std::lock_guard lock(mutex_);
      for (Exchange& each : ended_) {
        if (spent_.size() < options_.in_flight_max) spent_.push_back(std::move(each));
      }
      if (stopping_) return false;
      for (std::size_t free = options_.in_flight_max - active_.size(); free > 0 && !incoming_.empty(); --free) {
        starting_.push_back(std::move(incoming_.front()));
        incoming_.pop_front();
      }
    }
    ended_.clear();
    for (Exchange& next : starting_) start(std::move(next));
    starting_.clear();
    return true;
  }

  /// What cannot even begin is answered at once, as not sent.
  void start(Exchange exchange) {
    if (idle_.empty()) idle_.push_back(std::make_unique<Transfer>(options_));
    std::unique_ptr<Transfer> transfer = std::move(idle_.back());
    idle_.pop_back();
    try {
      transfer->begin(std::move(exchange));
    } catch (const engine::Error& problem) {
      RawAnswer answer = transfer->abandon(problem.what());
      transfer->take_exchange().answered(std::move(answer));
      return;
    }
    const CURLMcode code = curl_multi_add_handle(multi_, transfer->handle());
    ENGINE_ASSERT(code == CURLM_OK);
    active_.insert(transfer.release());
  }

  /// Calls back without any lock: `answered` may submit.
  bool take_answers() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      char* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      const CURLcode code = message->data.result;
      auto transfer = retire(*reinterpret_cast<Transfer*>(self));
      RawAnswer answer = transfer->end(code);
      Exchange exchange = transfer->take_exchange();
      idle_.push_back(std::move(transfer));
      exchange.answered(std::move(answer));
      // A large body does not wait for the next request.
      if (exchange.body.size() <= kept_bytes_max) ended_.push_back(std::move(exchange));
    }
    return any;
  }

  std::unique_ptr<Transfer> retire(Transfer& transfer) {
    curl_multi_remove_handle(multi_, transfer.handle());
    active_.erase(&transfer);
    return std::unique_ptr<Transfer>(&transfer);
  }

  /// What the answers bring in turn is refused by `submit`, so one look at the queue is enough.
  void abandon_all() {
    while (!active_.empty()) {
      auto transfer = retire(**active_.begin());
      RawAnswer answer = transfer->abandon(stopped_text);
      transfer->take_exchange().answered(std::move(answer));
    }
    std::deque<Exchange> left;
    {
      const std::lock_guard lock(mutex_);
      left.swap(incoming_);
    }
    for (Exchange& exchange : left) answer_unsent(exchange, stopped_text);
  }

  const WireOptions options_;
  CURLM* multi_ = nullptr;
  std::mutex stop_mutex_;
  std::mutex mutex_;
  std::deque<Exchange> incoming_;
  /// Answered, as many as may be under way at once. Whoever brings a request frees some: memory that one thread takes and another gives back
  /// costs both of them the lock of the allocator, dozens of times a request.
  std::vector<Exchange> spent_;
  std::vector<std::function<void()>> pings_;
  bool stopping_ = false;
  bool asleep_ = false;
  std::vector<std::unique_ptr<Transfer>> idle_;  ///< the loop's thread only, as the next
  std::vector<Exchange> starting_;               ///< taken from `incoming_`
  std::vector<Exchange> ended_;                  ///< since the last turn: will be `spent_`
  std::unordered_set<Transfer*> active_;         ///< owned
  std::thread thread_;
};

CurlLoop::CurlLoop(WireOptions options) : running_(std::make_unique<Running>(std::move(options))) {}
CurlLoop::~CurlLoop() = default;
void CurlLoop::submit(Exchange exchange) { running_->submit(std::move(exchange)); }
void CurlLoop::ping(std::function<void()> answered) { running_->ping(std::move(answered)); }
void CurlLoop::stop() { running_->stop(); }

}  // namespace connectors::http
