// A statement whose parameters and results are texts: what is asked of a server besides rows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/odbc/rows/prepared_read.h"

namespace connectors::odbc {

/// Prepared, to be run with other values again and again. Text that is longer than a few kilobytes is cut by nobody, but read slowly.
class TextQuery {
 public:
  using Row = std::vector<std::optional<std::string>>;

  /// The markers' parts travel as `bound` says; without it as texts.
  TextQuery(const std::shared_ptr<Session>& session, KeyedSql sql, std::size_t columns, std::vector<ColumnPlan> bound = {});

  /// All rows. Throws Error source_*.
  std::vector<Row> run(std::span<const engine::model::SourceKey> values = {});

 private:
  std::size_t columns_;
  PreparedRead read_;
};

/// How a parameter or result travels that is text.
ColumnPlan text_plan();

}  // namespace connectors::odbc
