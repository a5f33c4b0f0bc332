#include "engine/operate/explain/declared_codes.h"

namespace engine::operate {

std::span<const ExplainedCode> sql_codes() {
  static constexpr ExplainedCode codes[] = {
      {"sql.syntax", "An expression is no SQL.", refuses_whole, "Look at the place that the message names; `docs/functions.md` lists the functions."},
      {"sql.unbalanced", "A quote or parenthesis of an expression is never closed, often because YAML ate a part of it.", refuses_whole,
       "Quote the whole expression, or write it as `|-`."},
      {"sql.quotes_lost", "YAML took the quotes of an SQL text for its own, so that it became a column's name.", refuses_whole,
       "Quote it twice: \"'open'\"."},
      {"sql.semicolon", "A query ends with ';', but is read inside another one.", refuses_whole, "Remove it."},
      {"sql.unknown_column", "An expression names a column that the table does not have.", refuses_whole,
       "Take the name that the message offers; `datapicker inspect` lists the columns."},
      {"sql.unknown_function", "There is no such function.", refuses_whole, "Take the name that the message offers; `docs/functions.md` lists them."},
      {"sql.arguments", "A function was given too few or too many arguments.", refuses_whole, "See `docs/functions.md`."},
      {"sql.forbidden", "An expression asks for more than its row: another table, a function that is not allowed, the current time.", refuses_whole,
       "A mapping's time is the change's; what is needed of other tables is joined in the table's `query:`."},
      {"sql.aggregate", "An aggregate has no rows to work on: a mapping sees one.", refuses_whole,
       "Aggregate in the table's `query:`, or read a document: the rows of its nested tables stand in a subselect."},
      {"sql.decimal", "Bare arithmetic or comparison on an exact decimal, which is text here and would compare wrongly without a word.", refuses_whole,
       "Use dec_add, dec_mul, dec_cmp, dec_round."},
      {"sql.text_number", "Text is compared with a number: never equal, and above each.", only_warns, "Write the number as text, or CAST the column."},
      {"sql.regexp", "No regular expression.", refuses_whole, "Correct it; ICU's syntax applies."},
      {"sql.not_yet", "A function that this version does not carry out.", refuses_whole, "Join what it would look up in the table's `query:`."},
      {"sql.layout", "The mapping does not fit the table as the source describes it.", refuses_whole, "The message says which column."},
  };
  return codes;
}

}  // namespace engine::operate
