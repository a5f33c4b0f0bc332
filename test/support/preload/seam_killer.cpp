// Counts the calls at the engine's seams to the outer world, and ends the process at one of them, as a power cut would: nothing is flushed or closed.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sql.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <sstream>
#include <string>

namespace {

enum Seam { journal_write, journal_sync, source_execute, source_fetch, target_send, target_receive, seam_count };
constexpr std::array<const char*, seam_count> seams{"journal_write", "journal_sync", "source_execute", "source_fetch", "target_send", "target_receive"};

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// What the environment orders, and how often each seam was passed.
class Killer {
 public:
  static Killer& get() {
    static Killer& killer = *new Killer;  // used until the last thread is gone
    return killer;
  }

  /// While a test says so, the journal's disk takes nothing any more.
  bool is_full() const { return !full_.empty() && access(full_.c_str(), F_OK) == 0; }

  /// Around one call. Nothing is left to run when it is its turn.
  template <typename Call>
  auto pass(Seam seam, const Call& call) -> decltype(call()) {
    if (seam == journal_write && is_full()) {
      errno = ENOSPC;
      return -1;
    }
    const std::int64_t number = counts_[seam].fetch_add(1) + 1;
    const bool is_turn = seam == seam_ && number == number_;
    if (is_turn && before_) kill(getpid(), SIGKILL);
    const auto result = call();
    if (is_turn) kill(getpid(), SIGKILL);
    return result;
  }

  bool is_journal(int file) const {
    if (journal_.empty()) return false;
    std::array<char, 4096> path;
    const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path.data(), path.size());
    return size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).starts_with(journal_);
  }

  bool is_target(int file) const {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (ports_.empty() || getpeername(file, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return false;
    return peer.sin_family == AF_INET && ports_.contains(ntohs(peer.sin_port));
  }

 private:
  Killer() : journal_(from_environment("SEAM_KILLER_JOURNAL")), full_(from_environment("SEAM_KILLER_FULL")) {
    std::istringstream order(from_environment("SEAM_KILLER"));
    std::string name, number, when;
    std::getline(order, name, '/');
    std::getline(order, number, '/');
    std::getline(order, when);
    for (int seam = 0; seam < seam_count; ++seam) {
      if (name == seams[static_cast<std::size_t>(seam)]) seam_ = seam;
    }
    number_ = std::atoll(number.c_str());
    before_ = when == "before";
    std::istringstream ports(from_environment("SEAM_KILLER_PORTS"));
    for (std::string port; std::getline(ports, port, ',');) ports_.insert(std::atoi(port.c_str()));
    map_counts(from_environment("SEAM_KILLER_COUNTS"));
  }

  /// The file shows to others what is counted here.
  void map_counts(const std::string& path) {
    if (path.empty()) return;
    const int file = open(path.c_str(), O_RDWR);
    if (file < 0) std::abort();
    void* const shared = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) std::abort();
    counts_ = static_cast<std::atomic<std::int64_t>*>(shared);
    close(file);
  }

  using Counts = std::array<std::atomic<std::int64_t>, seam_count>;
  Counts own_{};
  std::atomic<std::int64_t>* counts_ = own_.data();
  std::string journal_;
  std::string full_;
  std::set<int> ports_;
  int seam_ = -1;
  std::int64_t number_ = 0;
  bool before_ = false;
};

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define REAL(name) ([] { static auto* const real = next<decltype(name)>(#name); return real; }())
#define PASS(seam, is_there, name, ...) \
  return is_there ? Killer::get().pass(seam, [&] { return REAL(name)(__VA_ARGS__); }) : REAL(name)(__VA_ARGS__)

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) { PASS(journal_write, Killer::get().is_journal(file), pwrite, file, bytes, size, at); }
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) { PASS(journal_write, Killer::get().is_journal(file), pwrite64, file, bytes, size, at); }
ssize_t write(int file, const void* bytes, size_t size) { PASS(journal_write, Killer::get().is_journal(file), write, file, bytes, size); }
int ftruncate(int file, off_t size) noexcept { PASS(journal_write, Killer::get().is_journal(file), ftruncate, file, size); }
int ftruncate64(int file, off64_t size) noexcept { PASS(journal_write, Killer::get().is_journal(file), ftruncate64, file, size); }
int fsync(int file) { PASS(journal_sync, Killer::get().is_journal(file), fsync, file); }
int fdatasync(int file) { PASS(journal_sync, Killer::get().is_journal(file), fdatasync, file); }
ssize_t send(int file, const void* bytes, size_t size, int flags) { PASS(target_send, Killer::get().is_target(file), send, file, bytes, size, flags); }
ssize_t recv(int file, void* bytes, size_t size, int flags) { PASS(target_receive, Killer::get().is_target(file), recv, file, bytes, size, flags); }
SQLRETURN SQL_API SQLExecute(SQLHSTMT statement) { PASS(source_execute, true, SQLExecute, statement); }
SQLRETURN SQL_API SQLExecDirect(SQLHSTMT statement, SQLCHAR* text, SQLINTEGER size) { PASS(source_execute, true, SQLExecDirect, statement, text, size); }
SQLRETURN SQL_API SQLFetch(SQLHSTMT statement) { PASS(source_fetch, true, SQLFetch, statement); }
}
