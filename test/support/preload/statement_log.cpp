// Notes what the engine asks SQLite: the text of each statement that is prepared to be kept, and how long statements take.
#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace {

std::string on_one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// Appended as a whole, since several processes write.
void note(const char* sql, int size) {
  static const char* const path = std::getenv("STATEMENT_LOG");
  static std::mutex& mutex = *new std::mutex;
  static std::set<std::string>& known = *new std::set<std::string>;
  if (path == nullptr) return;
  std::string text = on_one_line(size < 0 ? std::string(sql) : std::string(sql, static_cast<std::size_t>(size)));
  const std::lock_guard lock(mutex);
  if (!known.insert(text).second) return;
  text += '\n';
  const int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (file < 0 || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  close(file);
}

struct Times {
  std::int64_t count = 0, total_ns = 0;
};
std::mutex times_mutex;
std::map<std::string, Times>& times() {
  static std::map<std::string, Times>& all = *new std::map<std::string, Times>;
  return all;
}

int add_time(unsigned, void*, void* statement, void* took_ns) {
  const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
  const std::lock_guard lock(times_mutex);
  Times& own = times()[sql == nullptr ? "" : sql];
  ++own.count;
  own.total_ns += *static_cast<sqlite3_int64*>(took_ns);
  return 0;
}

/// When the process ends: how often, nanoseconds in all, the statement.
[[gnu::destructor]] void write_times() {
  const char* const path = std::getenv("STATEMENT_TIMES");
  if (path == nullptr) return;
  std::ofstream file(path);
  const std::lock_guard lock(times_mutex);
  for (const auto& [sql, own] : times()) file << own.count << '\t' << own.total_ns << '\t' << on_one_line(sql) << '\n';
}

/// By the library's name: a Python that runs a test loads it for itself alone, where RTLD_NEXT does not look.
template <typename Function>
Function real_function(const char* name) {
  static void* const library = dlopen("libsqlite3.so.0", RTLD_LAZY);
  void* const function = library == nullptr ? nullptr : dlsym(library, name);
  if (function == nullptr) std::abort();
  return reinterpret_cast<Function>(function);
}

}  // namespace

extern "C" {

int sqlite3_prepare_v3(sqlite3* database, const char* sql, int size, unsigned flags, sqlite3_stmt** statement, const char** rest) {
  static auto* const real = real_function<decltype(&sqlite3_prepare_v3)>("sqlite3_prepare_v3");
  if ((flags & SQLITE_PREPARE_PERSISTENT) != 0) note(sql, size);
  return real(database, sql, size, flags, statement, rest);
}

int sqlite3_open_v2(const char* name, sqlite3** database, int flags, const char* vfs) {
  static auto* const real = real_function<decltype(&sqlite3_open_v2)>("sqlite3_open_v2");
  const int result = real(name, database, flags, vfs);
  // Not those with a file system of their own: to be timed they would ask it for the time, which a mapping must not.
  if (result == SQLITE_OK && vfs == nullptr && std::getenv("STATEMENT_TIMES") != nullptr) sqlite3_trace_v2(*database, SQLITE_TRACE_PROFILE, add_time, nullptr);
  return result;
}
}
