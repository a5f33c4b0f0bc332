#include "engine/operate/inspect/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/settings/diagnostics.h"

namespace engine::operate {

namespace {

constexpr std::string_view words_of_sql[] = {
    "add", "all", "alter", "and", "as", "between", "by", "case", "check", "collate", "column", "commit", "constraint", "create", "cross",
    "current_date", "current_time", "current_timestamp", "default", "delete", "distinct", "drop", "else", "end", "escape", "except",
    "exists", "foreign", "from", "full", "glob", "group", "having", "if", "in", "index", "inner", "insert", "intersect", "into", "is",
    "isnull", "join", "left", "like", "limit", "match", "natural", "not", "notnull", "null", "offset", "old", "on", "or", "order", "outer",
    "primary", "references", "regexp", "right", "select", "set", "table", "then", "to", "transaction", "union", "unique", "update",
    "using", "values", "when", "where", "with"};

bool is_word(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// Fields of one object, each name once.
class FieldNames {
 public:
  std::string next(std::string_view column) {
    const std::string base = plain_name(column);
    std::string name = base;
    for (int number = 2; !taken_.insert(name).second; ++number) name = fmt::format("{}_{}", base, number);
    return name;
  }

 private:
  std::set<std::string> taken_;
};

/// What the pipeline has to know about where it writes.
struct Destination {
  std::string connection;
  TargetObject object;
  std::string on_delete = "delete";
  bool is_new = false;
};

std::string on_delete_of(const TargetObject& object) {
  for (const char* way : {"delete", "archive", "resolve"}) {
    if (std::find(object.calls.begin(), object.calls.end(), way) != object.calls.end()) return way;
  }
  return "ignore";
}

Destination destination_of(const settings::Instance& instance, const std::string& wanted, const std::string& table) {
  const settings::TargetConnection* target = nullptr;
  if (!wanted.empty()) {
    const auto found = instance.targets.find(wanted);
    std::vector<std::string> names;
    for (const auto& [name, connection] : instance.targets) names.push_back(name);
    if (found == instance.targets.end()) {
      throw Error(ErrorCode::config_invalid, "there is no target connection '" + wanted + "'", {},
                  settings::did_you_mean(wanted, names, names.empty() ? "" : "there is " + settings::listed(names, "and")));
    }
    target = &found->second;
  } else if (instance.targets.size() == 1) {
    target = &instance.targets.begin()->second;
  }
  if (target == nullptr) {
    const bool exists = instance.targets.contains("lines");
    return {.connection = "lines", .object = {.name = table}, .is_new = !exists};
  }
  if (target->target.name == "file") return {.connection = target->name, .object = {.name = table}};
  const TargetInspection inspected = inspect_target(*target);
  if (inspected.objects.empty()) return {.connection = target->name, .object = {.name = table}, .on_delete = "ignore"};
  Destination destination{.connection = target->name, .object = inspected.objects.front()};
  if (destination.object.name == "*") destination.object.name = table;
  destination.on_delete = on_delete_of(destination.object);
  return destination;
}

std::vector<std::string> key_columns(const TableInspection& table) {
  if (!table.key.columns.empty()) return table.key.columns;
  std::vector<std::string> all;
  for (const ColumnInspection& each : table.columns) all.push_back(each.column.name);
  return all;
}

// One name takes all parts of the key; else part by part.
std::string match_text(const std::vector<std::string>& names, const std::vector<std::string>& key, FieldNames& fields) {
  std::string text;
  const auto add = [&text](const std::string& name, const std::string& sql) {
    text += fmt::format("    {}: {}\n", yaml_scalar(name), yaml_scalar(sql));
  };
  if (names.size() == 1) {
    std::string whole;
    for (const std::string& column : key) whole += (whole.empty() ? "" : " || '-' || ") + column_in_sql(column);
    add(names.front(), whole);
    return text;
  }
  for (std::size_t i = 0; i < std::max(names.size(), key.size()); ++i) {
    if (!names.empty() && i >= names.size()) break;
    const std::string& column = key[std::min(i, key.size() - 1)];
    add(names.empty() ? fields.next(column) : names[i], column_in_sql(column));
  }
  return text;
}

std::string map_text(const TableInspection& table, const std::vector<std::string>& key, FieldNames& fields) {
  std::string text, key_fields;
  for (const ColumnInspection& each : table.columns) {
    if (each.column.type == model::ColumnType::binary) continue;
    const bool in_key = std::find(key.begin(), key.end(), each.column.name) != key.end();
    (in_key ? key_fields : text) += fmt::format("  {}: {}\n", yaml_scalar(fields.next(each.column.name)), yaml_scalar(each.expression));
  }
  return text.empty() ? key_fields : text;
}

std::string pipeline_text(const TableInspection& table, const std::string& name, const std::string& pipeline, const Destination& destination) {
  FieldNames match_fields, map_fields;
  const std::vector<std::string> key = key_columns(table);
  std::string text = schema_line("pipeline");
  text += fmt::format("pipeline: {}\ntable: {}\n", yaml_scalar(pipeline), yaml_scalar(name));
  text += "# Left the field at the target, right a SQL expression over the row.\nmap:\n" + map_text(table, key, map_fields);
  text += fmt::format("target:\n  connection: {}\n  object: {}\n  match:\n", yaml_scalar(destination.connection),
                      yaml_scalar(destination.object.name));
  text += match_text(destination.object.match, key, match_fields);
  text += fmt::format("  on_delete: {}\n", destination.on_delete);
  return text;
}

}  // namespace

std::string schema_line(std::string_view kind) {
  std::filesystem::path folder;
  try {
    folder = settings::find_catalogues().dialects.parent_path() / "schema";
  } catch (const Error&) {
    return {};  // editors do without completion; whoever needs the catalogues says what is missing
  }
  const std::filesystem::path file = folder / fmt::format("{}.schema.json", kind);
  if (!std::filesystem::exists(file)) return {};
  return fmt::format("# yaml-language-server: $schema={}\n", std::filesystem::weakly_canonical(file).string());
}

std::string yaml_scalar(std::string_view text) {
  static constexpr std::string_view words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  const bool plain_start = !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '_');
  const bool plain = plain_start && text.back() != ' ' && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-' || c == '(' || c == ')' || c == '$';
  });
  const bool keyword = std::find(std::begin(words), std::end(words), lower_case(text)) != std::end(words);
  if (plain && !keyword) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string column_in_sql(const std::string& name) {
  const bool plain = is_word(name) && std::find(std::begin(words_of_sql), std::end(words_of_sql), lower_case(name)) == std::end(words_of_sql);
  if (plain) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string plain_name(std::string_view name) {
  if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot + 1 < name.size()) name.remove_prefix(dot + 1);
  std::string result;
  for (const char c : lower_case(name)) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    if (fits) result += c;
    else if (!result.empty() && result.back() != '_') result += '_';
  }
  while (!result.empty() && result.back() == '_') result.pop_back();
  if (result.empty()) return "table_1";
  return result.substr(0, 80);
}

