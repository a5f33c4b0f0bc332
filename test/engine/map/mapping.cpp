#include "test/engine/map/mapping.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace engine::map::test {

using model::ColumnType;

const model::Layout& customer_layout() {
  static const model::Layout layout = [] {
    model::Layout built;
    for (const auto& [name, type] : std::vector<std::pair<const char*, ColumnType>>{{"codcli", ColumnType::text},
                                                                                    {"ragsoc", ColumnType::text},
                                                                                    {"fido", ColumnType::decimal},
                                                                                    {"dtult", ColumnType::integer},
                                                                                    {"tel", ColumnType::text},
                                                                                    {"peso", ColumnType::real},
                                                                                    {"foto", ColumnType::binary},
                                                                                    {"dtnas", ColumnType::date},
                                                                                    {"ts", ColumnType::timestamp},
                                                                                    {"select", ColumnType::text},
                                                                                    {"Data Ord", ColumnType::text},
                                                                                    {"quant", ColumnType::decimal}}) {
      built.columns.push_back({.name = name, .type = type});
    }
    built.key = {0};
    return built;
  }();
  return layout;
}

Cells customer() {
  return {"C001",
          "ROSSI SRL",
          "1500.00",
          "1240131",
          "06 6982 1234",
          "0.1",
          std::string("\x00\xff\x10", 3),
          "2024-01-31",
          "2024-01-31 10:20:30.5",
          "chosen",
          "spaced",
          "3.5"};
}

Cells customer_before() {
  Cells cells = customer();
  cells[2] = "1000.00";
  return cells;
}

settings::Expression expression(std::string sql, int line, int column) {
  return {std::move(sql), {"pipelines/x/pipeline.yaml", line, column}, -1};
}

settings::FieldExpression field(std::string name, std::string sql) {
  return {std::move(name), {expression(std::move(sql))}, false};
}

settings::PipelineDefinition pipeline() {
  settings::PipelineDefinition definition;
  definition.name = "x";
  definition.origin = {"pipelines/x/pipeline.yaml", 1, 1};
  definition.target.match = {field("code", "trim(codcli)")};
  definition.depends_on = {"companies"};
  return definition;
}

settings::PipelineDefinition pipeline_of(std::string sql) {
  settings::PipelineDefinition definition = pipeline();
  definition.map = {field("x", std::move(sql))};
  return definition;
}

namespace {

void fill(model::RowBatch& batch, const std::optional<Cells>& cells) {
  batch.begin(customer_layout().columns.size());
  if (!cells) return;
  for (const auto& cell : *cells) cell ? batch.append(*cell) : batch.append_null();
  batch.end_row();
}

}  // namespace

Change::Change(const std::optional<Cells>& after, const std::optional<Cells>& before) {
  fill(after_, after);
  fill(before_, before);
}

ChangedRow Change::row() const {
  ChangedRow row;
  if (after_.rows() == 1) row.after = after_.row(0);
  if (before_.rows() == 1) row.before = before_.row(0);
  row.time_ms = 1706696430000;  // 2024-01-31 10:20:30 UTC
  return row;
}

Change update() { return Change(customer(), customer_before()); }

std::unique_ptr<Mapper> mapper(const settings::PipelineDefinition& definition, const MapLimits& limits) {
  settings::Diagnostics diagnostics;
  auto compiled = Mapper::compile(definition, customer_layout(), diagnostics, limits);
  for (const auto& one : diagnostics.all()) INFO(one.message);
  REQUIRE_MESSAGE(compiled != nullptr, problems_of(definition));
  return compiled;
}

std::string text_of(const MapOutcome& outcome) {
  if (const auto* mapped = std::get_if<Mapped>(&outcome)) return mapped->fields;
  if (const auto* left = std::get_if<Left>(&outcome)) return "left " + left->match;
  return "failed " + std::get<Failed>(outcome).reason;
}

