#include "engine/operate/cases/case_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "connectors/odbc/canonical_text.h"
#include "engine/base/text/base64.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/model/row_json.h"
#include "engine/operate/cases/case_layout.h"

namespace engine::operate {

namespace {

using model::Column;
using model::Layout;
using model::NestedTable;
using settings::CaseCell;
using settings::CaseRow;
using Cells = std::vector<std::optional<std::string>>;

[[noreturn]] void refuse(const settings::Origin& origin, const std::string& message, std::string hint = {}) {
  throw Error(ErrorCode::config_invalid, message, {{"file", origin.text()}}, std::move(hint));
}

bool is_char(const Column& column) {
  const std::string type = lower_case(column.source_type.substr(0, column.source_type.find('(')));
  return type == "char" || type == "character" || type == "nchar" || type == "bpchar";
}

/// Rows of a nested table wherever the case writes some.
class WrittenRows {
 public:
  WrittenRows(const settings::CaseDefinition& definition, const settings::TableDefinition& table) : table_(table) {
    look_at(definition.given);
    for (const settings::CaseStep& step : definition.steps) look_at(step.rows);
  }
  const std::vector<const CaseRow*>& of(const std::string& nested) { return rows_[nested]; }

 private:
  void look_at(const std::vector<settings::CaseRows>& tables) {
    for (const settings::CaseRows& rows : tables) {
      for (const CaseRow& row : rows.rows) {
        if (rows.table == table_.name) look_at(row);
      }
    }
  }
  void look_at(const CaseRow& row) {
    for (const CaseCell& cell : row.cells) {
      for (const CaseRow& nested : cell.rows) {
        rows_[cell.column].push_back(&nested);
        look_at(nested);
      }
    }
  }

  const settings::TableDefinition& table_;
  std::map<std::string, std::vector<const CaseRow*>> rows_;
};

class NestedColumns {
 public:
  NestedColumns(const settings::CaseDefinition& definition, const settings::TableDefinition& table)
      : definition_(definition), table_(table), written_(definition, table) {}

  /// The tables whose rows belong to `parent`; empty: to the root.
  std::vector<Column> below(const std::string& parent, const Layout& above) {
    std::vector<Column> columns;
    for (const NestedTable& nested : table_.request.nested) {
      if (nested.of == parent) columns.push_back(column_of(nested, above));
    }
    return columns;
  }

 private:
  Column column_of(const NestedTable& nested, const Layout& above) {
    const std::string name = model::part_name(table_.name, nested);
    const auto said = definition_.columns.find(name);
    const std::vector<const CaseRow*>& rows = written_.of(nested.name);
    Layout layout = said == definition_.columns.end() ? inferred_layout(rows) : Layout{.columns = said->second, .key = {}};
    for (std::size_t part = 0; part < nested.parent.size(); ++part) {
      if (layout.find(nested.parent[part])) continue;
      Column inherited = above.columns[above.key.at(part)];
      inherited.name = nested.parent[part];
      layout.columns.push_back(std::move(inherited));
    }
    for (const std::string& part : nested.key) {
      auto position = layout.find(part);
      if (!position && rows.empty()) {
        position = layout.columns.size();
        layout.columns.push_back({.name = part});
      }
      if (!position)
        refuse(definition_.origin, fmt::format("no row of the case has the key column '{}' of '{}'", part, name), "give each row its key");
      layout.columns[*position].nullable = false;
      layout.key.push_back(*position);
    }
    Column column{.name = nested.name, .nullable = false, .source_type = "rows", .columns = layout.columns, .key = layout.key};
    for (Column& child : below(nested.name, layout)) column.columns.push_back(std::move(child));
    return column;
  }

