// A small HTTP server inside the test: scripted answers, faults on cue, every request recorded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace test_support {

struct StubRequest {
  std::string method;
  std::string target;  ///< path and query as they came
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int connection = 0;  ///< from 1

  /// Case-insensitive; empty when it is absent.
  std::string header(std::string_view name) const;
};

struct StubAnswer {
  enum class Fault : std::uint8_t {
    none,
    cut,          ///< the request was read, the connection is closed without a byte
    cut_in_body,  ///< closed after half of the body
    stall,        ///< nothing more until the stub ends
    garbage,      ///< bytes that are not HTTP
  };
  int status = 200;
  std::string body = "{}";
  std::vector<std::string> headers{};  ///< "Name: value"
  Fault fault = Fault::none;
  bool close = false;                           ///< after this answer
  std::optional<std::size_t> content_length{};  ///< when it shall lie
  std::string raw{};                            ///< these bytes instead of all the above, then the connection is closed
  bool byte_by_byte = false;                    ///< `raw` in as many packets as it has bytes
};

/// Listens on a free port of 127.0.0.1; a thread a connection; keep-alive.
class HttpStub {
 public:
  using Script = std::function<StubAnswer(const StubRequest&)>;

  HttpStub();
  ~HttpStub();
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  std::string url() const;
  std::uint16_t port() const { return port_; }
  /// One answer each, in order; then what `always` said, at first 200 {}.
  void answer(std::initializer_list<StubAnswer> answers);
  /// Called on connection threads, one at a time.
  void always(Script script);
  std::vector<StubRequest> requests() const;
  /// The last request; fails the test's expectations with an empty one.
  StubRequest last() const;
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int file, int number);
  StubAnswer next(const StubRequest& request);
  bool send_answer(int file, const StubAnswer& answer);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::deque<StubAnswer> scripted_;
  Script script_ = [](const StubRequest&) { return StubAnswer{}; };
  std::vector<StubRequest> requests_;
  std::vector<int> files_;
  std::list<std::thread> threads_;
  std::atomic<int> connections_ = 0;
};

}  // namespace test_support
