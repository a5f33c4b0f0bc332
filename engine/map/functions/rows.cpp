// What is computed over the rows of a nested table.
#include <fmt/format.h>
#include <sqlite3.h>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/functions/decimal.h"

namespace engine::map {
namespace {

/// SQLite gives an aggregate a piece of zeroed memory, and calls its end also when the statement fails.
Decimal** sum_of(sqlite3_context* context, bool make) {
  return static_cast<Decimal**>(sqlite3_aggregate_context(context, make ? sizeof(Decimal*) : 0));
}

void add_to_sum(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0])) return;
  const auto number = decimal_of(values[0]);
  if (!number) return give_error(context, fmt::format("dec_sum: {} is not a number", shown(values[0])));
  Decimal** sum = sum_of(context, true);
  if (sum == nullptr) return give_error(context, "dec_sum: out of memory");
  if (*sum == nullptr) {
    *sum = new Decimal(*number);
  } else {
    **sum = add(**sum, *number);
  }
}

void give_sum(sqlite3_context* context) {
  Decimal** sum = sum_of(context, false);
  if (sum == nullptr || *sum == nullptr) return give_null(context);
  give_text(context, (*sum)->text());
  delete *sum;
}

constexpr FunctionEntry entry(const char* name, const char* arguments, const char* summary, const char* example, const char* result) {
  return {.name = name, .arguments = arguments, .summary = summary, .example = example, .result = result, .over_rows = true};
}

constexpr FunctionEntry entries[] = {
    {"dec_sum", "(x)", "The exact sum; NULL of no rows.", "(SELECT dec_sum(dec_mul(qta, prezzo)) FROM lines)", R"("37.5000")", 1, 1, add_to_sum, true, give_sum},
    entry("json_group_array", "(x)", "A JSON array as text: with `types:` json it is sent as one. json(x) in it makes a number of exact digits.",
          "(SELECT json_group_array(json_object('sku', codart, 'qty', json(qta))) FROM lines)",
          R"("[{\"sku\":\"A1\",\"qty\":2.000},{\"sku\":\"B7\",\"qty\":1.500}]")"),
    entry("json_group_object", "(name, x)", "A JSON object as text.", "(SELECT json_group_object(codart, riga) FROM lines)", R"("{\"A1\":1,\"B7\":2}")"),
    entry("group_concat", "(x [, separator])", "Texts behind one another.", "(SELECT group_concat(codart, ', ') FROM lines)", R"("A1, B7")"),
    entry("count", "(x)", "How many rows where x is not NULL; count(*) counts all.", "(SELECT count(*) FROM lines)", "2"),
    entry("sum", "(x)", "For INTEGER and REAL; NULL of no rows.", "(SELECT sum(riga) FROM lines)", "3"),
    entry("total", "(x)", "The same as REAL; 0.0 of no rows.", "(SELECT total(riga) FROM lines)", "3.0"),
    entry("avg", "(x)", "For INTEGER and REAL.", "(SELECT avg(riga) FROM lines)", "1.5"),
};

}  // namespace

FunctionGroup rows_functions() {
  return {"Over the rows of a nested table",
          "A document's nested tables stand in a subselect by their names, with the rows of the after image in the order of their key; `old.lines` has those of the "
          "image before. min(x) and max(x) take the least and greatest of all rows there. Refused where a table has no nested ones. The examples see an order with two "
          "`lines`: `riga` 1, `codart` 'A1', `qta` DECIMAL 2.000, `prezzo` DECIMAL 12.0; and 2, 'B7', 1.500, 9.0.",
          entries, true};
}

}  // namespace engine::map
