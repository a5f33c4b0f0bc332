// What is allowed of SQLite's own functions: those whose result depends on their arguments alone.
#include "engine/map/functions/catalog.h"

namespace engine::map {
namespace {

constexpr FunctionEntry text_entries[] = {
    {"trim", "(text [, characters])", "Without the blanks (or those characters) at both ends.", "trim('  Roma ')",
     R"("Roma")"},
    {"ltrim", "(text [, characters])", "The same at the left end.", "ltrim('007', '0')", R"("7")"},
    {"rtrim", "(text [, characters])", "The same at the right end.", "rtrim('C001      ')", R"("C001")"},
    {"substr", "(text, start [, length])", "Characters from `start` on, counted from 1.", "substr('IT01234', 3)",
     R"("01234")"},
    {"substring", "(text, start [, length])", "The same as substr.", "substring('abc', 2, 1)", R"("b")"},
    {"replace", "(text, what, by)", "Every `what` replaced.", "replace('1.234,50', '.', '')", R"("1234,50")"},
    {"instr", "(text, what)", "Where `what` first stands, from 1; 0 when it does not.", "instr('a@b', '@')", "2"},
    {"length", "(text)", "Number of characters; of bytes for binary.", "length('città')", "5"},
    {"printf", "(format, …)", "As in C. Numbers pass through a double: not for decimals.", "printf('%05d', 42)",
     R"("00042")"},
    {"format", "(format, …)", "The same as printf.", "format('%s-%s', 'a', 'b')", R"("a-b")"},
    {"char", "(code, …)", "Characters of these Unicode code points.", "char(8364)", R"("€")"},
    {"unicode", "(text)", "Code point of the first character.", "unicode('€')", "8364"},
    {"hex", "(value)", "The bytes as hexadecimal digits.", "hex('AZ')", R"("415A")"},
    {"quote", "(value)", "The value as a SQL literal.", "quote('D''Angelo')", R"("'D''Angelo'")"},
    {"glob", "(pattern, text)", "What `text GLOB pattern` calls: `*` and `?`, with regard to case.", "'C001' GLOB 'C*'",
     "1"},
};

constexpr FunctionEntry date_entries[] = {
    {"date", "(time, modifier, …)", "The date as YYYY-MM-DD.", "date('2024-01-31', '+1 day')", R"("2024-02-01")"},
    {"time", "(time, modifier, …)", "The time as HH:MM:SS.", "time('2024-01-31 10:20:30')", R"("10:20:30")"},
    {"datetime", "(time, modifier, …)", "Both.", "datetime('2024-01-31', '+90 minutes')", R"("2024-01-31 01:30:00")"},
    {"strftime", "(format, time, modifier, …)", "As the format says.", "strftime('%d/%m/%Y', '2024-01-31')",
     R"("31/01/2024")"},
    {"julianday", "(time, modifier, …)", "Days as a real number.", "julianday('2024-02-01') - julianday('2024-01-31')",
     "1.0"},
    {"unixepoch", "(time, modifier, …)", "Seconds since 1970.", "unixepoch('2024-01-31')", "1706659200"},
};

constexpr FunctionEntry number_entries[] = {
    {"abs", "(number)", "Without its sign.", "abs(-7)", "7"},
    {"round", "(number [, digits])", "Rounded, as a double.", "round(2.567, 1)", "2.6"},
    {"sign", "(number)", "-1, 0 or 1.", "sign(-7)", "-1"},
    {"ceil", "(number)", "The next whole number up.", "ceil(1.2)", "2.0"},
    {"ceiling", "(number)", "The same as ceil.", "ceiling(-1.2)", "-1.0"},
    {"floor", "(number)", "The next whole number down.", "floor(1.8)", "1.0"},
    {"trunc", "(number)", "The whole number towards zero.", "trunc(-1.8)", "-1.0"},
    {"mod", "(a, b)", "Remainder of a division, as a double.", "mod(7, 4)", "3.0"},
    {"power", "(a, b)", "a to the power of b.", "power(2, 10)", "1024.0"},
    {"sqrt", "(number)", "The square root.", "sqrt(9)", "3.0"},
    {"min", "(a, b, …)", "The least of its arguments; at least two.", "min(3, 2)", "2"},
    {"max", "(a, b, …)", "The greatest of its arguments; at least two.", "max(3, 2)", "3"},
};

constexpr FunctionEntry other_entries[] = {
    {"coalesce", "(a, b, …)", "The first that is not NULL.", "coalesce(NULL, 'b')", R"("b")"},
    {"ifnull", "(a, b)", "b when a is NULL.", "ifnull(NULL, 0)", "0"},
    {"nullif", "(a, b)", "NULL when both are equal, else a.", "nullif(trim('  '), '')", "null"},
    {"iif", "(condition, a, b)", "a when the condition is true, else b.", "iif(codcli = 'C001', 'first', 'other')",
     R"("first")"},
    {"typeof", "(value)", "\"null\", \"integer\", \"real\", \"text\" or \"blob\".", "typeof(fido)", R"("text")"},
    {"json", "(text)", "The JSON text, minified.", "json('{ \"a\": 1 }')", R"("{\"a\":1}")"},
    {"json_array", "(a, …)", "A JSON array as text.", "json_array(1, 'a')", R"("[1,\"a\"]")"},
    {"json_object", "(name, value, …)", "A JSON object as text.", "json_object('a', 1)", R"("{\"a\":1}")"},
    {"json_extract", "(json, path, …)", "A value inside JSON text.", "json_extract('{\"a\":[5,6]}', '$.a[1]')", "6"},
    {"json_array_length", "(json [, path])", "Number of elements.", "json_array_length('[1,2]')", "2"},
    {"json_type", "(json [, path])", "The type's name.", "json_type('[1]')", R"("array")"},
    {"json_valid", "(text)", "1 when the text is JSON.", "json_valid('{')", "0"},
    {"->", "", "Operator: a value inside JSON text, as JSON text.", "'{\"a\":\"x\"}' -> 'a'", R"("\"x\"")"},
    {"->>", "", "Operator: a value inside JSON text.", "'{\"a\":\"x\"}' ->> 'a'", R"("x")"},
};

}  // namespace

FunctionGroup builtin_text_functions() {
  return {"Text, from SQLite", "Described at sqlite.org/lang_corefunc.html.", text_entries};
}

FunctionGroup builtin_date_functions() {
  return {
      "Dates, from SQLite",
      "Described at sqlite.org/lang_datefunc.html. Date and timestamp columns are ISO text, so they go in as they are. "
      "'now', 'localtime' and 'utc' are refused where they are written: they depend on the machine and the moment.",
      date_entries};
}

FunctionGroup builtin_number_functions() {
  return {"Numbers, from SQLite", "For INTEGER and REAL. `check` refuses them on a DECIMAL column.", number_entries};
}

FunctionGroup builtin_other_functions() { return {"Others, from SQLite", "", other_entries}; }

}  // namespace engine::map
