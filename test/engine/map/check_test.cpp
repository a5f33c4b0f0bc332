#include <doctest/doctest.h>

#include "test/engine/map/mapping.h"

namespace engine::map::test {

TEST_CASE("an unknown column is told at its place, with the nearest name") {
  CHECK(problems_of("trim(ragsocc)") ==
        "sql.unknown_column 7:16 field 'x': no such column: ragsocc (did you mean 'ragsoc'?)");
  CHECK(problems_of("old.FIDOO || 'x'") ==
        "sql.unknown_column 7:11 field 'x': no such column: old.FIDOO (did you mean 'fido'?)");
  CHECK(problems_of("\"ragsocc\"").find("sql.unknown_column 7:11") == 0);
  CHECK(problems_of("oid").find("sql.unknown_column") == 0);
  CHECK(problems_of("rowid").find("sql.unknown_column") == 0);
}

TEST_CASE("a place counts characters, and lines of a block") {
  CHECK(problems_of("'città è' || ragsocc").find("sql.unknown_column 7:24") == 0);
  auto definition = pipeline();
  settings::Expression block = expression("'a' ||\n  trim(ragsocc)\n", 12, 5);
  block.literal_indent = 4;
  definition.map = {{"x", {block}, false}};
  CHECK(problems_of(definition).find("sql.unknown_column 13:12") == 0);
}

TEST_CASE("problems of all expressions are told at once") {
  auto definition = pipeline_of("ragsocc");
  definition.where = expression("attivoo = 'S'", 3, 8);
  definition.target.match = {{"code", {expression("codclii", 15, 18)}, false}};
  definition.target.comment =
      settings::CommentDefinition{expression("changed('fiddo')", 17, 11), expression("1 +", 18, 11)};
  CHECK(problems_of(definition) ==
        "sql.unknown_column 3:8 where: no such column: attivoo\n"
        "sql.unknown_column 15:18 match field 'code': no such column: codclii (did you mean 'codcli'?)\n"
        "sql.unknown_column 7:11 field 'x': no such column: ragsocc (did you mean 'ragsoc'?)\n"
        "sql.unknown_column 17:20 comment when: no such column: fiddo (did you mean 'fido'?)\n"
        "sql.syntax 18:14 comment text: the expression is not complete");
}

TEST_CASE("unknown functions and wrong numbers of arguments are told apart from forbidden ones") {
  CHECK(problems_of("titlecase(ragsoc)") ==
        "sql.unknown_function 7:11 field 'x': no such function: titlecase (did you mean 'title_case'?)");
  CHECK(problems_of("e164(tel)").find("sql.arguments 7:11") == 0);
  CHECK(problems_of("'a' || e164(tel)").find("sql.arguments 7:18") == 0);
  for (const char* forbidden :
       {"random()", "randomblob(9)", "load_extension('x')", "sqlite_version()", "last_insert_rowid()", "changes()",
        "zeroblob(9)", "fts5(1)", "sqlite_compileoption_get(1)"}) {
    INFO(std::string(forbidden));
    CHECK(problems_of(forbidden).find("sql.forbidden 7:11") == 0);
  }
  CHECK_FALSE(problems_of("map_head(1)").empty());
  CHECK(problems_of("readfile('/etc/passwd')").find("sql.unknown_function 7:11") == 0);
  CHECK(problems_of("lookup('anacli', codcli, 'x')") == "sql.not_yet 7:11 field 'x': lookup() is not available yet");
}

TEST_CASE("aggregates and windows are refused") {
  CHECK(problems_of("sum(dtult)").find("sql.aggregate 7:11 field 'x': sum() is an aggregate") == 0);
  CHECK(problems_of("max(dtult)").find("sql.aggregate") == 0);
  CHECK(problems_of("count(*)").find("sql.aggregate") == 0);
  CHECK(problems_of("max(old.dtult)").find("sql.aggregate") == 0);
  CHECK_FALSE(problems_of("row_number() OVER ()").empty());
  CHECK(problems_of("max(dtult, 1)").empty());
}

TEST_CASE("the clock, chance and the machine's zone are refused") {
  for (const char* sql :
       {"date('now')", "strftime('%Y', 'NOW')", "datetime(ts, 'localtime')", "datetime(ts, 'utc')", "date()",
        "strftime('%s')", "current_timestamp", "CURRENT_DATE", "date(' now ')", "unixepoch()"}) {
    INFO(std::string(sql));
    CHECK(problems_of(sql).find("sql.forbidden") == 0);
  }
  CHECK(problems_of("ragsoc = 'now'").empty());
  CHECK(problems_of("date(change_time())").empty());
}

TEST_CASE("'now' out of a column is refused when the row comes") {
  Cells cells = customer();
  cells[1] = "now";
  const auto compiled = mapper(pipeline_of("date(ragsoc)"));
  CHECK(text_of(compiled->map(Change(cells, std::nullopt).row())).find("'now' is refused") != std::string::npos);
  CHECK(text_of(compiled->map(update().row())) == R"({"x":null})");
}

TEST_CASE("an expression cannot break out of its place") {
  for (const char* sql : {"1) , (select 1",
                          "1; DROP TABLE new",
                          "(1",
                          "1)",
                          "'open",
                          "\"open",
                          "1 /* open",
                          "",
                          "  ",
                          "-- only",
                          "1, 2",
                          "(1, 2)",
                          "SELECT 1",
                          "VALUES (1)",
                          "ragsoc AS y",
                          "ragsoc FROM new",
                          "1 FROM old --",
                          "?",
                          ":x",
                          "@x",
                          "$x",
                          "?1",
                          "1 ORDER BY 1",
                          "#x",
                          "1 \\ 2",
                          "ragsoc,",
                          "*",
                          "new.*"}) {
    INFO(std::string(sql));
    CHECK_FALSE(problems_of(sql).empty());
  }
  CHECK(value_of("1 -- a comment at the end") == "1");
  CHECK(value_of("/* before */ 2 /* ; ) */") == "2");
  CHECK(value_of("'; -- (' || ')'") == "\"; -- ()\"");
}

TEST_CASE("only the row can be read, also by a subselect") {
  CHECK(value_of("(SELECT ragsoc FROM new WHERE dtult > 0)") == R"("ROSSI SRL")");
  CHECK(value_of("(SELECT dtult FROM old)") == "1240131");
  CHECK(value_of("EXISTS (SELECT 1 FROM new WHERE codcli = 'C002')") == "0");
  for (const char* sql : {"(SELECT name FROM sqlite_master)", "(SELECT 1 FROM pragma_table_list)",
                          "(SELECT value FROM json_each('[1]'))", "(SELECT 1 FROM anacli)",
                          "(WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT max(x) FROM t)",
                          "(SELECT sql FROM sqlite_schema)", "(SELECT * FROM dbstat)"}) {
    INFO(std::string(sql));
    CHECK_FALSE(problems_of(sql).empty());
  }
}

TEST_CASE("computing with or comparing a decimal is refused, with the function to use") {
  CHECK(problems_of("fido * 2") ==
        "sql.decimal 7:11 field 'x': 'fido' is an exact decimal, kept as text: * would not mean its value (use "
        "dec_mul(a, b))");
  CHECK(problems_of("1 + fido").find("sql.decimal 7:15") == 0);
  for (const char* sql : {"fido + 1",
                          "fido - quant",
                          "-fido",
                          "fido / 2",
                          "fido % 2",
                          "fido > 1000",
                          "1000 >= fido",
                          "fido = 1000",
                          "fido = '1000.00'",
                          "fido <> 0",
                          "fido BETWEEN 1 AND 2",
                          "1 BETWEEN 0 AND fido",
                          "fido IN (1, 2)",
                          "1 IN (fido)",
                          "fido IS 5",
                          "old.fido > 5",
                          "new.fido < quant",
                          "(fido) > 5",
                          "coalesce(fido, 0) > 5",
                          "dec_add(fido, 1) > 5",
                          "CASE fido WHEN 1 THEN 2 END",
                          "(CASE WHEN 1 THEN fido ELSE 0 END) > 5",
                          "round(fido, 2)",
                          "abs(fido)",
                          "nullif(fido, 0)",
                          "max(fido, 5)",
                          "trim(fido) > 5",
                          "\"FIDO\" < 5",
                          "dtult = 1 AND NOT fido > 5",
                          "iif(fido > 5, 1, 2)",
                          "(SELECT fido > 5 FROM new)",
                          "fido NOT IN (1)",
                          "'a' || (fido + 1)",
                          "CAST(fido + 1 AS TEXT)",
                          "fido NOT BETWEEN 1 AND 2",
                          "ragsoc LIKE 'x' OR fido > 2",
                          "fido & 1",
                          "fido COLLATE nocase > 'x'",
                          "(fido, 1) = (1, 1)",
                          "dtult < 5 = fido",
                          "dtult IN (SELECT quant FROM new)",
                          "fido == quant"}) {
    INFO(std::string(sql));
    CHECK(problems_of(sql).find("sql.decimal") == 0);
  }
}

TEST_CASE("what means the same as text is allowed on a decimal") {
  for (const char* sql : {"fido",
                          "fido || ' EUR'",
                          "'a' || fido = 'a1'",
                          "fido IS NULL",
                          "fido IS NOT NULL",
                          "fido ISNULL",
                          "fido NOT NULL",
                          "old.fido <> fido",
                          "fido IS NOT old.fido",
                          "dec_cmp(fido, 1000) > 0",
                          "CAST(fido AS REAL) * 2",
                          "CAST(fido AS INTEGER) > 3",
                          "coalesce(fido, '0')",
                          "fido LIKE '1%'",
                          "length(fido) > 3",
                          "changed('fido') = 1",
                          "dec_round(dec_mul(fido, 1.22), 2)",
                          "CASE WHEN dec_cmp(fido, 0) <> 0 THEN fido END",
                          "iif(dec_cmp(fido, 1) > 0, fido, NULL)",
                          "fido REGEXP '^1'",
                          "substr(fido, 1, 2) = '15'",
                          "dec_add(fido, -1)",
                          "replace(fido, '.', ',') = '1500,00'"}) {
    INFO(std::string(sql));
    CHECK(problems_of(sql) == "");
  }
}

TEST_CASE("text against numbers is warned of where SQLite would not mean it") {
  CHECK(problems_of("trim(codcli) = 5").find("warning sql.text_number 7:11") == 0);
  CHECK(problems_of("codcli > 5").find("warning sql.text_number 7:11") == 0);
  CHECK(problems_of("5 < dtnas").find("warning sql.text_number 7:15") == 0);
  CHECK(problems_of("codcli = 5").empty());
  CHECK(problems_of("dtult > 5").empty());
  CHECK(problems_of("CAST(codcli AS INTEGER) > 5").empty());
}

TEST_CASE("changed wants a literal, regexp a sound pattern") {
  CHECK(problems_of("changed(ragsoc)").find("sql.arguments") == 0);
  CHECK(problems_of("changed('a' || 'b')").find("sql.arguments") == 0);
  CHECK(problems_of("ragsoc REGEXP '('").find("sql.regexp 7:25") == 0);
  CHECK(problems_of("regexp('[', ragsoc)").find("sql.regexp 7:18") == 0);
}

TEST_CASE("a field given twice, or inside one that has a value of its own, is refused") {
  auto definition = pipeline_of("1");
  definition.set = {{"x", model::FieldScalar(true)}};
  CHECK(problems_of(definition).find("field.double 1:1 the field 'x' is given twice") == 0);
  definition.set = {{"x.y", model::FieldScalar(true)}};
  CHECK(problems_of(definition).find("field.double") == 0);
  definition.set = {{"x-y", model::FieldScalar(true)}};
  CHECK(problems_of(definition).empty());
}

TEST_CASE("columns whose names differ only by case, and many columns, are no obstacle") {
  model::Layout layout = customer_layout();
  layout.columns.push_back({.name = "RAGSOC", .type = model::ColumnType::text});
  settings::Diagnostics diagnostics;
  CHECK(Mapper::compile(pipeline_of("ragsoc"), layout, diagnostics) != nullptr);
  for (int i = 0; i < 3000; ++i) layout.columns.push_back({.name = "c" + std::to_string(i)});
  CHECK(Mapper::compile(pipeline_of("ragsoc"), layout, diagnostics) == nullptr);
  CHECK(diagnostics.all()[0].code == "sql.layout");
}

}  // namespace engine::map::test