  const settings::CaseDefinition& definition_;
  const settings::TableDefinition& table_;
  WrittenRows written_;
};

struct Row {
  std::string key;
  std::string json;
};

/// What its parents say of a row that does not say it itself.
void inherit(const NestedTable& nested, const Layout& layout, const CaseParent& parent, Cells& cells) {
  for (std::size_t part = 0; part < nested.parent.size(); ++part) {
    auto& cell = cells[layout.find(nested.parent[part]).value()];
    if (!cell) cell = parent.cells[parent.layout.key.at(part)];
  }
}

Row row_of(const settings::TableDefinition& table, const NestedTable& nested, const CaseRow& row, const Column& column, const CaseParent& parent,
           settings::CharPadding padding) {
  const Layout layout = model::rows_of(column);
  Cells cells(layout.columns.size());
  for (const CaseCell& cell : row.cells) {
    const auto at = layout.find(cell.column);
    if (!at) refuse_cell(cell, model::part_name(table.name, nested), layout);
    if (!cell.is_table) cells[*at] = case_value(cell, layout.columns[*at], padding);
  }
  inherit(nested, layout, parent, cells);
  for (std::size_t at = 0; at < layout.columns.size(); ++at) {
    if (layout.columns[at].is_table()) cells[at] = "[]";
  }
  for (const CaseCell& cell : row.cells) {
    const std::size_t at = layout.find(cell.column).value();
    if (cell.is_table) cells[at] = case_rows(table, cell, layout.columns[at], {layout, cells}, padding);
  }
  for (const std::size_t part : layout.key) {
    if (!cells[part]) refuse(row.origin, fmt::format("the row lacks the key column '{}'", layout.columns[part].name));
  }
  model::RowBatch batch;
  batch.begin(layout.columns.size());
  for (const auto& cell : cells) cell ? batch.append(*cell) : batch.append_null();
  batch.end_row();
  Row made;
  model::encode_key(layout, batch.row(0), made.key);
  made.json = model::row_json(layout, batch.row(0));
  return made;
}

}  // namespace

std::vector<Column> nested_columns(const settings::CaseDefinition& definition, const settings::TableDefinition& table, const Layout& root) {
  return NestedColumns(definition, table).below({}, root);
}

std::optional<std::string> case_value(const CaseCell& cell, const Column& column, settings::CharPadding padding) {
  if (!cell.text) return std::nullopt;
  if (column.type == model::ColumnType::binary) {
    std::string bytes(cell.text->size(), '\0');
    const auto size = decode_base64(*cell.text, bytes.data());
    if (!size) refuse(cell.origin, fmt::format("'{}' is binary: write it as base64", cell.column));
    bytes.resize(*size);
    return bytes;
  }
  std::string scratch;
  const auto text = connectors::odbc::canonical_text(column.type, *cell.text, scratch);
  if (!text) refuse(cell.origin, fmt::format("'{}' is no {} for the column '{}'", *cell.text, name_of(column.type), cell.column));
  const bool trims = column.type == model::ColumnType::text &&
                     (padding == settings::CharPadding::trim_all || (padding == settings::CharPadding::trim && is_char(column)));
  return std::string(trims ? connectors::odbc::without_trailing_blanks(*text) : *text);
}

void refuse_cell(const CaseCell& cell, const std::string& table, const Layout& layout) {
  std::vector<std::string> names;
  for (const Column& column : layout.columns) names.push_back(column.name);
  const std::string suggestion = settings::did_you_mean(cell.column, names);
  refuse(cell.origin, fmt::format("the table '{}' has no column '{}'{}{}", table, cell.column, suggestion.empty() ? "" : ": ", suggestion));
}

std::string case_rows(const settings::TableDefinition& table, const CaseCell& cell, const Column& column, const CaseParent& parent,
                      settings::CharPadding padding) {
  const auto nested =
      std::find_if(table.request.nested.begin(), table.request.nested.end(), [&](const NestedTable& each) { return each.name == column.name; });
  if (nested == table.request.nested.end() || !cell.is_table)
    refuse(cell.origin, fmt::format("'{}' is {} nested table", cell.column, cell.is_table ? "no" : "a"));
  std::vector<Row> rows;
  for (const CaseRow& row : cell.rows) rows.push_back(row_of(table, *nested, row, column, parent, padding));
  std::sort(rows.begin(), rows.end(), [](const Row& one, const Row& other) { return one.key < other.key; });
  std::string json = "[";
  for (const Row& row : rows) {
    if (json.size() > 1) json += ',';
    json += row.json;
  }
  return json += ']';
}

}  // namespace engine::operate
