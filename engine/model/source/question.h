// Questions to a database whose answer is whether any row is there: what guards ask before something is sent.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/model/layout.h"

namespace engine::model {

struct Question {
  /// As a part of a SourceKey: binary as hexadecimal digits, all else in canonical form.
  struct Value {
    ColumnType type = ColumnType::text;
    std::string text;
    bool operator==(const Value&) const = default;
  };
  std::string connection;
  std::string sql;  ///< with a `?` for each value
  std::vector<Value> values;
  std::string problem;  ///< why it cannot be asked; empty: it can

  bool operator==(const Question&) const = default;
};

struct Reply {
  bool any_row = false;
  std::string problem{};  ///< it could not be asked, and why: nothing is known
};

/// Asks one database. Blocking, used by one thread at a time.
class Inquirer {
 public:
  virtual ~Inquirer() = default;
  /// Opens the connection when it is not open. Throws Error source_*; then the connection is closed.
  virtual bool any_row(const Question& question) = 0;
};

/// Asks the databases of an instance, on threads of its own. Thread-safe.
class Inquiries {
 public:
  virtual ~Inquiries() = default;
  /// Returns at once. `answered` is called once, from any thread, or never when it is stopped before.
  virtual void ask(const Question& question, std::function<void(Reply)> answered) = 0;
  /// Waits a moment for the questions under way, which are else left behind, and forgets the others. Nobody may read from these databases any more.
  virtual void stop() = 0;
};

}  // namespace engine::model
