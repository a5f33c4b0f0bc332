// Every function an expression may call, declared once: the sandbox registers and allows from this table, the reference
// page is printed from it, and each example in it is run by a test.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_context;
struct sqlite3_value;

namespace engine::map {

struct FunctionState;
using ScalarFunction = void (*)(sqlite3_context*, int, sqlite3_value**);
using RowsEnd = void (*)(sqlite3_context*);

struct FunctionEntry {
  const char* name;
  const char* arguments;  ///< as shown: "(text, region)"
  const char* summary;    ///< one sentence or two
  const char* example;    ///< an expression over the example row, see functions_reference
  const char* result;     ///< what it gives, as JSON
  int arity_min = 0;
  int arity_max = 0;
  ScalarFunction call = nullptr;  ///< null: SQLite's own
  bool over_rows = false;         ///< an aggregate: for the rows of a nested table, in a subselect
  RowsEnd end = nullptr;          ///< of an aggregate of ours: gives the result when `call` has seen all rows
};

struct FunctionGroup {
  const char* title;
  const char* about;
  std::span<const FunctionEntry> entries;
  bool over_rows = false;  ///< its examples see an order with two lines
};

/// Ours first, then what is taken from SQLite.
std::vector<FunctionGroup> function_groups();
/// The entry of that name without regard to case; null when there is none.
const FunctionEntry* find_function(std::string_view name);
std::vector<std::string> function_names();
/// Makes our functions known to a connection. Throws Error config_invalid when SQLite refuses.
void register_functions(sqlite3* connection, FunctionState& state);
/// docs/functions.md.
std::string functions_reference();

FunctionGroup text_functions();
FunctionGroup decimal_functions();
FunctionGroup date_functions();
FunctionGroup phone_functions();
FunctionGroup change_functions();
FunctionGroup reference_functions();
FunctionGroup regexp_functions();
FunctionGroup builtin_text_functions();
FunctionGroup builtin_date_functions();
FunctionGroup builtin_number_functions();
FunctionGroup builtin_other_functions();
FunctionGroup rows_functions();

}  // namespace engine::map
