// A prepared statement that writes: made once, executed for each record, or for many at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/odbc/parameter.h"
#include "connectors/odbc/session.h"

namespace connectors::odbc {

class WriteStatement {
 public:
  WriteStatement(Session& session, const std::string& sql, std::size_t markers);
  ~WriteStatement();
  WriteStatement(const WriteStatement&) = delete;
  WriteStatement& operator=(const WriteStatement&) = delete;

  /// To be called for every marker, from 0, before each execution.
  void bind(std::size_t marker, const ColumnPlan& column, const std::optional<std::string>& text);
  /// Rows it touched; none when the driver does not tell. Throws Error source_*.
  std::optional<std::int64_t> execute();
  /// Executes a SELECT: whether it found a row.
  bool finds();

  /// The values of many records for one marker, each in its place.
  void bind_all(std::size_t marker, const ColumnPlan& column, std::span<const std::optional<std::string>* const> texts);
  /// Executes for so many records. False: the driver takes no arrays, or does not say of each record that it was written, so
  /// what it did is to be rolled back. Throws Error source_*.
  bool execute_all(std::size_t records);

 private:
  void run();

  Session& session_;
  Handle statement_ = nullptr;
  std::vector<Parameter> parameters_;
  std::vector<ParameterArray> arrays_;
};

}  // namespace connectors::odbc
