// The handles of the driver: what the driver manager holds for its caller.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/support/scripted_driver/answer.h"
#include "test/support/scripted_driver/transfer.h"

#define SCRIPTED_CALL extern "C" __attribute__((visibility("default"))) SQLRETURN SQL_API

namespace scripted {

struct Handle {
  virtual ~Handle() = default;
  std::vector<Refusal> diagnostics;
};

struct Environment : Handle {};

struct Connection : Handle {
  /// What statements see now: the newest script, or the one that a view began with.
  std::shared_ptr<const Script> seen() const { return view ? view : load_script(path); }
  void end_view() { view.reset(); }

  std::string path;
  bool autocommit = true;
  std::shared_ptr<const Script> view;
};

struct Statement : Handle {
  explicit Statement(Connection& made_by) : connection(made_by) {}

  void prepare(const std::string& sql) {
    question = question_of(sql);
    described = false;
  }
  void execute();
  /// Its columns before it is executed.
  const std::vector<Column>& columns();
  void close() {
    result.rows.clear();
    open = false;
  }

  Connection& connection;
  Question question;
  ResultSet result;
  bool described = false;
  bool open = false;
  std::size_t next_row = 0;
  std::size_t current_row = 0;
  std::map<unsigned, Buffer> bound_columns, bound_values;
  std::pair<unsigned, std::size_t> given{0, 0};  ///< what SQLGetData gave last: of which column, up to which byte

  SQLULEN array_size = 1;
  SQLULEN* rows_fetched = nullptr;
  SQLUSMALLINT* row_states = nullptr;
};

/// Runs a call: what it throws becomes the handle's diagnostic.
template <class Call>
SQLRETURN called(SQLHANDLE handle, const Call& call) {
  auto* const owner = static_cast<Handle*>(handle);
  owner->diagnostics.clear();
  try {
    return call();
  } catch (const Refusal& refusal) {
    owner->diagnostics.push_back(refusal);
    return SQL_ERROR;
  }
}

template <class Kind>
Kind& as(SQLHANDLE handle) {
  return static_cast<Kind&>(*static_cast<Handle*>(handle));
}

/// A driver's caller counts, or ends with a zero byte.
std::string text_given(const SQLCHAR* text, SQLINTEGER size);
/// Copies as much as fits, and tells the whole length.
template <class Size>
SQLRETURN give_text(const std::string& text, SQLPOINTER into, Size room, Size* size) {
  if (size != nullptr) *size = static_cast<Size>(text.size());
  if (into == nullptr || room <= 0) return SQL_SUCCESS;
  const std::size_t count = std::min(text.size(), static_cast<std::size_t>(room) - 1);
  text.copy(static_cast<char*>(into), count);
  static_cast<char*>(into)[count] = '\0';
  return count < text.size() ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}

}  // namespace scripted
