#include "test/support/scripted_driver/script.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <sql.h>
#include <sqlext.h>

namespace scripted {

namespace json = boost::json;

namespace {

std::string text_of(const json::value& value) { return value.is_string() ? std::string(value.as_string()) : json::serialize(value); }

std::vector<std::string> texts_of(const json::value& value) {
  std::vector<std::string> texts;
  if (!value.is_array()) return {text_of(value)};
  for (const json::value& each : value.as_array()) texts.push_back(text_of(each));
  return texts;
}

struct KnownType {
  short code;
  unsigned long size;
};

KnownType type_named(const std::string& name) {
  static const std::map<std::string, KnownType> types{
      {"integer", {SQL_INTEGER, 10}}, {"int", {SQL_INTEGER, 10}}, {"bigint", {SQL_BIGINT, 19}}, {"smallint", {SQL_SMALLINT, 5}},
      {"decimal", {SQL_DECIMAL, 18}}, {"numeric", {SQL_NUMERIC, 18}}, {"char", {SQL_CHAR, 1}}, {"varchar", {SQL_VARCHAR, 255}},
      {"date", {SQL_TYPE_DATE, 10}}, {"timestamp", {SQL_TYPE_TIMESTAMP, 26}}, {"double", {SQL_DOUBLE, 15}}, {"varbinary", {SQL_VARBINARY, 255}}};
  const auto found = types.find(name);
  if (found == types.end()) throw Refusal("HY000", 0, "the script has a column of an unknown type: " + name);
  return found->second;
}

/// "decimal(12,2)" → its code, 12 and 2.
Column column_of(std::string name, const std::string& declared, bool nullable) {
  Column column;
  column.name = std::move(name);
  const std::size_t open = declared.find('(');
  column.type = declared.substr(0, open);
  const KnownType known = type_named(column.type);
  column.code = known.code;
  column.size = known.size;
  column.nullable = nullable;
  if (open == std::string::npos) return column;
  column.size = std::stoul(declared.substr(open + 1));
  const std::size_t comma = declared.find(',', open);
  if (comma != std::string::npos) column.scale = static_cast<short>(std::stoi(declared.substr(comma + 1)));
  return column;
}

Failure failure_of(const json::object& object) {
  Failure failure;
  failure.state = text_of(object.at("state"));
  failure.native = object.at("native").to_number<int>();
  failure.message = text_of(object.at("message"));
  if (const json::value* when = object.if_contains("when")) {
    failure.name = upper(text_of(when->at(0)));
    failure.by = text_of(when->at(1));
    failure.values = texts_of(when->at(2));
  }
  return failure;
}

Relation relation_of(const json::object& object) {
  Relation relation;
  for (const std::string& word : texts_of(object.at("of"))) relation.of.push_back(upper(word));
  relation.is_table = object.contains("table");
  if (const json::value* key = object.if_contains("key")) relation.key = texts_of(*key);
  for (const auto& [name, type] : object.at("columns").as_object()) {
    const bool in_key = std::find(relation.key.begin(), relation.key.end(), name) != relation.key.end();
    relation.columns.push_back(column_of(std::string(name), text_of(type), !in_key));
  }
  if (const json::value* arguments = object.if_contains("arguments")) {
    for (const auto& [name, meant] : arguments->as_object()) {
      const std::string text = text_of(meant);
      const std::size_t blank = text.find(' ');
      relation.arguments[upper(name)] = {text.substr(0, blank), text.substr(blank + 1)};
    }
  }
  for (const json::value& row : object.at("rows").as_array()) {
    std::vector<Cell> cells;
    for (const json::value& cell : row.as_array()) cells.push_back(cell.is_null() ? Cell() : Cell(text_of(cell)));
    if (cells.size() != relation.columns.size()) throw Refusal("HY000", 0, "the script has a row of another length: " + json::serialize(row));
    relation.rows.push_back(std::move(cells));
  }
  if (const json::value* fails = object.if_contains("fails")) relation.fails = failure_of(fails->as_object());
  return relation;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Nullopt: no number. Sequence numbers have up to 21 digits, more than a double keeps.
std::optional<long double> number_of(const std::string& text) {
  char* end = nullptr;
  const long double number = std::strtold(text.c_str(), &end);
  if (text.empty() || *end != '\0') return std::nullopt;
  return number;
}

}  // namespace

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return result;
}

bool compares(const std::string& left, std::string_view by, const std::string& right) {
  const auto one = number_of(left), other = number_of(right);
  int order = without_blanks(left).compare(without_blanks(right));
  if (one && other) order = *one < *other ? -1 : *one > *other ? 1 : 0;
  if (by == "=") return order == 0;
  if (by == "<") return order < 0;
  if (by == ">") return order > 0;
  if (by == "<=") return order <= 0;
  if (by == ">=") return order >= 0;
  throw Refusal("HY000", 0, "the script compares by " + std::string(by));
}

const Column* Relation::find(std::string_view name) const {
  for (const Column& column : columns) {
    if (upper(column.name) == upper(name)) return &column;
  }
  return nullptr;
}

std::shared_ptr<const Script> load_script(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Refusal("08001", 0, "the scripted server does not answer");
  std::stringstream text;
  text << file.rdbuf();
  try {
    const json::value parsed = json::parse(text.str());
    auto script = std::make_shared<Script>();
    script->dbms = text_of(parsed.at("dbms"));
    script->upper_names = text_of(parsed.at("names")) == "upper";
    for (const json::value& relation : parsed.at("relations").as_array()) script->relations.push_back(relation_of(relation.as_object()));
    return script;
  } catch (const boost::system::system_error& error) {
    throw Refusal("HY000", 0, path + " is no script: " + error.what());
  }
}

}  // namespace scripted
