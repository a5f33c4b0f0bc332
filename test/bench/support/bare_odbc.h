// The bare loop that a diff is measured against: the same SQL, chunks and array size, and a hash of each row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

struct BareRead {
  std::string connection;      ///< ODBC connection string
  std::string first;           ///< SQL of the first chunk, or of the whole table
  std::string next;            ///< SQL of each further chunk, with one marker for the last integer key; empty: none
  std::size_t array_rows = 1;  ///< bound at once
};

struct BareResult {
  std::int64_t rows = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t digest = 0;  ///< of all rows, so that no hash can be left out by the compiler
};

/// Reads every row; the first column is the key. Throws std::runtime_error with the driver's message.
BareResult read_bare(const BareRead& wanted);

/// Runs one statement on a connection of its own. Throws as above.
void execute_bare(const std::string& connection, const std::string& sql);

}  // namespace bench
