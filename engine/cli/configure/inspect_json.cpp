#include "engine/cli/configure/inspect_json.h"

#include <boost/json.hpp>

namespace engine::cli {

namespace {

namespace json = boost::json;

json::array array_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

json::value rows_of(const operate::RowCount& count) { return count.rows ? json::value(*count.rows) : json::value(nullptr); }

std::string_view name_of(operate::KeyBasis basis) {
  switch (basis) {
    case operate::KeyBasis::primary_key: return "primary_key";
    case operate::KeyBasis::unique_index: return "unique_index";
    case operate::KeyBasis::guess: return "guess";
    case operate::KeyBasis::none: break;
  }
  return "none";
}

json::object json_of(const operate::ColumnInspection& each) {
  return {{"name", each.column.name},
          {"source_type", each.column.source_type},
          {"type", model::name_of(each.column.type)},
          {"size", each.column.size},
          {"scale", each.column.scale},
          {"nullable", each.column.nullable},
          {"samples", array_of(each.samples)},
          {"masked_as", each.masked_as},
          {"expression", each.expression}};
}

json::object json_of(const operate::CaptureProposal& capture) {
  return {{"mode", capture.mode},
          {"every_ms", capture.every_ms},
          {"column", capture.column},
          {"overlap_ms", capture.overlap_ms},
          {"full_every_ms", capture.full_every_ms},
          {"reasons", array_of(capture.reasons)},
          {"alternatives", array_of(capture.alternatives)}};
}

}  // namespace

std::string json_text(const operate::SourceInspection& source) {
  json::array tables;
  for (const operate::TableSummary& table : source.tables) {
    tables.push_back(json::object{{"from", table.from}, {"view", table.is_view}, {"rows", rows_of(table.count)}, {"estimated", table.count.estimated}});
  }
  return json::serialize(json::object{{"connection", source.connection},
                                      {"dialect", source.dialect},
                                      {"server", source.server},
                                      {"proved", source.proved},
                                      {"tables", tables},
                                      {"all_listed", source.all_listed},
                                      {"traps", array_of(source.traps)}});
}

std::string json_text(const operate::TableInspection& table, const std::vector<std::string>* written) {
  json::array columns, files;
  for (const operate::ColumnInspection& column : table.columns) columns.push_back(json_of(column));
  for (const operate::YamlFile& file : table.files) files.push_back(json::object{{"path", file.path}, {"text", file.text}});
  const json::object key{{"basis", name_of(table.key.basis)},
                         {"columns", array_of(table.key.columns)},
                         {"indexed", table.key.indexed},
                         {"remark", table.key.remark}};
  json::object told{{"connection", table.connection},
                    {"from", table.from},
                    {"server", table.server},
                    {"rows", rows_of(table.count)},
                    {"estimated", table.count.estimated},
                    {"rows_sampled", table.rows_sampled},
                    {"columns", columns},
                    {"key", key},
                    {"modified_columns", array_of(table.modified_columns)},
                    {"capture", json_of(table.capture)},
                    {"traps", array_of(table.traps)},
                    {"files", files}};
  if (written != nullptr) told.emplace("written", array_of(*written));
  return json::serialize(told);
}

std::string json_text(const operate::TargetInspection& target) {
  json::array objects;
  for (const operate::TargetObject& object : target.objects) {
    objects.push_back(json::object{
        {"name", object.name}, {"calls", array_of(object.calls)}, {"match", array_of(object.match)}, {"required", array_of(object.required)}});
  }
  return json::serialize(
      json::object{{"connection", target.connection}, {"target", target.target}, {"about", target.about}, {"objects", objects}});
}

}  // namespace engine::cli
