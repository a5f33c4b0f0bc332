// Random expressions: whatever is written, compiling ends in diagnostics or a mapper, and mapping in an outcome.
#include <doctest/doctest.h>

#include <random>

#include "engine/model/fields.h"
#include "test/engine/map/mapping.h"

namespace engine::map::test {
namespace {

constexpr const char* pieces[] = {
    "ragsoc",     "fido",     "old.fido",    "dtult",    "new.peso", "foto",
    "\"select\"", "'x'",      "1",           "2.5",      "NULL",     "x'ff'",
    "''",         "(",        ")",           "(",        ")",        ",",
    "+",          "-",        "*",           "/",        "%",        "||",
    "<",          ">",        "=",           "<>",       "AND",      "OR",
    "NOT",        "IN (",     "BETWEEN",     "LIKE",     "REGEXP",   "IS",
    "CASE WHEN",  "THEN",     "ELSE",        "END",      "CAST(",    "AS TEXT)",
    "trim(",      "upper(",   "dec_add(",    "dec_div(", "e164(",    "from_cyymmdd(",
    "changed(",   "'fido'",   "title_case(", "substr(",  "date(",    "json(",
    "printf(",    "replace(", "SELECT",      "FROM new", ";",        "--",
    "/*",         "*/",       "'",           "\"",       "[",        "`",
    "?",          ".",        "->",          "COLLATE",  "nocase",   "EXISTS",
    "WITH",       "OVER",     "\xff",        "é",        "\n",       "99999999999999999999",
    "1e400",      "0x1F"};

std::string random_expression(std::mt19937& random) {
  std::string sql;
  for (std::uint32_t left = random() % 9 + 1; left > 0; --left)
    sql += std::string(pieces[random() % std::size(pieces)]) + ' ';
  return sql;
}

/// Well-formed ones, so that evaluation is reached often.
std::string random_call(std::mt19937& random, int depth) {
  static constexpr const char* atoms[] = {"ragsoc", "dtult", "peso",  "foto", "tel", "ts",
                                          "'12.5'", "-3",    "1e300", "NULL", "''",  "x'00ff'"};
  static constexpr std::pair<const char*, int> calls[] = {
      {"upper", 1},         {"title_case", 1},   {"dec_add", 2},  {"dec_mul", 2}, {"dec_div", 3},  {"dec_round", 2},
      {"dec_cmp", 2},       {"e164", 2},         {"from_jde", 1}, {"like", 3},    {"regexp", 2},   {"substr", 3},
      {"from_yyyymmdd", 1}, {"strftime", 3},     {"json", 1},     {"printf", 3},  {"coalesce", 2}, {"datetime", 2},
      {"replace", 3},       {"json_extract", 2}, {"hex", 1},      {"char", 2},    {"round", 2},    {"quote", 1},
      {"lower", 1},         {"instr", 2},        {"glob", 2},     {"power", 2}};
  if (depth == 0 || random() % 3 == 0) return atoms[random() % std::size(atoms)];
  const auto& [name, arguments] = calls[random() % std::size(calls)];
  std::string sql = std::string(name) + '(';
  for (int i = 0; i < arguments; ++i) sql += (i == 0 ? "" : ", ") + random_call(random, depth - 1);
  return sql + ')';
}

/// Compiles and maps; returns whether a mapper came of it.
bool survives(const std::string& sql, const Change& change) {
  settings::Diagnostics diagnostics;
  const auto compiled = Mapper::compile(pipeline_of(sql), customer_layout(), diagnostics);
  CHECK((compiled != nullptr) == diagnostics.ok());
  if (!compiled) return false;
  const auto outcome = compiled->map(change.row());
  if (const auto* mapped = std::get_if<Mapped>(&outcome)) {
    CHECK(model::fields_json(model::fields_from_json(mapped->fields)) == mapped->fields);
    CHECK(text_of(compiled->map(change.row())) == mapped->fields);
  }
  return true;
}

}  // namespace

TEST_CASE("random text never throws, and what compiles maps to sound JSON, twice the same") {
  std::mt19937 random(20240131);
  const Change change = update();
  int compiled = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string sql = random_expression(random);
    CAPTURE(sql);
    compiled += survives(sql, change) ? 1 : 0;
  }
  CHECK(compiled > 25);
}

TEST_CASE("random calls of the functions with arguments of every kind end in an outcome") {
  std::mt19937 random(7);
  const Change change = update();
  int compiled = 0;
  for (int i = 0; i < 800; ++i) {
    const std::string sql = random_call(random, 3);
    CAPTURE(sql);
    compiled += survives(sql, change) ? 1 : 0;
  }
  CHECK(compiled > 500);
}

}  // namespace engine::map::test
