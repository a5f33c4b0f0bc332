#include "connectors/documents/document.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/settings/diagnostics.h"

namespace connectors::documents {

namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;
using model::Column;
using model::Layout;
using model::NestedTable;
using model::TableRequest;
using model::TableShape;

namespace {

constexpr const char* nested_type = "rows";

std::size_t position_in(const Layout& layout, const std::string& column, const std::string& table, const std::string& use) {
  if (const auto found = layout.find(column)) return *found;
  std::vector<std::string> names;
  for (const Column& each : layout.columns) names.push_back(each.name);
  throw Error(ErrorCode::source_refused, fmt::format("{} has no column {}, which {} names", table, column, use), {{"column", column}},
              engine::settings::did_you_mean(column, names));
}

std::string title_of(const NestedTable& table) { return fmt::format("'{}' ({})", table.name, table.query.empty() ? table.from : "a query"); }

/// Keys are compared byte by byte in canonical form, which two types do not share.
void require_same_type(const NestedTable& table, const Column& own, const Column& parents) {
  if (own.type == parents.type) return;
  throw Error(ErrorCode::source_refused,
              fmt::format("column {} of {} is {} ({}) and cannot be compared with {}, which is {} ({})", own.name, title_of(table), name_of(own.type),
                          own.source_type, parents.name, name_of(parents.type), parents.source_type),
              {{"column", own.name}}, "let a `query:` CAST one of them");
}

/// Tables as they are described, before they stand in one another.
struct Described {
  const NestedTable* table = nullptr;
  Layout layout;  ///< own columns, own key
};

Described describe_nested(model::Source& source, const TableRequest& document, const NestedTable& table, const Layout& above) {
  Described described{&table, source.describe(model::request_of(document, table)).layout};
  Layout& layout = described.layout;
  for (std::size_t part = 0; part < above.key.size(); ++part) {
    const std::size_t own = position_in(layout, table.parent.at(part), title_of(table), "`parent:`");
    require_same_type(table, layout.columns[own], above.columns[above.key[part]]);
  }
  layout.key.clear();
  for (const std::string& column : table.key) layout.key.push_back(position_in(layout, column, title_of(table), "`key:`"));
  return described;
}

/// A table's column among those of the one it belongs to, with what is nested in it.
Column column_of(const std::vector<Described>& all, const Described& one) {
  Column column{.name = one.table->name, .nullable = false, .source_type = nested_type, .columns = one.layout.columns, .key = one.layout.key};
  for (const Described& other : all) {
    if (other.table->of == one.table->name) column.columns.push_back(column_of(all, other));
  }
  return column;
}

void add_column(Layout& layout, Column column) {
  if (layout.find(column.name)) {
    throw Error(ErrorCode::source_refused, fmt::format("the table has a column '{}' itself", column.name), {{"column", column.name}},
                "call the nested table otherwise, or exclude the column");
  }
  layout.columns.push_back(std::move(column));
}

/// `columns` up to the first nested table: those that the source itself has.
std::size_t own_columns(const std::vector<Column>& columns) {
  return static_cast<std::size_t>(std::find_if(columns.begin(), columns.end(), [](const Column& column) { return column.is_table(); }) -
                                  columns.begin());
}

std::vector<std::size_t> positions_of(const Layout& layout, const std::vector<std::string>& names) {
  std::vector<std::size_t> positions;
  for (const std::string& name : names) positions.push_back(layout.find(name).value());
  return positions;
}

Part nested_part(const TableRequest& request, const NestedTable& table, const Column& column) {
  Part part{.name = table.name, .request = model::request_of(request, table), .shape = {}, .rows = {}, .linked = {}, .children = {}, .growing = {}};
  part.rows.columns.assign(column.columns.begin(), column.columns.begin() + static_cast<std::ptrdiff_t>(own_columns(column.columns)));
  part.rows.key = column.key;
  part.shape.layout.columns = part.rows.columns;
  part.shape.layout.key = positions_of(part.rows, part.request.key);
  part.linked = {part.rows.columns, positions_of(part.rows, table.parent)};
  part.by_root = !model::root_columns(request, table).empty();
  return part;
}

}  // namespace

TableShape describe_document(model::Source& source, const TableRequest& request) {
  TableRequest root = request;
  root.nested.clear();
  TableShape shape = source.describe(root);
  // Without an index chunks are dearer, but a document cannot be read otherwise: its lines are asked for by its key.
  shape.key_is_indexed = true;
  std::vector<Described> all;
  for (const NestedTable& table : request.nested) {
    const auto above = std::find_if(all.begin(), all.end(), [&](const Described& one) { return one.table->name == table.of; });
    all.push_back(describe_nested(source, request, table, above == all.end() ? shape.layout : above->layout));
  }
  for (const Described& one : all) {
    if (one.table->of.empty()) add_column(shape.layout, column_of(all, one));
  }
  for (const Described& one : all) {
    for (const std::string& growing : one.table->growing) {
      Column column = one.layout.columns[position_in(one.layout, growing, title_of(*one.table), "`column:`")];
      column.name = model::growing_name(*one.table, growing);
      column.nullable = true;
      add_column(shape.layout, std::move(column));
    }
  }
  return shape;
}

Document document_of(const TableRequest& request, const TableShape& shape) {
  Document document{.parts = {}, .columns = shape.layout.columns.size()};
  Part root{.name = {}, .request = request, .shape = {}, .rows = {}, .linked = {}, .children = {}, .growing = {}};
  root.request.nested.clear();
  root.rows.columns.assign(shape.layout.columns.begin(),
                           shape.layout.columns.begin() + static_cast<std::ptrdiff_t>(own_columns(shape.layout.columns)));
  root.rows.key = shape.layout.key;
  root.shape = {root.rows, shape.key_is_indexed};
  document.parts.push_back(std::move(root));
  std::vector<const Column*> columns{nullptr};  // of each part
  for (const NestedTable& table : request.nested) {
    std::size_t of = 0;
    while (document.parts[of].name != table.of) ++of;
    const std::vector<Column>& among = of == 0 ? shape.layout.columns : columns[of]->columns;
    const auto column = std::find_if(among.begin(), among.end(), [&](const Column& each) { return each.is_table() && each.name == table.name; });
    ENGINE_ASSERT(column != among.end());
    Part part = nested_part(request, table, *column);
    part.of = of;
    for (const std::string& growing : table.growing) {
      part.growing.push_back({part.rows.find(growing).value(), shape.layout.find(model::growing_name(table, growing)).value()});
    }
    columns.push_back(&*column);
    document.parts[of].children.push_back(document.parts.size());
    document.parts.push_back(std::move(part));
  }
  return document;
}

}  // namespace connectors::documents
