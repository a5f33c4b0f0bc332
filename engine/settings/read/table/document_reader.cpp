#include "engine/settings/read/table/document_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/settings/map_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

using model::NestedTable;

constexpr std::string_view root_name = "root";
constexpr std::array<std::string_view, 4> reserved{"new", "old", "main", "temp"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// As SQL does, which asks for columns without regard to case.
bool same_name(std::string_view one, std::string_view other) { return std::ranges::equal(one, other, {}, lower, lower); }

/// It stands in SQL as a table, without quotes.
bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_'; };
  return !name.empty() && is_letter(name[0]) && std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// One table as it is written; its links are made when all are known.
struct Written {
  NestedTable table;
  Origin origin;
  Origin parent_origin;
  std::vector<std::pair<std::string, std::string>> links;  ///< its column, the parent's
};

class Reading {
 public:
  Reading(model::TableRequest& request, Diagnostics& diagnostics) : request_(request), diagnostics_(diagnostics) {}

  void run(const YamlNode& value) {
    if (!value.is_map()) refuse_kind(value, "'document' of the table", "a map of tables", diagnostics_);
    for (const YamlEntry& entry : value.entries()) {
      if (entry.key == root_name)
        read_root(entry);
      else
        read_nested(entry);
    }
    if (!has_root_ && value.is_map()) {
      diagnostics_.error("key.missing", value.origin(), "the document has no 'root'",
                         "add 'root: { from: orders, key: [number] }': one row of it is one document");
    }
    if (written_.empty() && has_root_) {
      diagnostics_.error("key.missing", value.origin(), "the document has no nested table",
                         "add 'lines: { from: …, key: […], parent: { … } }', or write 'from' and 'key' without 'document'");
    }
    for (std::size_t placed = 1; placed > 0;) placed = place();
    for (const Written& left : written_) refuse_parent(left);
  }

 private:
  NestedTable read_table(MapReader& reader, const YamlEntry& entry) {
    NestedTable table{.name = entry.key,
                      .of = {},
                      .from = reader.text("from"),
                      .query = {},
                      .key = reader.texts("key"),
                      .exclude = reader.texts("exclude"),
                      .parent = {},
                      .growing = {}};
    if (const YamlNode* query = reader.take("query")) table.query = read_query(*query, reader.named("query"), diagnostics_);
    if (!reader.is_map()) return table;
    if (reader.has("from") == reader.has("query")) {
      const bool both = reader.has("from");
      diagnostics_.error(both ? "key.conflict" : "key.missing", entry.origin,
                         fmt::format("'{}' of the document has {} 'from' {} 'query'", entry.key, both ? "both" : "neither", both ? "and" : "nor"),
                         "give one of them");
    }
    if (table.key.empty())
      diagnostics_.error("key.missing", entry.origin, fmt::format("'{}' of the document has no 'key'", entry.key), "add 'key: [column]'");
    for (const std::string& column : table.exclude) {
      if (std::find(table.key.begin(), table.key.end(), column) == table.key.end()) continue;
      diagnostics_.error("key.conflict", entry.origin, fmt::format("the key column '{}' cannot be excluded", column));
    }
    return table;
  }

  void read_root(const YamlEntry& entry) {
    has_root_ = true;
    MapReader reader(entry.value, document_part_block(), "'root' of the document", diagnostics_);
    NestedTable root = read_table(reader, entry);
    for (const char* key : {"parent", "of"}) {
      if (const YamlNode* value = reader.take_any(key)) {
        diagnostics_.error("key.conflict", value->origin(), fmt::format("the root of a document has no '{}'", key), "remove it");
      }
    }
    reader.finish();
    request_.from = std::move(root.from);
    request_.query = std::move(root.query);
    request_.key = std::move(root.key);
    request_.exclude = std::move(root.exclude);
  }

  void read_nested(const YamlEntry& entry) {
    MapReader reader(entry.value, document_part_block(), fmt::format("'{}' of the document", entry.key), diagnostics_);
    Written written{read_table(reader, entry), entry.origin, entry.origin, reader.text_map("parent")};
    written.table.of = reader.text("of");
    if (written.table.of == root_name) written.table.of.clear();
    if (const YamlNode* parent = reader.node().find("parent")) written.parent_origin = parent->origin();
    reader.finish();
    const bool is_reserved = std::ranges::any_of(reserved, [&](std::string_view name) { return same_name(name, entry.key); });
    if (!is_plain_name(entry.key) || is_reserved) {
      diagnostics_.error("value.name", entry.origin, fmt::format("'{}' cannot be the name of a nested table", entry.key),
                         "letters, digits and '_', as SQL names a table; not new, old, main or temp");
    }
    written_.push_back(std::move(written));
  }

  /// Moves to the request what hangs on what is there; returns how many.
  std::size_t place() {
    const std::size_t before = written_.size();
    for (auto at = written_.begin(); at != written_.end();) {
      const std::vector<std::string>* key = key_of_parent(at->table);
      if (key == nullptr) {
        ++at;
        continue;
      }
      link(*at, *key);
      request_.nested.push_back(std::move(at->table));
      at = written_.erase(at);
    }
    return before - written_.size();
  }

  const std::vector<std::string>* key_of_parent(const NestedTable& table) const {
    if (table.of.empty()) return &request_.key;
    const auto found = std::ranges::find(request_.nested, table.of, &NestedTable::name);
    return found == request_.nested.end() ? nullptr : &found->key;
  }

  /// One column of its own for each column of the parent's key.
  void link(Written& written, const std::vector<std::string>& parents_key) {
    NestedTable& table = written.table;
    std::string missing;
    for (const std::string& part : parents_key) {
      const auto found = std::ranges::find_if(written.links, [&](const auto& one) { return same_name(one.second, part); });
      if (found == written.links.end()) missing += (missing.empty() ? "" : ", ") + part;
      table.parent.push_back(found == written.links.end() ? part : found->first);
      if (std::ranges::find(table.exclude, table.parent.back()) != table.exclude.end()) {
        diagnostics_.error(
            "key.conflict", written.origin,
            fmt::format("the column '{}' of '{}' says to which row it belongs, and cannot be excluded", table.parent.back(), table.name));
      }
    }
    const std::string above = table.of.empty() ? std::string(root_name) : table.of;
    if (!missing.empty()) {
      diagnostics_.error("key.missing", written.parent_origin,
                         fmt::format("'parent' of '{}' leaves out {}, of the key of '{}'", table.name, missing, above),
                         fmt::format("write 'parent: {{ its_column: {} }}', a column for each of the key", parents_key.front()));
    }
    for (const auto& link : written.links) {
      const std::string& parents = link.second;
      if (std::ranges::any_of(parents_key, [&](const std::string& part) { return same_name(part, parents); })) continue;
      diagnostics_.error("reference.unknown", written.parent_origin,
                         fmt::format("'{}' is no column of the key of '{}', to which 'parent' of '{}' leads", parents, above, table.name),
                         did_you_mean(parents, parents_key, "its key is " + listed(parents_key, "and")));
    }
  }

  void refuse_parent(const Written& left) {
    std::vector<std::string> names;
    for (const NestedTable& table : request_.nested) names.push_back(table.name);
    diagnostics_.error("reference.unknown", left.origin,
                       fmt::format("'{}' belongs to '{}', which is no table of the document", left.table.name, left.table.of),
                       did_you_mean(left.table.of, names));
  }

  model::TableRequest& request_;
  Diagnostics& diagnostics_;
  std::vector<Written> written_;
  bool has_root_ = false;
};

}  // namespace

