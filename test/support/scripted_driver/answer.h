// A question put to a script.
#pragma once

#include "test/support/scripted_driver/question.h"
#include "test/support/scripted_driver/script.h"

namespace scripted {

struct ResultSet {
  std::vector<Column> columns;  ///< none: the statement gives no rows
  std::vector<std::vector<Cell>> rows;
};

/// Throws Refusal. Without `values` the statement is only described: nothing is read, nothing fails that depends on values.
ResultSet answer(const Script& script, const Question& question, const std::vector<Cell>* values);

/// Whether the value satisfies the comparison with any of `against`.
bool matches(const std::string& value, const std::string& by, const std::vector<std::string>& against);

}  // namespace scripted
