// What changed inside a document: line by line, column by column.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "engine/model/layout.h"

namespace engine::operate {

/// One column of a change: JSON texts, empty where the side has no image.
struct ColumnChange {
  std::string column;
  std::string before;
  std::string after;
};

/// Appends what differs between the rows of a nested table before and after: `lines[12,2].qta` of a row that is on both sides, `lines[12,3]` with the
/// whole row of one that came or went. Either side may be null: no rows.
void append_nested_changes(const model::Column& table, const boost::json::value& before, const boost::json::value& after,
                           std::vector<ColumnChange>& into);

}  // namespace engine::operate
