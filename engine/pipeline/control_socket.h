// The daemon's Unix socket: one JSON line in, one JSON line out. Acting verbs come this way while the daemon runs.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace engine::pipeline {

/// Who asks: the Unix user behind the socket, told by the kernel.
struct Peer {
  uid_t uid = 0;
  std::string user;
};

/// "PATH.sock" beside the journal.
std::filesystem::path control_socket_path(const std::filesystem::path& journal_path);

class ControlSocket {
 public:
  /// Answers one request; what it throws goes back as {"error":…,"message":…,"hint":…}.
  using Handler = std::function<std::string(std::string_view request, const Peer& peer)>;

  /// Owner and group may connect (mode 0660). Throws environment_missing when the socket can't be made.
  ControlSocket(std::filesystem::path path, Handler handler);
  ~ControlSocket();

 private:
  void serve();
  void serve_one(int client);

  std::filesystem::path path_;
  Handler handler_;
  int listener_ = -1;
  int wake_pipe_[2] = {-1, -1};
  std::thread thread_;
};

/// Sends one request to a running daemon; nullopt when none listens. Throws Error with what the daemon refused.
std::optional<std::string> ask_daemon(const std::filesystem::path& journal_path, std::string_view request);

}  // namespace engine::pipeline
