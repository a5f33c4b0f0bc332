#include "test/support/stub_server/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace stub_server {

namespace {

int listen_on(const std::string& place, std::uint16_t port) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, place.c_str(), &address.sin_addr) != 1) throw std::runtime_error("not an address: " + place);
  if (bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(file, 1024) != 0) {
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  }
  return file;
}

std::uint16_t port_of(int file) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

Server::Server(const std::string& address, std::uint16_t port, Behaviour& behaviour)
    : behaviour_(behaviour), poll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_on(address, port)), port_(port_of(listener_)) {
  watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
}

Server::~Server() {
  while (!connections_.empty()) drop(connections_.begin()->first);
  close(listener_);
  close(poll_);
}

void Server::run(int stop_file) {
  watch(stop_file, EPOLLIN, EPOLL_CTL_ADD);
  std::array<epoll_event, 256> events;
  for (;;) {
    timespec wait{};
    if (!held_.empty()) {
      const auto ns = std::chrono::nanoseconds(held_.top().due - std::chrono::steady_clock::now()).count();
      if (ns > 0) wait = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    }
    const int count = epoll_pwait2(poll_, events.data(), events.size(), held_.empty() ? nullptr : &wait, nullptr);
    release_due();
    for (int i = 0; i < count; ++i) {
      const int file = events[i].data.fd;
      if (file == stop_file) return;
      if (file == listener_) {
        accept_all();
        continue;
      }
      // Released answers may have closed this connection, and its number may be taken again only by accept_all below it:
      // both then read nothing, which is harmless.
      if (const auto found = connections_.find(file); found != connections_.end()) {
        if (events[i].events & EPOLLOUT) send_unsent(file, found->second);
        if (connections_.contains(file) && (events[i].events & ~EPOLLOUT)) receive(file);
      }
    }
  }
}

void Server::accept_all() {
  for (;;) {
    const int file = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) return;
    const int on = 1;
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[file].serial = ++last_serial_;
    watch(file, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void Server::receive(int file) {
  Connection& connection = connections_.at(file);
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t size = recv(file, buffer.data(), buffer.size(), 0);
    if (size > 0) {
      connection.received.append(buffer.data(), static_cast<std::size_t>(size));
      if (static_cast<std::size_t>(size) < buffer.size()) break;
      continue;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
    drop(file);
    return;
  }
  serve(file, connection);
}

void Server::serve(int file, Connection& connection) {
  while (!connection.busy && !connection.close_when_sent) {
    Request request;
    const Parsed parsed = take_request(connection.received, request);
    if (parsed == Parsed::malformed) {
      finish(file, connection, {.status = 400, .body = R"({"error":"malformed request"})"}, false);
      return;
    }
    if (parsed == Parsed::incomplete) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      if (request.expects_continue) (void)!send(file, go_on.data(), go_on.size(), MSG_NOSIGNAL);
      return;
    }
    const std::uint64_t serial = connection.serial;
    Answer answer = behaviour_.answer(request);
    const auto latency = std::chrono::milliseconds(behaviour_.settings().latency_ms);
    if (latency.count() > 0 && !answer.without_delay) {
      connection.busy = true;
      held_.push({std::chrono::steady_clock::now() + latency, file, serial, std::move(answer), request.keep_alive});
      return;
    }
    finish(file, connection, answer, request.keep_alive);
    if (!connections_.contains(file)) return;
  }
}

void Server::finish(int file, Connection& connection, const Answer& answer, bool keep_alive) {
  if (answer.cut) {
    drop(file);
    return;
  }
  connection.unsent += to_bytes(answer, keep_alive);
  connection.close_when_sent = !keep_alive;
  send_unsent(file, connection);
}

void Server::send_unsent(int file, Connection& connection) {
  while (!connection.unsent.empty()) {
    const ssize_t size = send(file, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) {
      watch(file, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      return;
    }
    if (size < 0) {
      drop(file);
      return;
    }
    const bool all = static_cast<std::size_t>(size) == connection.unsent.size();
    connection.unsent.erase(0, static_cast<std::size_t>(size));
    if (!all) continue;
  }
  if (connection.close_when_sent) drop(file);
}

void Server::release_due() {
  while (!held_.empty() && held_.top().due <= std::chrono::steady_clock::now()) {
    const Held held = held_.top();
    held_.pop();
    const auto found = connections_.find(held.file);
    if (found == connections_.end() || found->second.serial != held.serial) continue;
    found->second.busy = false;
    finish(held.file, found->second, held.answer, held.keep_alive);
    if (connections_.contains(held.file)) serve(held.file, found->second);
  }
}

void Server::watch(int file, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = file;
  epoll_ctl(poll_, operation, file, &event);
}

void Server::drop(int file) {
  close(file);
  connections_.erase(file);
}

}  // namespace stub_server
