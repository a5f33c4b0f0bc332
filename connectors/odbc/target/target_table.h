// A table that is written: its columns and unique keys as the database describes them.
#pragma once

#include <string>
#include <vector>

#include "connectors/odbc/catalogue/catalogue_call.h"
#include "connectors/odbc/rows/read_plan.h"
#include "connectors/odbc/session.h"
#include "engine/model/layout.h"

namespace connectors::odbc {

struct TargetTable {
  std::string name;
  engine::model::Layout layout;
  std::vector<ColumnPlan> plans;                      ///< how a value of each column is bound
  std::vector<std::vector<std::size_t>> unique_keys;  ///< sorted positions of their columns

  /// Position of the column that a field is written to. Throws Unwritable with the nearest name.
  std::size_t column_of(const std::string& field) const;
  /// Whether the dialect's upsert finds rows by exactly these columns, and a row by nothing else.
  bool can_upsert(std::vector<std::size_t> match, const std::vector<std::size_t>& set, bool any_unique_key) const;
};

/// Throws Error source_*.
TargetTable describe_target_table(Session& session, const std::string& name);

}  // namespace connectors::odbc
