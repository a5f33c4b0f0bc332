#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/map/functions/catalog.h"
#include "test/engine/map/mapping.h"

namespace engine::map::test {

TEST_CASE("each example of the reference gives the result that stands beside it") {
  for (const FunctionGroup& group : function_groups()) {
    for (const FunctionEntry& entry : group.entries) {
      const std::string value = group.over_rows ? document_value(entry.example) : value_of(entry.example);
      CHECK_MESSAGE(value == std::string(entry.result), std::string(entry.name));
    }
  }
}

TEST_CASE("the reference page is what the program prints") {
  const std::string path = SOURCE_DIR "/docs/functions.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << functions_reference();
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  CHECK_MESSAGE(page.str() == functions_reference(), "run with UPDATE_GOLDEN=1 and look at the difference");
}

TEST_CASE("title case knows Italian company names") {
  const std::pair<const char*, const char*> names[] = {
      {"ROSSI SRL", "Rossi Srl"},
      {"D''ANGELO S.P.A.", "D'Angelo S.P.A."},
      {"BAR DELL''ACQUA", "Bar Dell'Acqua"},
      {"JOE''S", "Joe's"},
      {"ROSSI-BIANCHI", "Rossi-Bianchi"},
      {"CITTÀ ÈLITE", "Città Èlite"},
      {"2000 SRL", "2000 Srl"},
      {"A2A", "A2a"},
      {"L’AQUILA", "L’Aquila"},
      {"  doppio  spazio", "  Doppio  Spazio"},
      {"e\u0301lite", "E\u0301lite"},
  };
  for (const auto& [given, wanted] : names) {
    CHECK(value_of(std::string("title_case('") + given + "')") == '"' + std::string(wanted) + '"');
  }
}

TEST_CASE("like knows no case in any alphabet, wildcards and an escape") {
  CHECK(value_of("'Università' LIKE 'UNIVERSITÀ'") == "1");
  CHECK(value_of("'Università' LIKE 'univ%à'") == "1");
  CHECK(value_of("'aXbXc' LIKE 'a%b%c'") == "1");
  CHECK(value_of("'aXbXc' LIKE 'a%b%d'") == "0");
  CHECK(value_of("'à' LIKE '_'") == "1");
  CHECK(value_of("'' LIKE '%'") == "1");
  CHECK(value_of("'x' LIKE ''") == "0");
  CHECK(value_of("'10%' LIKE '10!%' ESCAPE '!'") == "1");
  CHECK(value_of("'100' LIKE '10!%' ESCAPE '!'") == "0");
  CHECK(value_of("ragsoc LIKE NULL") == "null");
  CHECK(value_of("ragsoc NOT LIKE 'rossi%'") == "0");
}

TEST_CASE("phone numbers become international, and what is none becomes NULL") {
  CHECK(value_of("e164(tel, 'IT')") == R"("+390669821234")");
  CHECK(value_of("e164('333 1234567', 'IT')") == R"("+393331234567")");
  CHECK(value_of("e164('+44 20 7946 0018', 'IT')") == R"("+442079460018")");
  CHECK(value_of("e164('0044 20 7946 0018', 'IT')") == R"("+442079460018")");
  CHECK(value_of("e164('+44 20 7946 0018', NULL)") == R"("+442079460018")");
  CHECK(value_of("e164('333 1234567', NULL)") == "null");
  CHECK(value_of("e164('vedi note', 'IT')") == "null");
  CHECK(value_of("e164('12', 'IT')") == "null");
  CHECK(value_of("e164('   ', 'IT')") == "null");
  CHECK(value_of("e164(NULL, 'IT')") == "null");
  CHECK(value_of("e164(tel, 'ITA')").find("'ITA' is no region") != std::string::npos);
}

TEST_CASE("dates kept as numbers: no date is NULL, an impossible date fails the row") {
  CHECK(value_of("from_cyymmdd(991231)") == R"("1999-12-31")");
  CHECK(value_of("from_cyymmdd(10101)") == R"("1901-01-01")");
  CHECK(value_of("from_yyyymmdd(99991231)") == R"("9999-12-31")");
  CHECK(value_of("from_cyymmdd('1240229')") == R"("2024-02-29")");
  CHECK(value_of("from_jde(99365)") == R"("1999-12-31")");
  CHECK(value_of("from_jde(124060)") == R"("2024-02-29")");
  CHECK(value_of("from_yyyymmdd('20240131.00')") == R"("2024-01-31")");
  for (const char* none : {"0", "NULL", "9999999", "99999999", "''", "'  '", "'0.00'", "999999"}) {
    for (const char* function : {"from_cyymmdd", "from_yyyymmdd", "from_jde"}) {
      CHECK(value_of(std::string(function) + "(" + none + ")") == "null");
    }
  }
  for (const char* bad :
       {"from_cyymmdd(1230229)", "from_cyymmdd(1241301)", "from_cyymmdd(20240131)", "from_cyymmdd('x')",
        "from_yyyymmdd(20230230)", "from_yyyymmdd(202402290)", "from_yyyymmdd(9999999999)", "from_yyyymmdd(1240131)", "from_jde(123366)", "from_jde(124000)",
        "from_jde(-124001)", "from_yyyymmdd(20240131.5)", "from_cyymmdd('99999999999999999999')"}) {
    CHECK(value_of(bad).find("is no date") != std::string::npos);
  }
}

TEST_CASE("changed tells a column that differs, NULL apart from empty") {
  CHECK(value_of("changed('fido')") == "1");
  CHECK(value_of("changed('FIDO')") == "1");
  CHECK(value_of("changed('ragsoc')") == "0");
  Cells after = customer();
  Cells before = customer();
  after[1] = "";
  before[1] = std::nullopt;
  const auto compiled = mapper(pipeline_of("changed('ragsoc')"));
  CHECK(text_of(compiled->map(Change(after, before).row())) == R"({"x":1})");
  CHECK(text_of(compiled->map(Change(customer(), std::nullopt).row())) == R"({"x":1})");
}

TEST_CASE("a regular expression that would never end fails the row, and the next row maps") {
  auto definition = pipeline_of("ragsoc REGEXP '^(a+)+$'");
  const auto compiled = mapper(definition);
  Cells slow = customer();
  slow[1] = std::string(60, 'a') + "!";
  CHECK(text_of(compiled->map(Change(slow, customer()).row())).find("U_REGEX_TIME_OUT") != std::string::npos);
  CHECK(text_of(compiled->map(update().row())) == R"({"x":0})");
}

TEST_CASE("a pattern may come from the row, and many do not pile up") {
  const auto compiled = mapper(pipeline_of("'abc' REGEXP ragsoc"));
  for (int i = 0; i < 300; ++i) {
    Cells cells = customer();
    cells[1] = "^abc|" + std::to_string(i) + "$";
    CHECK(text_of(compiled->map(Change(cells, customer()).row())) == R"({"x":1})");
  }
  Cells bad = customer();
  bad[1] = "(";
  CHECK(text_of(compiled->map(Change(bad, customer()).row())).find("is no regular expression") != std::string::npos);
}

TEST_CASE("upper and lower know every alphabet and invalid UTF-8 does no harm") {
  CHECK(value_of("upper('straße')") == R"("STRASSE")");
  CHECK(value_of("lower('ÀÈÌÒÙ')") == R"("àèìòù")");
  CHECK(value_of("upper(NULL)") == "null");
  CHECK(value_of("upper(42)") == R"("42")");
  CHECK(value_of("upper(CAST(x'61ff62' AS TEXT))").find("A") != std::string::npos);
  CHECK(value_of("title_case(CAST(x'61ff62' AS TEXT))").find("A") != std::string::npos);
}

}  // namespace engine::map::test
