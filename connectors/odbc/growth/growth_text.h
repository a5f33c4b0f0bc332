// The SQL that reads a table by columns that grow, and asks the database's clock. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/odbc/statement_text.h"
#include "engine/model/source/growth.h"

namespace connectors::odbc {

class GrowthText : public StatementText {
 public:
  using StatementText::StatementText;

  /// The values of `bound` for its markers are `growth_values` of the same range.
  KeyedSql range(const engine::model::Layout& layout, const engine::model::GrowthRange& range, std::size_t limit) const;
  /// One row with the highest value of a column; of those not above a bound value with `is_bounded`.
  KeyedSql highest(const engine::model::Column& column, bool is_bounded) const;
  /// The dialect's clock for such a column; empty: it has none.
  std::string now(const engine::model::Column& column) const;
};

/// What is bound to the markers of a range, part by part.
engine::model::SourceKey growth_values(const engine::model::Layout& layout, const engine::model::GrowthRange& range);

}  // namespace connectors::odbc
