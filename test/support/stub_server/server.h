// One thread, one epoll: many connections, one request of each at a time, answers held back by the wanted latency.
#pragma once

#include <chrono>
#include <cstdint>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "test/support/stub_server/behaviour.h"

namespace stub_server {

class Server {
 public:
  /// Port 0 is a free one. Throws std::runtime_error.
  Server(const std::string& address, std::uint16_t port, Behaviour& behaviour);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  /// Serves until `stop_file` (a signalfd) becomes readable.
  void run(int stop_file);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Connection {
    std::uint64_t serial = 0;
    std::string received;
    std::string unsent;
    bool busy = false;  ///< an answer is being held back
    bool close_when_sent = false;
  };
  struct Held {
    Time due;
    int file;
    std::uint64_t serial;
    Answer answer;
    bool keep_alive;
    bool operator<(const Held& other) const { return due > other.due; }
  };

  void accept_all();
  void receive(int file);
  void serve(int file, Connection& connection);
  void finish(int file, Connection& connection, const Answer& answer, bool keep_alive);
  void send_unsent(int file, Connection& connection);
  void release_due();
  void watch(int file, std::uint32_t events, int operation);
  void drop(int file);

  Behaviour& behaviour_;
  int poll_ = -1;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::uint64_t last_serial_ = 0;
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Held> held_;
};

}  // namespace stub_server
