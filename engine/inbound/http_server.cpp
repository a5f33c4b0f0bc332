#include "engine/inbound/http_server.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text/characters.h"

namespace engine::inbound {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t header_bytes_max = 64 << 10;
constexpr std::chrono::seconds request_time{30};
constexpr int connections_max = 256;
constexpr std::size_t small_body_bytes = 64 << 10;
/// Of all large bodies at once: whoever posts them cannot fill the memory by posting many.
constexpr std::size_t large_bytes_max = 32 << 20;
constexpr std::chrono::milliseconds accept_pause{200};

/// Answers that are still to come, from whatever thread. The server ends when there are none.
class Awaited {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++number_;
  }
  /// `give` is told whether the server still lives.
  void done(const std::function<void(bool)>& give) {
    const std::lock_guard lock(mutex_);
    give(!ended_);
    --number_;
    none_.notify_all();
  }
  void end() {
    std::unique_lock lock(mutex_);
    ended_ = true;
    none_.wait(lock, [this] { return number_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int number_ = 0;
  bool ended_ = false;
};

/// What all connections share.
struct Service {
  HttpServer::AsyncHandler handler;
  std::size_t body_bytes_max;
  int connections = 0;
  std::size_t large_bytes = 0;  ///< of large bodies that are being read or answered
  std::shared_ptr<Awaited> awaited = std::make_shared<Awaited>();
};

// One connection: read a request, answer it, again until the client leaves. Callbacks keep it alive.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::ip::tcp::socket socket, Service& service) : stream_(std::move(socket)), service_(service) {
    ++service_.connections;
  }
  ~Session() {
    give_back();
    --service_.connections;
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(service_.body_bytes_max);
    stream_.expires_after(request_time);
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->read_body();
      else self->refuse(error);
    });
  }

 private:
  /// Small bodies always find room: there are not more of them than connections. Large ones share theirs.
  void read_body() {
    const std::size_t bytes = parser_->content_length() ? static_cast<std::size_t>(*parser_->content_length()) : parser_->chunked() ? service_.body_bytes_max : 0;
    if (bytes > small_body_bytes) {
      if (service_.large_bytes + bytes > large_bytes_max) {
        return write({503, "text/plain; charset=utf-8", "too much is being posted at this moment: again later\n"}, false);
      }
      taken_bytes_ = bytes;
      service_.large_bytes += bytes;
    }
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->hand_over();
      else self->refuse(error);
    });
  }

  void refuse(beast::error_code error) {
    if (error == http::error::body_limit) write({413, "text/plain; charset=utf-8", "the body is too large\n"}, false);
  }

  void give_back() { service_.large_bytes -= std::exchange(taken_bytes_, 0); }

  /// From here until the answer nothing is read from this connection: its next request waits its turn.
  void hand_over() {
    service_.awaited->add();
    // The session ends before the server does, whoever keeps the function.
    auto held = std::make_shared<std::shared_ptr<Session>>(shared_from_this());
    auto respond = [awaited = service_.awaited, held](HttpResponse response) {
      awaited->done([&](bool lives) {
        auto self = std::exchange(*held, nullptr);
        if (lives && self) post_answer(std::move(self), std::move(response));
      });
    };
    service_.handler(request(), std::move(respond));
  }

  /// Handed on whole: were a reference left here, whoever answers could be the last to hold the session, and would end it while the
  /// server's thread works.
  static void post_answer(std::shared_ptr<Session> self, HttpResponse response) {
    const auto executor = self->stream_.get_executor();
    asio::post(executor, [self = std::move(self), response = std::move(response)]() mutable {
      self->write(std::move(response), self->parser_->get().keep_alive());
    });
  }

  HttpRequest request() {
    auto& message = parser_->get();
    const std::string target(message.target());
    const std::size_t mark = target.find('?');
    HttpRequest request{.method = std::string(message.method_string()),
                        .path = target.substr(0, mark),
                        .query = mark == std::string::npos ? "" : target.substr(mark + 1)};
    for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
    request.body = std::move(message.body());
    return request;
  }

  void write(HttpResponse answer, bool keep_alive) {
    give_back();
    response_ = {};
    response_.version(parser_->get().version());
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(http::field::content_type, answer.content_type);
    response_.keep_alive(keep_alive);
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    stream_.expires_after(request_time);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  beast::tcp_stream stream_;
  Service& service_;
  std::size_t taken_bytes_ = 0;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

/// A handler that answers by returning, as one that answers later.
HttpServer::AsyncHandler at_once(HttpServer::Handler handler) {
  return [handler = std::move(handler)](const HttpRequest& request, const HttpServer::Respond& respond) {
    HttpResponse answer;
    try {
      answer = handler(request);
    } catch (const std::exception& problem) {
      answer = {500, "text/plain; charset=utf-8", std::string(problem.what()) + "\n"};
    }
    respond(std::move(answer));
  };
}

}  // namespace

const std::string* HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_word(key, name)) return &value;
  }
  return nullptr;
}

/// The thread and what it serves. Nothing of Asio is touched by another one, but for posting an answer.
class HttpServer::Running {
 public:
  Running(const std::string& host, std::uint16_t port, AsyncHandler handler, std::size_t body_bytes_max)
      : service_{std::move(handler), body_bytes_max}, acceptor_(context_), pause_(context_) {
    try {
      const asio::ip::tcp::endpoint address(asio::ip::make_address(host), port);
      acceptor_.open(address.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(address);
      acceptor_.listen();
    } catch (const boost::system::system_error& problem) {
      throw Error(ErrorCode::environment_missing,
                  "cannot listen on " + host + ":" + std::to_string(port) + ": " + problem.code().message(), {},
                  "another process may use the port; change it in datapicker.yaml");
    }
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "http");
      context_.run();
    });
  }
  ~Running() {
    context_.stop();
    thread_.join();
    // Whoever still holds a session lets it go here, before the context that its socket stands on.
    service_.awaited->end();
  }
  std::uint16_t port() const { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, asio::ip::tcp::socket socket) {
      if (error) return accept_later(error);
      accepts_ = true;
      // Beyond the limit a connection is closed unanswered: each costs memory, whoever makes them.
      if (service_.connections < connections_max) std::make_shared<Session>(std::move(socket), service_)->read();
      accept();
    });
  }

  /// Who connects while no descriptor is left stays in the kernel's queue, and would be offered again at once, for ever.
  void accept_later(beast::error_code error) {
    if (std::exchange(accepts_, false)) {
      log_event(LogLevel::error, "http.accept_failed",
                {{"port", std::to_string(port_)}, {"message", error.message()}, {"hint", "it is tried again; LimitNOFILE= of the service is how many files may be open"}});
    }
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](beast::error_code) { accept(); });
  }

  Service service_;  ///< outlives the context, whose destructor ends the sessions
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  bool accepts_ = true;  ///< what it no longer does is told once
  std::uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(const std::string& host, std::uint16_t port, Handler handler)
    : HttpServer(host, port, at_once(std::move(handler)), body_bytes) {}

HttpServer::HttpServer(const std::string& host, std::uint16_t port, AsyncHandler handler, std::size_t body_bytes_max)
    : running_(std::make_unique<Running>(host, port, std::move(handler), body_bytes_max)) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return running_->port(); }

}  // namespace engine::inbound