std::string mapped(const settings::PipelineDefinition& definition) {
  return text_of(mapper(definition)->map(update().row()));
}

std::string value_of(const std::string& sql) {
  const std::string fields = mapped(pipeline_of(sql));
  const std::string opening = R"({"x":)";
  return fields.starts_with(opening) ? fields.substr(opening.size(), fields.size() - opening.size() - 1) : fields;
}

namespace {

std::string text_of(const settings::Diagnostics& diagnostics) {
  std::string text;
  for (const settings::Diagnostic& one : diagnostics.all()) {
    if (!text.empty()) text += '\n';
    if (one.level == settings::Diagnostic::Level::warning) text += "warning ";
    text += fmt::format("{} {}:{} {}", one.code, one.origin.line, one.origin.column, one.message);
    if (!one.suggestion.empty()) text += fmt::format(" ({})", one.suggestion);
  }
  return text;
}

std::string problems_over(const settings::PipelineDefinition& definition, const model::Layout& layout) {
  settings::Diagnostics diagnostics;
  const auto compiled = Mapper::compile(definition, layout, diagnostics);
  CHECK((compiled != nullptr) == diagnostics.ok());
  return text_of(diagnostics);
}

}  // namespace

std::string problems_of(const settings::PipelineDefinition& definition) { return problems_over(definition, customer_layout()); }

std::string problems_of(const std::string& sql) { return problems_of(pipeline_of(sql)); }

const model::Layout& document_layout() {
  static const model::Layout layout = [] {
    const auto integer = [](const char* name) { return model::Column{.name = name, .type = ColumnType::integer}; };
    model::Column discounts{.name = "discounts", .columns = {integer("riga"), integer("prog"), integer("perc")}, .key = {0, 1}};
    model::Column lines{.name = "lines",
                        .columns = {integer("numprev"), integer("riga"), {.name = "qta", .type = ColumnType::decimal}, {.name = "prezzo", .type = ColumnType::decimal},
                                    {.name = "codart"}, {.name = "note"}, discounts},
                        .key = {0, 1}};
    return model::Layout{.columns = {integer("numprev"), lines}, .key = {0}};
  }();
  return layout;
}

settings::PipelineDefinition document_pipeline(std::string sql, const std::string& type) {
  settings::PipelineDefinition definition = pipeline_of(std::move(sql));
  definition.target.match = {field("code", "numprev")};
  if (type == "json") definition.json_fields = {"x"};
  if (type == "text") definition.text_fields = {"x"};
  return definition;
}

std::string document_value(const std::string& sql, const std::string& type) {
  const std::string first = R"({"numprev":11,"riga":1,"qta":"2.000","prezzo":"12.0","codart":"A1","note":"a \"b\"","discounts":[{"riga":1,"prog":1,"perc":10},{"riga":1,"prog":2,"perc":5}]})";
  const std::string second = R"({"numprev":11,"riga":2,"qta":"1.500","prezzo":"9.0","codart":"B7","note":null,"discounts":[{"riga":2,"prog":1,"perc":7}]})";
  model::RowBatch rows;
  rows.begin(2);
  for (const std::string& lines : {"[" + first + "]", "[" + first + "," + second + "]"}) {
    rows.append("11");
    rows.append(lines);
    rows.end_row();
  }
  settings::Diagnostics diagnostics;
  const auto compiled = Mapper::compile(document_pipeline(sql, type), document_layout(), diagnostics);
  REQUIRE_MESSAGE(compiled != nullptr, text_of(diagnostics));
  const std::string fields = text_of(compiled->map({.after = rows.row(1), .before = rows.row(0), .time_ms = 0}));
  const std::string opening = R"({"x":)";
  return fields.starts_with(opening) ? fields.substr(opening.size(), fields.size() - opening.size() - 1) : fields;
}

std::string document_problems(const std::string& sql, const std::string& type) { return problems_over(document_pipeline(sql, type), document_layout()); }

}  // namespace engine::map::test
