#include "engine/inbound/http_server.h"

#include <pthread.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <thread>

#include "engine/base/error.h"

namespace engine::inbound {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t header_bytes_max = 64 << 10;
constexpr std::size_t body_bytes_max = 1 << 20;
constexpr std::chrono::seconds request_time{30};
constexpr int connections_max = 256;

// One connection: read a request, answer it, again until the client leaves. Callbacks keep it alive.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::ip::tcp::socket socket, const HttpServer::Handler& handler, int& connections)
      : stream_(std::move(socket)), handler_(handler), connections_(connections) {
    ++connections_;
  }
  ~Session() { --connections_; }

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(body_bytes_max);
    stream_.expires_after(request_time);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    const auto& request = parser_->get();
    HttpResponse answer;
    try {
      answer = handler_({std::string(request.method_string()), std::string(request.target()), request.body()});
    } catch (const std::exception& problem) {
      answer = {500, "text/plain; charset=utf-8", std::string(problem.what()) + "\n"};
    }
    response_ = {};
    response_.version(request.version());
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(http::field::content_type, answer.content_type);
    response_.keep_alive(request.keep_alive());
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  beast::tcp_stream stream_;
  const HttpServer::Handler& handler_;
  int& connections_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

class HttpServer::Running {
 public:
  Running(const std::string& host, std::uint16_t port, Handler handler) : handler_(std::move(handler)), acceptor_(context_) {
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
  }
  std::uint16_t port() const { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, asio::ip::tcp::socket socket) {
      if (!error && connections_ < connections_max) {
        std::make_shared<Session>(std::move(socket), handler_, connections_)->read();
      }
      accept();
    });
  }

  Handler handler_;
  int connections_ = 0;  ///< outlives the context, whose destructor ends the sessions
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(const std::string& host, std::uint16_t port, Handler handler)
    : running_(std::make_unique<Running>(host, port, std::move(handler))) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return running_->port(); }

}  // namespace engine::inbound
