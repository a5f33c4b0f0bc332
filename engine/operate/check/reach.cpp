#include "engine/operate/check/reach.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace engine::operate {

namespace {

struct Address {
  std::string host, port;
};

Address address_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  std::string authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  if (const std::size_t user = authority.rfind('@'); user != std::string::npos) authority.erase(0, user + 1);
  const std::string usual = url.starts_with("https") ? "443" : "80";
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    const bool has_port = close + 1 < authority.size() && authority[close + 1] == ':';
    return {authority.substr(1, close - 1), has_port ? authority.substr(close + 2) : usual};
  }
  const std::size_t colon = authority.find(':');
  if (colon == std::string::npos) return {authority, usual};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

// Empty, or why this one address does not answer.
std::string try_address(const addrinfo& address, std::int64_t timeout_ms) {
  const int socket_number = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_number < 0) return std::strerror(errno);
  int failure = connect(socket_number, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (failure == EINPROGRESS) {
    pollfd waiting{socket_number, POLLOUT, 0};
    failure = poll(&waiting, 1, static_cast<int>(timeout_ms)) == 1 ? 0 : ETIMEDOUT;
    socklen_t size = sizeof failure;
    if (failure == 0) getsockopt(socket_number, SOL_SOCKET, SO_ERROR, &failure, &size);
  }
  close(socket_number);
  return failure == 0 ? std::string() : std::string(std::strerror(failure));
}

}  // namespace

std::string unreachable_because(const std::string& url, std::int64_t timeout_ms) {
  const Address wanted = address_of(url);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(wanted.host.c_str(), wanted.port.c_str(), &hints, &found); failed != 0) {
    return "host " + wanted.host + ": " + gai_strerror(failed);
  }
  std::string reason;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    reason = try_address(*address, timeout_ms);
    if (reason.empty()) break;
    reason = wanted.host + ":" + wanted.port + ": " + reason;
  }
  freeaddrinfo(found);
  return reason;
}

}  // namespace engine::operate
