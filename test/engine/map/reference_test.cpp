#include <doctest/doctest.h>

#include "engine/model/reference.h"
#include "test/engine/map/mapping.h"

using namespace engine::map::test;
using engine::model::Reference;

namespace {

engine::settings::PipelineDefinition child() {
  auto pipeline = engine::map::test::pipeline();
  pipeline.depends_on = {"companies", "owners"};
  return pipeline;
}

/// The fields with "<pipeline key…>" in the place of references.
std::string shown(const engine::settings::PipelineDefinition& definition) {
  const std::string fields = mapped(definition);
  if (!fields.starts_with("{")) return fields;
  auto map = engine::model::fields_from_json(fields);
  engine::model::put_in_ids(map, [](const Reference& reference) {
    std::string text = reference.pipeline;
    for (const std::string& part : reference.key) text += "," + part;
    return std::optional("<" + text + ">");
  });
  return engine::model::fields_json(map);
}

}  // namespace

TEST_CASE("remote_id stands for another record's id, alone, inside a text and in a list") {
  auto definition = child();
  definition.map = {field("alone", "remote_id('companies', codcli)"),
                    field("bind", "'/accounts(' || remote_id('companies', trim(codcli), 7) || ')'"),
                    {"list", {expression("remote_id('owners', 1)"), expression("2")}, true},
                    field("none", "remote_id('companies', NULL)")};
  CHECK(shown(definition) ==
        R"json({"alone":"<companies,C001>","bind":"/accounts(<companies,C001,7>)","list":["<owners,1>",2],"none":null})json");
}

TEST_CASE("references inside JSON are found and replaced, texts around them left as they are") {
  auto definition = child();
  definition.map = {field("lines", "json_array(json_object('product', remote_id('companies', codcli), 'note', 'a \"b\"'), 7)")};
  definition.json_fields = {"lines"};
  CHECK(shown(definition) == R"json({"lines":[{"product":"<companies,C001>","note":"a \"b\""},7]})json");
}

TEST_CASE("a reference that is to be a number becomes one when its id is known") {
  auto definition = child();
  definition.map = {field("company", "remote_id('companies', codcli)")};
  definition.number_fields = {"company"};
  auto map = engine::model::fields_from_json(mapped(definition));
  engine::model::put_in_ids(map, [](const Reference&) { return std::optional<std::string>("42"); });
  CHECK(engine::model::fields_json(map) == R"({"company":42})");
}

TEST_CASE("associations are mapped beside the fields, under names of their own") {
  auto definition = child();
  definition.map = {field("name", "'x'")};
  definition.target.associations = {field("company", "remote_id('companies', codcli)")};
  CHECK(shown(definition) == R"({"->company":"<companies,C001>","name":"x"})");
  auto other = definition;
  other.target.associations = {field("company", "remote_id('companies', tel)")};
  CHECK(mapper(definition)->fingerprint() != mapper(other)->fingerprint());
}

TEST_CASE("remote_id names a pipeline of depends_on, in a literal, and stands under map and associations only") {
  auto definition = child();
  definition.map = {field("x", "remote_id('companis', codcli)")};
  CHECK(problems_of(definition) ==
        "reference.unknown 7:22 field 'x': 'companis' does not stand under `depends_on:` (did you mean 'companies'?)");
  definition.map = {field("x", "remote_id(codcli, 1)")};
  CHECK(problems_of(definition) ==
        "sql.arguments 7:11 field 'x': remote_id() takes a pipeline's name in single quotes, then the key (write "
        "remote_id('PIPELINE', key))");
  definition.map = {field("x", "remote_id('companies')")};
  CHECK(problems_of(definition).starts_with("sql.arguments 7:11 field 'x'"));
  definition.map = {field("x", "1")};
  definition.where = expression("remote_id('companies', codcli) IS NOT NULL");
  CHECK(problems_of(definition).starts_with("sql.forbidden 7:11 where: remote_id() stands only under `map:`"));
}
