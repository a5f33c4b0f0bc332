// Finds where an expression would compute with or compare values as SQLite does not mean it: DECIMAL columns are text,
// and SQLite compares text with numbers by type, not by value, without a word.
#pragma once

#include "engine/map/check/finding.h"
#include "engine/map/check/lexer.h"
#include "engine/model/layout.h"

namespace engine::map {

/// Errors (sql.decimal) for arithmetic on or comparison of a decimal; warnings (sql.text_number) for text ordered
/// against a number, or equalled to one where it can never be equal. For expressions that SQLite has accepted: what
/// this parser does not know it passes over.
Findings check_comparisons(const std::vector<Token>& tokens, const model::Layout& layout);

}  // namespace engine::map
