#include "engine/map/mapper.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <thread>

#include "engine/model/fields.h"
#include "test/engine/map/mapping.h"

namespace engine::map::test {
namespace {

using model::FieldMap;
using model::FieldScalar;
using model::NumberText;

Cells customer_with(std::size_t column, std::optional<std::string> cell) {
  Cells cells = customer();
  cells[column] = std::move(cell);
  return cells;
}

settings::PipelineDefinition active_customers() {
  auto definition = pipeline_of("title_case(ragsoc)");
  definition.where = expression("codcli <> 'C009'", 3, 8);
  return definition;
}

settings::PipelineDefinition payment_terms(settings::Otherwise otherwise, FieldScalar value = {}) {
  auto definition = pipeline();
  definition.values = {{"terms",
                        expression("trim(ragsoc)"),
                        {{"01", std::string("net30")}, {"2", std::int64_t{60}}},
                        otherwise,
                        std::move(value)}};
  return definition;
}

std::string with_terms(settings::PipelineDefinition definition, std::optional<std::string> code) {
  return text_of(mapper(definition)->map(Change(customer_with(1, std::move(code)), std::nullopt).row()));
}

}  // namespace

TEST_CASE("a row that where takes is mapped: match and fields as flat JSON") {
  auto definition = active_customers();
  definition.map.push_back(field("address.city", "NULL"));
  definition.map.push_back(field("credit", "fido"));
  definition.number_fields = {"credit"};
  definition.set = {{"source", FieldScalar(std::string("erp"))}, {"active", FieldScalar(true)}};
  const auto outcome = mapper(definition)->map(update().row());
  REQUIRE(std::holds_alternative<Mapped>(outcome));
  const auto& mapped = std::get<Mapped>(outcome);
  CHECK(mapped.match == R"({"code":"C001"})");
  CHECK(mapped.fields == R"({"active":true,"address.city":null,"credit":1500.00,"source":"erp","x":"Rossi Srl"})");
  CHECK_FALSE(mapped.comment);
}

TEST_CASE("the first rule that is not met is told, and one that is NULL is not met") {
  auto definition = active_customers();
  using Action = settings::GuardRule::Action;
  definition.rules = {{"first", expression("fido IS NOT NULL"), Action::hold}, {"second", expression("tel regexp '^[+]39'"), Action::hold}};
  const auto broken = [&](const Cells& cells) {
    return std::get<Mapped>(mapper(definition)->map(Change(cells, std::nullopt).row())).broken_rule;
  };
  CHECK_FALSE(broken(customer_with(4, "+39 06 1234")));
  CHECK(broken(customer_with(4, "06 1234")) == 1);
  CHECK(broken(customer_with(4, std::nullopt)) == 1);
  CHECK(broken(customer_with(2, std::nullopt)) == 0);
  definition.rules[1].check = expression("tell IS NULL", 9, 12);
  CHECK(problems_of(definition).find("9:12") != std::string::npos);
}

TEST_CASE("each type keeps its kind in JSON") {
  CHECK(value_of("dtult") == "1240131");
  CHECK(value_of("peso") == "0.1");
  CHECK(value_of("dtult * 1.0") == "1240131.0");
  CHECK(value_of("fido") == R"("1500.00")");
  CHECK(value_of("ragsoc") == R"("ROSSI SRL")");
  CHECK(value_of("foto") == R"("AP8Q")");
  CHECK(value_of("dtnas") == R"("2024-01-31")");
  CHECK(value_of("ts") == R"("2024-01-31 10:20:30.5")");
  CHECK(value_of("strftime('%d/%m/%Y', ts)") == R"("31/01/2024")");
  CHECK(value_of("typeof(dtult) || typeof(peso) || typeof(fido) || typeof(foto) || typeof(ts)") ==
        R"("integerrealtextblobtext")");
  CHECK(value_of("NULL") == "null");
}

TEST_CASE("names are found without regard to case; quoted ones may hold blanks or be keywords") {
  CHECK(value_of("RAGSOC") == R"("ROSSI SRL")");
  CHECK(value_of("new.RagSoc") == R"("ROSSI SRL")");
  CHECK(value_of("\"select\" || [Data Ord] || `select`") == R"("chosenspacedchosen")");
  CHECK(value_of("old.\"FIDO\" || ' -> ' || fido") == R"("1000.00 -> 1500.00")");
}

TEST_CASE("old columns are NULL on an insert") {
  const auto compiled = mapper(pipeline_of("coalesce(old.fido, 'new')"));
  CHECK(text_of(compiled->map(Change(customer(), std::nullopt).row())) == R"({"x":"new"})");
  CHECK(text_of(compiled->map(update().row())) == R"({"x":"1000.00"})");
}

TEST_CASE("a row that where does not take leaves, with the match of its last image") {
  const auto compiled = mapper(active_customers());
  const Cells inactive = customer_with(0, "C009");
  CHECK(text_of(compiled->map(Change(inactive, customer()).row())) == R"(left {"code":"C009"})");
  auto unknown = pipeline();
  unknown.where = expression("NULL");
  CHECK(mapped(unknown) == R"(left {"code":"C001"})");
}

TEST_CASE("a deleted row leaves with its last image's match, whatever where says of it") {
  auto definition = active_customers();
  definition.where = expression("dec_cmp(ragsoc, 'never computed') = 0");
  CHECK(text_of(mapper(definition)->map(Change(std::nullopt, customer()).row())) == R"(left {"code":"C001"})");
}

TEST_CASE("a field that cannot be computed does no harm to a row that leaves") {
  auto definition = pipeline_of("from_cyymmdd('junk')");
  definition.where = expression("codcli = 'other'");
  CHECK(mapped(definition) == R"(left {"code":"C001"})");
}

TEST_CASE("a failure names the field, the place and what is wrong") {
  auto definition = pipeline_of("trim(ragsoc)");
  definition.map.push_back({"date", {expression("from_cyymmdd(ragsoc)", 9, 13)}, false});
  CHECK(mapped(definition) ==
        "failed field 'date' (pipelines/x/pipeline.yaml:9:13): from_cyymmdd: 'ROSSI SRL' is no date");
  definition = pipeline();
  definition.where = expression("dec_cmp(ragsoc, 1) > 0", 3, 8);
  CHECK(mapped(definition) == "failed where (pipelines/x/pipeline.yaml:3:8): dec_cmp: 'ROSSI SRL' is not a number");
  definition = pipeline();
  definition.target.match = {field("code", "dec_add(ragsoc, 1)")};
  CHECK(mapped(definition) ==
        "failed match field 'code' (pipelines/x/pipeline.yaml:7:11): dec_add: 'ROSSI SRL' is not a number");
}

TEST_CASE("a failed row leaves nothing behind for the next") {
  const auto compiled = mapper(pipeline_of("dec_add(ragsoc, 1)"));
  const Change bad = update();
  const Change good(customer_with(1, "41"), customer());
  for (int i = 0; i < 3; ++i) {
    CHECK(text_of(compiled->map(bad.row())).starts_with("failed field 'x'"));
    CHECK(text_of(compiled->map(good.row())) == R"({"x":"42"})");
  }
}

TEST_CASE("a wanted row without a match fails; one that leaves takes the match it had") {
  auto definition = pipeline();
  definition.target.match = {field("code", "trim(ragsoc)")};
  definition.where = expression("codcli = 'C001'");
  const auto compiled = mapper(definition);
  for (const auto& none : {std::optional<std::string>("   "), std::optional<std::string>()}) {
    CHECK(text_of(compiled->map(Change(customer_with(1, none), customer()).row())) ==
          "failed match code is NULL or empty");
    Cells gone = customer_with(1, none);
    gone[0] = "C002";
    CHECK(text_of(compiled->map(Change(gone, customer()).row())) == R"(left {"code":"ROSSI SRL"})");
    CHECK(text_of(compiled->map(Change(gone, gone).row())) == "left {}");
    CHECK(text_of(compiled->map(Change(gone, std::nullopt).row())) == "left {}");
    CHECK(text_of(compiled->map(Change(std::nullopt, gone).row())) == "left {}");
  }
}

TEST_CASE("a match of several fields is in name order and keeps numbers as numbers") {
  auto definition = pipeline();
  definition.target.match = {field("number", "dtult"), field("code", "trim(codcli)")};
  const auto outcome = mapper(definition)->map(update().row());
  CHECK(std::get<Mapped>(outcome).match == R"({"code":"C001","number":1240131})");
}

TEST_CASE("types: number emits exact digits, and text that is no number fails") {
  auto definition = pipeline_of("fido");
  definition.number_fields = {"x"};
  CHECK(mapped(definition) == R"({"x":1500.00})");
  for (const auto& [sql, wanted] : {std::pair{"'00012345678901234567890.10'", R"({"x":12345678901234567890.10})"},
                                    std::pair{"dtult", R"({"x":1240131})"}, std::pair{"NULL", R"({"x":null})"},
                                    std::pair{"' -.5 '", R"({"x":-0.5})"}}) {
    definition.map = {field("x", sql)};
    CHECK(mapped(definition) == wanted);
  }
  for (const char* bad : {"ragsoc", "''", "'1e5'", "foto"}) {
    definition.map = {field("x", bad)};
    CHECK(mapped(definition).find("is not a number") != std::string::npos);
  }
}

TEST_CASE("lists become arrays, NULL elements included") {
  auto definition = pipeline();
  definition.map = {{"body", {expression("codcli"), expression("NULL"), expression("dtult")}, true},
                    {"none", {}, true}};
  definition.omit_nulls = true;
  CHECK(mapped(definition) == R"({"body":["C001",null,1240131],"none":[]})");
}

TEST_CASE("NULL is left out on demand") {
  auto definition = pipeline();
  definition.map = {field("a", "NULL"), field("b", "1"), field("c", "NULL")};
  definition.set = {{"d", FieldScalar{}}};
  CHECK(mapped(definition) == R"({"a":null,"b":1,"c":null,"d":null})");
  definition.omit_nulls = true;
  CHECK(mapped(definition) == R"({"b":1})");
}

TEST_CASE("enumerations translate codes as text, and otherwise says what becomes of the rest") {
  using settings::Otherwise;
  CHECK(with_terms(payment_terms(Otherwise::dead_letter), "01 ") == R"({"terms":"net30"})");
  CHECK(with_terms(payment_terms(Otherwise::dead_letter), "2") == R"({"terms":60})");
  CHECK(with_terms(payment_terms(Otherwise::dead_letter), "1") ==
        "failed field 'terms' (pipelines/x/pipeline.yaml:7:11): '1' is none of its values");
  CHECK(with_terms(payment_terms(Otherwise::dead_letter), std::nullopt).find("NULL is none of its values") !=
        std::string::npos);
  CHECK(with_terms(payment_terms(Otherwise::null), "9") == R"({"terms":null})");
  CHECK(with_terms(payment_terms(Otherwise::value, std::string("other")), "9") == R"({"terms":"other"})");
  auto omitted = payment_terms(Otherwise::null);
  omitted.omit_nulls = true;
  CHECK(with_terms(omitted, "9") == "{}");
}

TEST_CASE("a comment is made when its condition holds and its text is not NULL") {
  auto definition = pipeline();
  definition.target.comment =
      settings::CommentDefinition{expression("changed('fido')"), expression("'Limit ' || old.fido || ' -> ' || fido")};
  const auto compiled = mapper(definition);
  const auto comment = [&](const Change& change) { return std::get<Mapped>(compiled->map(change.row())).comment; };
  CHECK(comment(update()) == "Limit 1000.00 -> 1500.00");
  CHECK_FALSE(comment(Change(customer(), customer())));
  CHECK_FALSE(comment(Change(customer(), std::nullopt)));
  CHECK(comment(update()) == "Limit 1000.00 -> 1500.00");
}

TEST_CASE("more fields than a call takes arguments are all written, in order") {
  auto definition = pipeline();
  FieldMap wanted;
  for (int i = 0; i < 250; ++i) {
    const std::string name = "f" + std::to_string(i);
    definition.map.push_back(field(name, "dtult + " + std::to_string(i)));
    wanted[name] = FieldScalar(std::int64_t{1240131 + i});
  }
  definition.target.comment = settings::CommentDefinition{expression("1"), expression("'said'")};
  const auto outcome = mapper(definition)->map(update().row());
  CHECK(std::get<Mapped>(outcome).fields == model::fields_json(wanted));
  CHECK(std::get<Mapped>(outcome).comment == "said");
}

TEST_CASE("fields are byte for byte what the model writes, whatever the values") {
  const auto definition = [] {
    auto made = pipeline();
    made.map = {field("z\"é", "ragsoc"), field("a.b", "dtult"), field("a-b", "peso"), field("n", "fido")};
    made.number_fields = {"n"};
    made.set = {{"k", FieldScalar(2.0)}, {"l", std::vector<FieldScalar>{std::int64_t{1}, false, std::string("x")}}};
    return made;
  }();
  const auto compiled = mapper(definition);
  CHECK(rc::check([&] {
    const std::string text = *rc::gen::string<std::string>();
    const auto integer = *rc::gen::arbitrary<std::int64_t>();
    const double real = *rc::gen::arbitrary<double>();
    FieldMap wanted = definition.set;
    wanted["z\"é"] = FieldScalar(text);
    wanted["a.b"] = FieldScalar(integer);
    wanted["a-b"] = FieldScalar(real);
    wanted["n"] = FieldScalar(NumberText{"1500.00"});
    Cells cells = customer_with(1, text);
    cells[3] = std::to_string(integer);
    cells[5] = fmt::format("{}", real);
    RC_ASSERT(text_of(compiled->map(Change(cells, std::nullopt).row())) == model::fields_json(wanted));
  }));
}

TEST_CASE("values are data: quotes, zeros and SQL in a cell come out as they went in") {
  for (const std::string& text : {std::string("'; DROP TABLE new; --"), std::string("a\"b\\c\n"),
                                  std::string("x\0y", 3), std::string("città €𝄞"), std::string("now")}) {
    const auto compiled = mapper(pipeline_of("ragsoc"));
    const FieldMap wanted{{"x", FieldScalar(text)}};
    CHECK(text_of(compiled->map(Change(customer_with(1, text), std::nullopt).row())) == model::fields_json(wanted));
  }
}

TEST_CASE("numbers that JSON has not fail the row") {
  const auto compiled = mapper(pipeline_of("peso"));
  CHECK(text_of(compiled->map(Change(customer_with(5, "inf"), std::nullopt).row())).find("is not a finite number") !=
        std::string::npos);
  CHECK(text_of(compiled->map(Change(customer_with(5, "nan"), std::nullopt).row())).find("holds no number") !=
        std::string::npos);
}

TEST_CASE("a value that is too long fails its row only where it is a result") {
  MapLimits limits;
  limits.value_bytes_max = 1000;
  const Change change(customer_with(1, std::string(5000, 'x')), std::nullopt);
  CHECK(text_of(mapper(pipeline_of("ragsoc"), limits)->map(change.row())) ==
        "failed field 'x' (pipelines/x/pipeline.yaml:7:11): the result has 5000 bytes, more than 1000");
  CHECK(text_of(mapper(pipeline_of("substr(ragsoc, 1, 3)"), limits)->map(change.row())) == R"({"x":"xxx"})");
  CHECK(text_of(mapper(pipeline_of("replace(ragsoc, 'x', ragsoc)"), limits)->map(change.row())).find("too big") !=
        std::string::npos);
}

TEST_CASE("a change without any image is a failure, not a crash") {
  CHECK(text_of(mapper(pipeline_of("1"))->map(ChangedRow{})).starts_with("failed"));
}

TEST_CASE("mappers on several threads give what one gives") {
  const std::string wanted = mapped(active_customers());
  std::vector<std::string> wrong(4);
  std::vector<std::thread> threads;
  for (std::string& into : wrong) {
    threads.emplace_back([&into, &wanted] {
      auto definition = active_customers();
      settings::Diagnostics diagnostics;
      const auto own = Mapper::compile(definition, customer_layout(), diagnostics);
      const Change change = update();
      for (int i = 0; i < 500 && into.empty(); ++i) {
        std::string text = text_of(own->map(change.row()));
        if (text != wanted) into = std::move(text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : wrong) CHECK(text.empty());
}

TEST_CASE("the fingerprint changes with whatever may change results, and with nothing else") {
  const auto base = pipeline_of("trim(ragsoc)");
  const std::string fingerprint = mapper(base)->fingerprint();
  CHECK(fingerprint.size() == 32);
  CHECK(mapper(base)->fingerprint() == fingerprint);

  auto moved = base;
  moved.map[0].expressions[0].origin.line = 99;
  moved.name = "renamed";
  CHECK(mapper(moved)->fingerprint() == fingerprint);

  std::vector<settings::PipelineDefinition> others(6, base);
  others[0].map[0].expressions[0].sql = "trim(codcli)";
  others[1].where = expression("1");
  others[2].set = {{"y", FieldScalar(true)}};
  others[3].omit_nulls = true;
  others[4].number_fields = {"x"};
  others[5].map[0].field = "z";
  for (const auto& other : others) CHECK(mapper(other)->fingerprint() != fingerprint);
  CHECK(mapper(payment_terms(settings::Otherwise::null))->fingerprint() !=
        mapper(payment_terms(settings::Otherwise::value))->fingerprint());

  model::Layout retyped = customer_layout();
  retyped.columns[9].type = model::ColumnType::integer;
  settings::Diagnostics diagnostics;
  CHECK(Mapper::compile(base, retyped, diagnostics)->fingerprint() == fingerprint);
  retyped.columns[1].type = model::ColumnType::date;
  CHECK(Mapper::compile(base, retyped, diagnostics)->fingerprint() != fingerprint);
}

}  // namespace engine::map::test
