#include "test/support/http_stub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace test_support {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool send_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

StubRequest parsed_head(std::string_view head) {
  StubRequest request;
  const std::string_view first = head.substr(0, head.find("\r\n"));
  const std::size_t space = first.find(' ');
  request.method = first.substr(0, space);
  request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  for (std::size_t at = first.size() + 2; at < head.size();) {
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      request.headers.emplace_back(line.substr(0, colon), value == std::string_view::npos ? "" : line.substr(value));
    }
    at += line.size() + 2;
  }
  return request;
}

/// False when the peer closed first.
bool read_request(int file, std::string& received, StubRequest& request) {
  char buffer[16'384];
  std::size_t whole = 0;
  while (true) {
    const std::size_t head_end = received.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      request = parsed_head(std::string_view(received).substr(0, head_end + 2));
      const std::string length = request.header("Content-Length");
      whole = head_end + 4 + (length.empty() ? 0 : std::stoul(length));
      if (received.size() >= whole) {
        request.body = received.substr(head_end + 4, whole - head_end - 4);
        received.erase(0, whole);
        return true;
      }
    }
    const ssize_t got = ::recv(file, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    received.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string StubRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

HttpStub::HttpStub() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* name = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, name, size) != 0 || ::listen(listener_, 256) != 0 ||
      ::getsockname(listener_, name, &size) != 0) {
    throw std::runtime_error("the HTTP stub cannot listen");
  }
  port_ = ntohs(address.sin_port);
  const std::lock_guard lock(mutex_);  // the first connection may come before this list is whole
  threads_.emplace_back([this] { accept_all(); });
}

HttpStub::~HttpStub() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const int file : files_) ::shutdown(file, SHUT_RDWR);
  }
  ended_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  threads_.front().join();
  for (auto thread = std::next(threads_.begin()); thread != threads_.end(); ++thread) thread->join();
  ::close(listener_);
}

std::string HttpStub::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void HttpStub::answer(std::initializer_list<StubAnswer> answers) {
  const std::lock_guard lock(mutex_);
  scripted_.insert(scripted_.end(), answers.begin(), answers.end());
}

void HttpStub::always(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

std::vector<StubRequest> HttpStub::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

StubRequest HttpStub::last() const {
  const std::lock_guard lock(mutex_);
  return requests_.empty() ? StubRequest{} : requests_.back();
}

void HttpStub::accept_all() {
  while (true) {
    const int file = ::accept(listener_, nullptr, nullptr);
    if (file < 0) return;
    const int on = 1;
    ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    if (ending_) {
      ::close(file);
      return;
    }
    files_.push_back(file);
    const int number = ++connections_;
    threads_.emplace_back([this, file, number] { serve(file, number); });
  }
}

void HttpStub::serve(int file, int number) {
  std::string received;
  StubRequest request;
  while (read_request(file, received, request)) {
    request.connection = number;
    const StubAnswer answer = next(request);
    if (!send_answer(file, answer)) break;
  }
  const std::lock_guard lock(mutex_);
  std::erase(files_, file);
  ::close(file);
}

StubAnswer HttpStub::next(const StubRequest& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
  if (scripted_.empty()) return script_(request);
  StubAnswer answer = std::move(scripted_.front());
  scripted_.pop_front();
  return answer;
}

bool HttpStub::send_answer(int file, const StubAnswer& answer) {
  using Fault = StubAnswer::Fault;
  if (answer.fault == Fault::cut) return false;
  if (answer.fault == Fault::garbage) return send_all(file, "\x01\x02 not HTTP at all\r\n\r\n") && false;
  if (answer.fault == Fault::stall) {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return ending_; });
    return false;
  }
  if (!answer.raw.empty()) {
    const std::size_t step = answer.byte_by_byte ? 1 : answer.raw.size();
    for (std::size_t at = 0; at < answer.raw.size(); at += step) {
      if (!send_all(file, answer.raw.substr(at, step))) break;
    }
    return false;
  }
  std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\nContent-Length: " +
                      std::to_string(answer.content_length.value_or(answer.body.size())) + "\r\n";
  for (const std::string& header : answer.headers) bytes += header + "\r\n";
  if (answer.close) bytes += "Connection: close\r\n";
  bytes += "\r\n";
  const bool half = answer.fault == Fault::cut_in_body;
  bytes += half ? answer.body.substr(0, answer.body.size() / 2) : answer.body;
  return send_all(file, bytes) && !half && !answer.close;
}

}  // namespace test_support
