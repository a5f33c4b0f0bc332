// Whether a journal is whole: SQLite's own check, and what must hold between its tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace engine::journal {

class Connection;

struct IntegrityReport {
  std::int64_t changes = 0;
  std::int64_t images = 0;
  std::int64_t deliveries = 0;
  std::vector<std::string> problems;  ///< none: it is whole
};

class Integrity {
 public:
  explicit Integrity(Connection& connection) : connection_(connection) {}

  /// Reads every page: minutes for a large journal, in which the WAL of a running daemon cannot shrink.
  IntegrityReport check();

 private:
  std::int64_t count(const char* sql);

  Connection& connection_;
};

}  // namespace engine::journal
