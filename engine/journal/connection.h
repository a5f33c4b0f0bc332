// A thin layer over sqlite3: one connection, statements prepared once and kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace engine::journal {

/// A prepared statement in use: bound from position 1, reset when it goes out of scope.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int position, std::int64_t value);
  /// Text is not copied: it must outlive the step.
  Statement& bind(int position, std::string_view text);
  Statement& bind_blob(int position, std::string_view bytes);
  Statement& bind_null(int position);
  Statement& bind(int position, const std::optional<std::string>& text);
  Statement& bind(int position, const std::optional<std::int64_t>& value);

  /// True when there is a row. Throws journal_full or journal_failed.
  bool step();
  void run();  ///< steps to the end

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< valid until the next step
  std::string_view blob(int column) const;
  bool is_null(int column) const;
  std::optional<std::string> optional_text(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  enum class Mode { read_write, read_only };
  Connection(const std::string& path, Mode mode, const std::string& vfs = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The statement for this SQL (a string literal: it is the cache's key), reset and without bindings.
  Statement prepare(const char* sql);
  void execute(const std::string& sql);
  std::int64_t last_row_id() const;
  std::int64_t changes() const;
  sqlite3* handle() const { return database_; }

 private:
  sqlite3* database_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace engine::journal
