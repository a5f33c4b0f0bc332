#include "engine/pipeline/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace engine::pipeline {

namespace {

constexpr std::size_t line_bytes_max = 4 << 20;
constexpr int patience_ms = 30'000;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    throw Error(ErrorCode::environment_missing, "the path of the control socket is longer than a Unix socket allows",
                {{"path", text}}, "give the journal a shorter path");
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

bool wait_for(int descriptor, short events, int wait_ms) {
  pollfd waited{descriptor, events, 0};
  return poll(&waited, 1, wait_ms) > 0;
}

// Takes lines off a socket, one after another.
class LineReader {
 public:
  LineReader(int descriptor, int patience_ms) : descriptor_(descriptor), patience_ms_(patience_ms) {}

  // A line without its end; nullopt when the other side went away, was silent too long or sends without end.
  std::optional<std::string> next() {
    for (;;) {
      if (const std::size_t end = read_.find('\n', searched_); end != std::string::npos) {
        std::string line = read_.substr(0, end);
        read_.erase(0, end + 1);
        searched_ = 0;
        return line;
      }
      searched_ = read_.size();
      if (read_.size() >= line_bytes_max || !wait_for(descriptor_, POLLIN, patience_ms_)) return std::nullopt;
      char buffer[4096];
      const ssize_t got = read(descriptor_, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::nullopt;
      read_.append(buffer, static_cast<std::size_t>(got));
    }
  }

 private:
  int descriptor_;
  int patience_ms_;  ///< -1: as long as the other side is there
  std::string read_;
  std::size_t searched_ = 0;  ///< so much of it holds no end of a line
};

// Whoever asked sends nothing more: what can be read is the end.
bool is_gone(int descriptor) {
  pollfd waited{descriptor, POLLIN | POLLRDHUP, 0};
  return poll(&waited, 1, 0) > 0 && (waited.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    if (!wait_for(descriptor, POLLOUT, patience_ms)) return false;
    // As much as there is room for: one that stopped reading holds this thread for no longer than its patience.
    const ssize_t put = send(descriptor, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

Peer peer_of(int client) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  Peer peer;
  if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
  peer.uid = credentials.uid;
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  getpwuid_r(peer.uid, &entry, buffer, sizeof buffer, &found);
  peer.user = found != nullptr ? found->pw_name : "uid " + std::to_string(peer.uid);
  return peer;
}

std::string refusal(const Error& error) {
  boost::json::object answer{{"error", name_of(error.code())}, {"message", error.what()}, {"hint", error.hint()}};
  return boost::json::serialize(answer);
}

}  // namespace

std::filesystem::path control_socket_path(const std::filesystem::path& journal_path) {
  return journal_path.string() + ".sock";
}

ControlSocket::ControlSocket(std::filesystem::path path, Handler handler) : path_(std::move(path)), handler_(std::move(handler)) {
  const sockaddr_un address = address_of(path_);
  std::filesystem::remove(path_);  // left by a killed process: the journal's lock says that no other daemon lives
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const mode_t mask = umask(0117);
  const bool bound = listener_ >= 0 && bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound || listen(listener_, 16) != 0 || pipe2(wake_pipe_, O_CLOEXEC) != 0) {
    throw Error(ErrorCode::environment_missing, std::string("the control socket can't be made: ") + std::strerror(errno),
                {{"path", path_.string()}});
  }
  thread_ = std::thread([this] { serve(); });
}

ControlSocket::~ControlSocket() {
  stopping_ = true;
  const char end = 'x';
  [[maybe_unused]] const ssize_t put = write(wake_pipe_[1], &end, 1);
  thread_.join();
  join_ended(true);
  close(listener_);
  close(wake_pipe_[0]);
  close(wake_pipe_[1]);
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void ControlSocket::serve() {
  for (;;) {
    pollfd waited[2] = {{listener_, POLLIN, 0}, {wake_pipe_[0], POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) return;
    if (waited[1].revents != 0) return;
    if ((waited[0].revents & POLLIN) != 0) accept_one();
  }
}

// Each client has a thread, so that `status` answers while a long act runs. Above the limit a client waits its turn on the
// serving thread.
void ControlSocket::accept_one() {
  const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor < 0) return;
  join_ended(false);
  if (clients_.size() >= clients_max) {
    serve_one(descriptor);
    close(descriptor);
    return;
  }
  Client& client = clients_.emplace_back();
  client.descriptor = descriptor;
  client.thread = std::thread([this, &client] {
    serve_one(client.descriptor);
    client.done = true;
  });
}

// Descriptors are closed here and not by their threads, so that `is_gone` never looks at one that was given to somebody else.
void ControlSocket::join_ended(bool all) {
  for (auto client = clients_.begin(); client != clients_.end();) {
    if (!all && !client->done) {
      ++client;
      continue;
    }
    if (all) shutdown(client->descriptor, SHUT_RD);
    client->thread.join();
    close(client->descriptor);
    client = clients_.erase(client);
  }
}

void ControlSocket::serve_one(int client) {
  LineReader lines(client, patience_ms);
  const std::optional<std::string> request = lines.next();
  if (!request) return;
  write_all(client, answer_to(client, *request) + "\n");
  shutdown(client, SHUT_RDWR);
}

std::string ControlSocket::answer_to(int client, std::string_view request) {
  const TellProgress tell = [this, client](std::int64_t done, std::int64_t total) {
    const boost::json::object line{{"progress", done}, {"total", total}};
    return !stopping_ && !is_gone(client) && write_all(client, boost::json::serialize(line) + "\n");
  };
  try {
    return handler_(request, peer_of(client), tell);
  } catch (const Error& error) {
    return refusal(error);
  } catch (const std::exception& error) {
    return refusal(Error(ErrorCode::config_invalid, error.what()));
  }
}

namespace {

// Connected, or -1 when no daemon listens.
int connect_to(const std::filesystem::path& journal_path) {
  const sockaddr_un address = address_of(control_socket_path(journal_path));
  const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return connection;
  const int reason = errno;
  close(connection);
  if (reason == ENOENT || reason == ECONNREFUSED) return -1;
  throw Error(ErrorCode::environment_missing, std::string("the daemon's socket can't be reached: ") + std::strerror(reason),
              {{"path", control_socket_path(journal_path).string()}}, "run this as the daemon's user or a member of its group");
}

// The line that is no progress; nullopt when the daemon ended before.
std::optional<std::string> read_answer(int connection, const TellProgress& tell) {
  // An act may be silent for long, behind another one or while it drains: to give up would tell a failure of what is then done. When the
  // daemon dies, the kernel closes the socket.
  LineReader lines(connection, -1);
  while (auto line = lines.next()) {
    boost::json::error_code broken;
    const boost::json::value value = boost::json::parse(*line, broken);
    const boost::json::object* object = broken ? nullptr : value.if_object();
    if (object == nullptr || !object->contains("progress")) return line;
    const auto number = [object](const char* name) { return object->at(name).to_number<std::int64_t>(); };
    if (tell && !tell(number("progress"), number("total"))) return std::nullopt;
  }
  return std::nullopt;
}

void throw_refusal(const std::string& answer) {
  boost::json::error_code broken;
  const boost::json::value value = boost::json::parse(answer, broken);
  if (broken || !value.is_object() || !value.as_object().contains("error")) return;
  const auto& object = value.as_object();
  throw Error(error_code_named(object.at("error").as_string()).value_or(ErrorCode::config_invalid), std::string(object.at("message").as_string()), {},
              std::string(object.at("hint").as_string()));
}

}  // namespace

std::optional<std::string> ask_daemon(const std::filesystem::path& journal_path, std::string_view request,
                                      const TellProgress& tell) {
  const int connection = connect_to(journal_path);
  if (connection < 0) return std::nullopt;
  std::optional<std::string> answer;
  if (write_all(connection, std::string(request) + "\n")) answer = read_answer(connection, tell);
  close(connection);
  if (!answer) throw Error(ErrorCode::environment_missing, "the daemon closed its socket without an answer");
  throw_refusal(*answer);
  return answer;
}

}  // namespace engine::pipeline
