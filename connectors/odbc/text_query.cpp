#include "connectors/odbc/text_query.h"

#include <algorithm>
#include <charconv>

namespace connectors::odbc {

namespace {

constexpr std::size_t text_width = 512;
/// Prepared statements kept; beyond it all are given back, which is rare enough.
constexpr std::size_t kept_max = 200;

/// Nothing is bound: a driver that cannot read a bound cell again would cut what is longer than its buffer.
ReadPlan texts(std::size_t columns) {
  ReadPlan plan;
  plan.columns.assign(columns, text_plan());
  return plan;
}

std::vector<ColumnPlan> texts_for(const KeyedSql& sql) {
  std::size_t parts = 0;
  for (const KeyMarker& marker : sql.markers) parts = std::max(parts, marker.part + 1);
  return std::vector<ColumnPlan>(parts, text_plan());
}

}  // namespace

std::int64_t number_of(const std::optional<std::string>& cell) {
  std::int64_t number = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return number;
}

ColumnPlan text_plan() { return {engine::model::ColumnType::text, Wire::text, text_width, false, false, true}; }

TextQuery::TextQuery(const std::shared_ptr<Session>& session, KeyedSql sql, std::size_t columns, std::vector<ColumnPlan> bound)
    : columns_(columns), read_(session, sql, texts(columns), bound.empty() ? texts_for(sql) : std::move(bound)) {}

std::vector<TextQuery::Row> TextQuery::run(std::span<const engine::model::SourceKey> values) {
  std::vector<Row> rows;
  run(values, [&rows](Row row) { rows.push_back(std::move(row)); });
  return rows;
}

void TextQuery::run(std::span<const engine::model::SourceKey> values, const Take& take) {
  read_.execute(values);
  const Watched now = read_.watched();
  while (columns_ > 0 && read_.fetch() > 0) {
    Row row;
    for (std::size_t column = 0; column < columns_; ++column) {
      const auto cell = read_.cell(0, column);
      row.push_back(cell ? std::optional(std::string(*cell)) : std::nullopt);
    }
    take(std::move(row));
  }
  read_.close();
}

std::vector<TextQuery::Row> TextQueries::run(KeyedSql sql, std::size_t columns, std::span<const engine::model::SourceKey> values,
                                             std::vector<ColumnPlan> bound) {
  auto kept = queries_.find(sql.text);
  if (kept == queries_.end()) {
    if (queries_.size() >= kept_max) queries_.clear();
    const std::string text = sql.text;
    kept = queries_.try_emplace(text, session_, std::move(sql), columns, std::move(bound)).first;
  }
  return kept->second.run(values);
}

}  // namespace connectors::odbc