YamlFile lines_connection() {
  return {"connections/lines.yaml", schema_line("connection") +
                                        "# A file of JSON lines, one a change: to watch what would be sent, and to try things out.\n"
                                        "connection: lines\ntarget: file\npath: lines.jsonl\n"};
}

std::string table_yaml(const TableInspection& table, const std::string& name, bool deliver_all) {
  std::string text;
  if (!table.key.remark.empty()) text += "# Key: " + table.key.remark + ".\n";
  if (!table.key.indexed) text += "# No index leads with the key: every cycle reads the table as a whole.\n";
  std::string key;
  for (const std::string& column : key_columns(table)) key += (key.empty() ? "" : ", ") + yaml_scalar(column);
  text += fmt::format("table: {}\nconnection: {}\nfrom: {}\nkey: [{}]\n", yaml_scalar(name), yaml_scalar(table.connection),
                      yaml_scalar(table.from), key);
  text += fmt::format("capture: {}\n", capture_yaml(table.capture));
  text += "# baseline records what is there and sends only what changes from now on; deliver sends everything once.\n";
  return text + (deliver_all ? "initial: deliver\n" : "initial: baseline\n");
}

std::vector<YamlFile> yaml_files(const settings::Instance& instance, const TableInspection& table, const InspectOptions& options) {
  const std::string name = plain_name(table.from);
  const Destination destination = destination_of(instance, options.target, name);
  const std::string pipeline = name + "_to_" + plain_name(destination.connection);
  std::vector<YamlFile> files;
  if (destination.is_new) files.push_back(lines_connection());
  files.push_back({"tables/" + name + ".yaml", schema_line("table") + table_yaml(table, name, options.deliver_all)});
  files.push_back({"pipelines/" + pipeline + "/pipeline.yaml", pipeline_text(table, name, pipeline, destination)});
  return files;
}

}  // namespace engine::operate
