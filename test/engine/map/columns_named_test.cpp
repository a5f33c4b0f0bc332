#include "engine/map/check/columns_named.h"

#include <doctest/doctest.h>

using engine::settings::Expression;
using engine::settings::FieldExpression;

TEST_CASE("columns are told from keywords, functions, texts and the image before") {
  engine::settings::PipelineDefinition pipeline;
  pipeline.where = Expression{"attivo = 'S' AND old.fido IS NOT NULL"};
  pipeline.map = {FieldExpression{"name", {Expression{R"(title_case(trim(ragsoc)) || "Strange Name")"}}, false}};
  pipeline.target.match = {FieldExpression{"code", {Expression{"codcli"}}, false}};
  pipeline.target.comment = engine::settings::CommentDefinition{Expression{"changed('tel')"}, Expression{"'text'"}};
  CHECK(engine::map::columns_named(pipeline) == std::set<std::string>{"Strange Name", "attivo", "codcli", "fido", "ragsoc", "tel"});
}
