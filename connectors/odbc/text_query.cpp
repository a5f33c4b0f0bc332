#include "connectors/odbc/text_query.h"

#include <algorithm>

namespace connectors::odbc {

namespace {

constexpr std::size_t text_width = 256;

ReadPlan texts(std::size_t columns) {
  ReadPlan plan;
  plan.columns.assign(columns, text_plan());
  plan.bound = columns;
  return plan;
}

std::vector<ColumnPlan> texts_for(const KeyedSql& sql) {
  std::size_t parts = 0;
  for (const KeyMarker& marker : sql.markers) parts = std::max(parts, marker.part + 1);
  return std::vector<ColumnPlan>(parts, text_plan());
}

}  // namespace

ColumnPlan text_plan() { return {engine::model::ColumnType::text, Wire::text, text_width, false, false, true}; }

TextQuery::TextQuery(const std::shared_ptr<Session>& session, KeyedSql sql, std::size_t columns, std::vector<ColumnPlan> bound)
    : columns_(columns), read_(session, sql, texts(columns), bound.empty() ? texts_for(sql) : std::move(bound)) {}

std::vector<TextQuery::Row> TextQuery::run(std::span<const engine::model::SourceKey> values) {
  std::vector<Row> rows;
  read_.execute(values);
  const Watched now = read_.watched();
  while (read_.fetch() > 0) {
    Row& row = rows.emplace_back();
    for (std::size_t column = 0; column < columns_; ++column) {
      const auto cell = read_.cell(0, column);
      row.push_back(cell ? std::optional(std::string(*cell)) : std::nullopt);
    }
  }
  read_.close();
  return rows;
}

}  // namespace connectors::odbc
