// The daemon's Unix socket: one JSON line in; lines of progress and one of answer out. Acting verbs come this way while the
// daemon runs.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
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

/// How far a long act is. `total` 0: unknown. False: whoever asked is gone or the daemon ends, so stop at the next safe place.
using TellProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

/// "PATH.sock" beside the journal.
std::filesystem::path control_socket_path(const std::filesystem::path& journal_path);

class ControlSocket {
 public:
  /// Answers one request on a thread of its own; what it throws goes back as {"error":…,"message":…,"hint":…}.
  using Handler = std::function<std::string(std::string_view request, const Peer& peer, const TellProgress& tell)>;

  /// Owner and group may connect (mode 0660). Throws environment_missing when the socket can't be made.
  ControlSocket(std::filesystem::path path, Handler handler);
  /// Tells acts under way to stop and waits for them.
  ~ControlSocket();

  static constexpr std::size_t clients_max = 16;

 private:
  struct Client {
    int descriptor = -1;
    std::atomic<bool> done = false;
    std::thread thread;
  };
  void serve();
  void accept_one();
  void join_ended(bool all);
  void serve_one(int client);
  std::string answer_to(int client, std::string_view request);

  std::filesystem::path path_;
  Handler handler_;
  int listener_ = -1;
  int wake_pipe_[2] = {-1, -1};
  std::atomic<bool> stopping_ = false;
  std::list<Client> clients_;  ///< the serving thread's own
  std::thread thread_;
};

/// Sends one request to a running daemon; nullopt when none listens. Throws Error with what the daemon refused.
std::optional<std::string> ask_daemon(const std::filesystem::path& journal_path, std::string_view request,
                                      const TellProgress& tell = {});

}  // namespace engine::pipeline
