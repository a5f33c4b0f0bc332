// A private SQLite in memory that can see one row and call the functions of the catalog, and nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/map/functions/state.h"

struct sqlite3;
struct sqlite3_context;
struct sqlite3_stmt;
struct sqlite3_value;

namespace engine::map {

struct ConnectionCloser {
  void operator()(sqlite3* connection) const;
};
struct StatementCloser {
  void operator()(sqlite3_stmt* statement) const;
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementCloser>;

/// Receives computed values from inside a statement: a SQL function by another name.
using Receiver = void (*)(sqlite3_context*, int, sqlite3_value**);

class Sandbox {
 public:
  struct Limits {
    std::int64_t steps_max;
    std::size_t value_bytes_max;
  };
  struct Prepared {
    Statement statement;  ///< null on failure
    std::string message;
    int offset = -1;     ///< in the text, where SQLite tells
    std::string denied;  ///< name of a function that is not allowed
  };

  /// Throws Error config_invalid when SQLite refuses the layout. `state` outlives the sandbox.
  Sandbox(FunctionState& state, const Limits& limits);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// `trusted` text may call receivers: text built here around expressions that were each prepared untrusted before.
  Prepared prepare(std::string_view sql, bool trusted = false);
  /// A function that only trusted text may call; any number of arguments.
  void add_receiver(const char* name, Receiver receiver, void* user);

  /// Runs a statement to its end. Empty, or why it failed; a message of a receiver or function as it gave it.
  std::string run(const Statement& statement);
  /// Largest number of arguments of one call.
  static constexpr std::size_t arguments_max = 100;
  /// Columns that statements prepared so far read, by lower-case name; of nested tables "lines.qta".
  const std::set<std::string>& columns_read() const { return columns_read_; }

 private:
  static int authorize(void* self, int action, const char* first, const char* second, const char*, const char*);
  static int progress(void* self);
  int allow_reading(std::string_view table, std::string_view column);
  int allow_function(const char* name);
  void configure(const FunctionState& state);

  std::unique_ptr<sqlite3, ConnectionCloser> connection_;
  Limits limits_;
  const FunctionState& state_;
  bool trusted_ = false;
  std::int64_t steps_ = 0;
  std::string denied_;
  std::set<std::string> columns_read_;
  std::vector<std::string> receivers_;
};

}  // namespace engine::map
