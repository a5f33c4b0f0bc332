// A prepared statement that writes: made once, executed for each record.
#pragma once

#include <cstdint>
#include <optional>
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

 private:
  void run();

  Session& session_;
  Handle statement_ = nullptr;
  std::vector<Parameter> parameters_;
};

}  // namespace connectors::odbc