std::string read_query(const YamlNode& value, const std::string& named, Diagnostics& diagnostics) {
  auto expression = read_expression(value, named, diagnostics);
  if (!expression) return {};
  std::string sql = std::move(expression->sql);
  sql.erase(sql.find_last_not_of(" \t\n") + 1);
  if (sql.ends_with(';')) {
    diagnostics.error("sql.semicolon", value.origin(), "the query ends with ';', but is read inside another one", "remove the ';'");
  }
  return sql;
}

void read_document(const YamlNode& value, TableDefinition& table, Diagnostics& diagnostics) { Reading(table.request, diagnostics).run(value); }

void fit_capture(TableDefinition& table, Diagnostics& diagnostics) {
  for (const GrowingColumn& column : table.capture.columns) {
    const std::size_t dot = column.name.find('.');
    if (dot == std::string::npos || table.request.nested.empty()) continue;
    const auto nested = std::ranges::find(table.request.nested, column.name.substr(0, dot), &NestedTable::name);
    std::vector<std::string> names;
    for (const NestedTable& each : table.request.nested) names.push_back(each.name);
    if (nested == table.request.nested.end()) {
      diagnostics.error("reference.unknown", column.origin, fmt::format("'{}' is no nested table of the document", column.name.substr(0, dot)),
                        did_you_mean(column.name.substr(0, dot), names, "it has " + listed(names, "and")));
    } else if (model::root_columns(table.request, *nested).empty()) {
      diagnostics.error("key.conflict", column.origin,
                        fmt::format("the rows of '{}' do not hold the key of the document, so it cannot be found by their '{}'", nested->name,
                                    column.name.substr(dot + 1)),
                        "let a `query:` join it to them, or use 'mode: diff'");
    } else {
      nested->growing.push_back(column.name.substr(dot + 1));
    }
  }
  if (table.capture.mode != "tail") return;
  for (const NestedTable& nested : table.request.nested) {
    if (nested.query.empty() && !model::root_columns(table.request, nested).empty()) continue;
    diagnostics.error("key.conflict", table.origin,
                      nested.query.empty()
                          ? fmt::format("the rows of '{}' do not hold the key of the document, which its triggers would have to log", nested.name)
                          : fmt::format("a change log is kept by the triggers of one table, and '{}' is a query", nested.name),
                      "use 'mode: diff'");
  }
}

}  // namespace engine::settings
