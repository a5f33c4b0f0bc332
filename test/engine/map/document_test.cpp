// Expressions over a document: its nested tables stand in subselects.
#include <doctest/doctest.h>

#include "test/engine/map/mapping.h"

namespace engine::map::test {

using model::Column;
using model::ColumnType;

TEST_CASE("nested tables stand in subselects, with the rows of the change and of the image before it") {
  CHECK(document_value("(SELECT count(*) FROM lines)") == "2");
  CHECK(document_value("(SELECT count(*) FROM old.lines)") == "1");
  CHECK(document_value("(SELECT group_concat(codart) FROM LINES WHERE riga > 1)") == "\"B7\"");
  CHECK(document_value("(SELECT dec_sum(qta) FROM lines)") == "\"3.500\"");
  CHECK(document_value("(SELECT dec_sum(l.qta) FROM lines l JOIN old.lines o ON o.riga = l.riga)") == "\"2.000\"");
  CHECK(document_value("(SELECT sum(riga) + numprev FROM lines)") == "14");
  CHECK(document_value("(SELECT max(codart) FROM lines)") == "\"B7\"");
  CHECK(document_value("(SELECT dec_sum(qta) FROM lines WHERE riga > 9)") == "null");
}

TEST_CASE("a table nested deeper has all its rows in the document, and can be joined to its parents") {
  CHECK(document_value("(SELECT count(*) FROM discounts)") == "3");
  CHECK(document_value("(SELECT group_concat(codart || ':' || (SELECT count(*) FROM discounts d WHERE d.riga = lines.riga)) FROM lines)") ==
        "\"A1:2,B7:1\"");
  CHECK(document_value("(SELECT group_concat(perc) FROM discounts WHERE riga = 1)") == "\"10,5\"");
}

TEST_CASE("a nested table is a column, too: its rows as JSON, which changed() compares") {
  CHECK(document_value("json_extract(lines, '$[1].codart')") == "\"B7\"");
  CHECK(document_value("json_array_length(old.lines)") == "1");
  CHECK(document_value("changed('lines')") == "1");
  CHECK(document_value("changed('numprev')") == "0");
}

TEST_CASE("`types: json` sends a list or an object, digits as they are; a text that is none fails the row") {
  const std::string lines = "(SELECT json_group_array(json_object('sku', codart, 'qty', json(qta), 'note', note)) FROM lines)";
  CHECK(document_value(lines, "json") == R"([{"sku":"A1","qty":2.000,"note":"a \"b\""},{"sku":"B7","qty":1.500,"note":null}])");
  CHECK(document_value("(SELECT json_group_array(codart) FROM lines WHERE riga > 9)", "json") == "[]");
  CHECK(document_value("json_object('n', numprev)", "json") == R"({"n":11})");
  CHECK(document_value("'{ \"a\" : [ 1 , 2 ] }'", "json") == R"({"a":[1,2]})");
  CHECK(document_value("NULL", "json") == "null");
  CHECK(document_value("'[1,'", "json").find("field 'x' (pipelines/x/pipeline.yaml:7:11): '[1,' is no JSON") != std::string::npos);
}

TEST_CASE("an expression that gives JSON without a type is told, as it would be sent as a text") {
  const std::string warning =
      "warning field.json_text 7:11 field 'x' would be sent as a text that holds JSON (write 'types: { x: json }' to send a list or an object, "
      "'text' to send the text)";
  CHECK(document_problems("(SELECT json_group_array(codart) FROM lines)") == warning);
  CHECK(document_problems("json_object('a', 1)") == warning);
  CHECK(document_problems("(SELECT json_group_array(codart) FROM lines)", "json").empty());
  CHECK(document_problems("(SELECT json_group_array(codart) FROM lines)", "text").empty());
  CHECK(document_problems("json_extract(lines, '$[0].codart')").empty());
}

TEST_CASE("names of nested tables and their columns are checked, with the nearest one") {
  CHECK(document_problems("(SELECT count(*) FROM lins)") == "sql.forbidden 7:11 field 'x': no such table: lins (did you mean 'lines'?)");
  CHECK(document_problems("(SELECT dec_sum(qtaa) FROM lines)") == "sql.unknown_column 7:27 field 'x': no such column: qtaa (did you mean 'qta'?)");
  CHECK(document_problems("qta") == "sql.unknown_column 7:11 field 'x': no such column: qta (did you mean 'qta'?)");
  CHECK(document_problems("sum(numprev)").find("sql.aggregate") == 0);
  CHECK(document_problems("(SELECT count(*) FROM sqlite_master)").find("sql.forbidden") == 0);
}

TEST_CASE("what a plain row cannot add up is refused there as before") {
  CHECK(problems_of("(SELECT sum(1))").find("sql.aggregate") == 0);
  CHECK(problems_of("(SELECT dec_sum(fido))").find("sql.aggregate") != std::string::npos);
}

TEST_CASE("exact decimals of nested rows are refused where text would compare or compute wrongly, and taken where it would not") {
  CHECK(document_problems("(SELECT sum(qta) FROM lines)").find("sql.decimal 7:23") == 0);
  CHECK(document_problems("(SELECT dec_sum(qta) FROM lines WHERE qta > 1)").find("sql.decimal 7:49") == 0);
  CHECK(document_problems("(SELECT group_concat(qta * 2) FROM lines)").find("sql.decimal") == 0);
  CHECK(document_problems("(SELECT max(q) FROM (SELECT qta AS q FROM lines))").find("the decimal column 'qta' cannot be used inside a subselect") !=
        std::string::npos);
  CHECK(document_problems("(SELECT group_concat(qta) FROM lines WHERE dec_cmp(qta, 1) > 0 AND codart <> 'X')").empty());
}

TEST_CASE("a mapping's fingerprint knows the columns of nested tables that it reads") {
  const auto fingerprint = [](ColumnType type) {
    model::Layout layout = document_layout();
    layout.columns[1].columns[2].type = type;
    settings::PipelineDefinition definition = document_pipeline("(SELECT group_concat(qta) FROM lines)");
    settings::Diagnostics diagnostics;
    const auto mapper = Mapper::compile(definition, layout, diagnostics);
    REQUIRE(mapper);
    return mapper->fingerprint();
  };
  CHECK(fingerprint(ColumnType::decimal) != fingerprint(ColumnType::text));
  CHECK(fingerprint(ColumnType::decimal) == fingerprint(ColumnType::decimal));
}

}  // namespace engine::map::test
