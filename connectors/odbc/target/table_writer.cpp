#include "connectors/odbc/target/table_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "connectors/odbc/target/column_value.h"

namespace connectors::odbc {

using engine::model::CallKind;
using engine::model::FieldMap;
using engine::settings::WrittenTable;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t statements_max = 50;
/// A column that is missing may have been added since the table was described; asking at each record would cost too much.
constexpr std::chrono::seconds described_again_after{5};

/// Fewer are written sooner one by one than a statement for many is bound.
constexpr std::size_t alike_min = 4;

bool has_all(const TargetTable& table, const FieldMap& fields) {
  return std::all_of(fields.begin(), fields.end(), [&](const auto& field) { return table.layout.find(field.first).has_value(); });
}

}  // namespace

const TargetTable& TableWriter::table(const std::string& name, const WriteRecord& record) {
  auto known = known_.find(name);
  const auto now = steady_clock::now();
  const bool stale = known != known_.end() && now - known->second.described > described_again_after &&
                     !(has_all(known->second.table, record.match) && has_all(known->second.table, record.fields));
  if (known == known_.end() || stale) {
    known = known_.insert_or_assign(name, Known{describe_target_table(session_, name), now}).first;
    statements_.clear();
  }
  return known->second.table;
}

bool TableWriter::is_short(const Row& row) {
  const auto fits = [](const auto& value) { return !value.second || value.second->size() <= ParameterArray::text_max; };
  return std::all_of(row.match_values.begin(), row.match_values.end(), fits) && std::all_of(row.values.begin(), row.values.end(), fits);
}

TableWriter::Row TableWriter::row_of(const TargetTable& table, const WriteRecord& record) const {
  const auto value_of = [&](std::size_t column, const engine::model::FieldValue& value) {
    return column_value(value, table.layout.columns[column], table.plans[column].wire == Wire::text);
  };
  Row row;
  for (const auto& [field, value] : record.match) {
    const std::size_t column = table.column_of(field);
    row.match.push_back(column);
    row.match_values[column] = value_of(column, value);
    if (!row.match_values[column]) throw Unwritable(fmt::format("the match value of '{}' is NULL: no row is found by it", field));
  }
  if (row.match.empty()) throw Unwritable("a row is written by its match value, and the pipeline has none");
  for (const auto& [field, value] : record.fields) {
    const std::size_t column = table.column_of(field);
    auto text = value_of(column, value);
    const auto match = row.match_values.find(column);
    if (match != row.match_values.end() && match->second == text) continue;
    row.set.push_back(column);
    row.values[column] = std::move(text);
  }
  return row;
}

WriteStatement& TableWriter::statement(const std::string& key, const WriteSql& sql) {
  auto known = statements_.find(key);
  if (known != statements_.end()) return *known->second;
  if (statements_.size() >= statements_max) statements_.clear();
  return *statements_.emplace(key, std::make_unique<WriteStatement>(session_, sql.text, sql.markers.size())).first->second;
}

WriteStatement& TableWriter::bound(const TargetTable& table, const WriteSql& sql, const Row& row) {
  WriteStatement& made = statement(sql.text, sql);
  for (std::size_t i = 0; i < sql.markers.size(); ++i) {
    const WriteMarker& marker = sql.markers[i];
    const auto& values = marker.of_match ? row.match_values : row.values;
    made.bind(i, table.plans[marker.column], values.at(marker.column));
  }
  return made;
}

bool TableWriter::touches_one(const TargetTable& table, const WriteSql& sql, const Row& row) {
  const WriteText text(table.name, table.layout, session_.dialect());
  const auto touched = bound(table, sql, row).execute();
  if (!touched) return bound(table, text.exists(row.match), row).finds();
  if (*touched > 1) throw Unwritable(fmt::format("{} rows of {} have this match value", *touched, table.name));
  return *touched == 1;
}

Written TableWriter::update_or_insert(const TargetTable& table, const Row& row) {
  const WriteText text(table.name, table.layout, session_.dialect());
  if (!row.set.empty() && touches_one(table, text.update(row.match, row.set), row)) return Written::done;
  // Some drivers count only rows that became different.
  if (!bound(table, text.exists(row.match), row).finds()) bound(table, text.insert(row.match, row.set), row).execute();
  return Written::done;
}

Written TableWriter::upsert(const TargetTable& table, Row row) {
  const auto& write = session_.dialect().write;
  const WriteText text(table.name, table.layout, session_.dialect());
  const auto moves = [&](std::size_t column) { return row.match_values.contains(column); };
  if (std::any_of(row.set.begin(), row.set.end(), moves)) {
    if (touches_one(table, text.update(row.match, row.set), row)) return Written::done;
    // Nobody has the old value: the new one may be there already.
    for (const std::size_t column : row.match) {
      if (const auto moved = row.values.find(column); moved != row.values.end()) row.match_values[column] = moved->second;
    }
    std::erase_if(row.set, moves);
  }
  const bool in_one = !write.upsert.empty() && !row.set.empty() && table.can_upsert(row.match, row.set, write.any_unique_key);
  if (!in_one) return update_or_insert(table, row);
  bound(table, text.upsert(row.match, row.set), row).execute();
  return Written::done;
}

/// Found by its key first: the table need not have an index that refuses a second one.
Written TableWriter::append(const TargetTable& table, const WrittenTable& how, CallKind kind, const WriteRecord& record) {
  const WriteText text(table.name, table.layout, session_.dialect());
  WriteRecord whole{.key = record.key, .match = {{how.idempotency_column, record.key}}, .fields = record.fields};
  for (const auto& [field, value] : record.match) whole.fields.try_emplace(field, value);
  if (!how.operation_column.empty()) whole.fields[how.operation_column] = std::string(name_of(kind));
  const Row row = row_of(table, whole);
  if (bound(table, text.exists(row.match), row).finds()) return Written::already_there;
  bound(table, text.insert(row.match, row.set), row).execute();
  return Written::done;
}

Written TableWriter::write(CallKind kind, const std::string& name, const WriteRecord& record) {
  const auto how = tables_.find(name);
  const TargetTable& target = table(name, record);
  if (how != tables_.end() && how->second.appends) return append(target, how->second, kind, record);
  const Row row = row_of(target, record);
  const WriteText text(target.name, target.layout, session_.dialect());
  switch (kind) {
    case CallKind::delete_: touches_one(target, text.remove(row.match), row); return Written::done;
    case CallKind::update:
      if (row.set.empty()) return Written::done;
      return touches_one(target, text.update(row.match, row.set), row) ? Written::done : Written::no_such_row;
    case CallKind::create: bound(target, text.insert(row.match, row.set), row).execute(); return Written::done;
    default: return upsert(target, row);
  }
}

std::size_t TableWriter::write_alike(CallKind kind, const std::string& name, std::span<const WriteRecord> records) {
  const auto how = tables_.find(name);
  const auto& write = session_.dialect().write;
  // What is not an upsert tells by its row count what became of it, which drivers add up.
  if (kind != CallKind::upsert || records.size() < alike_min || write.upsert.empty() || (how != tables_.end() && how->second.appends)) return 0;
  const TargetTable& target = table(name, records.front());
  std::vector<Row> rows;
  for (const WriteRecord& record : records) {
    if (!has_all(target, record.match) || !has_all(target, record.fields)) break;
    Row row = row_of(target, record);
    if (!is_short(row) || (!rows.empty() && (row.match != rows[0].match || row.set != rows[0].set))) break;
    rows.push_back(std::move(row));
  }
  if (rows.size() < alike_min) return 0;
  const Row& first = rows.front();
  const bool moves = std::any_of(first.set.begin(), first.set.end(), [&](std::size_t column) { return first.match_values.contains(column); });
  if (moves || first.set.empty() || !target.can_upsert(first.match, first.set, write.any_unique_key)) return 0;
  const WriteSql sql = WriteText(target.name, target.layout, session_.dialect()).upsert(first.match, first.set);
  WriteStatement& all = statement("[] " + sql.text, sql);
  for (std::size_t i = 0; i < sql.markers.size(); ++i) {
    const WriteMarker& marker = sql.markers[i];
    std::vector<const std::optional<std::string>*> values;
    for (const Row& row : rows) values.push_back(&(marker.of_match ? row.match_values : row.values).at(marker.column));
    all.bind_all(i, target.plans[marker.column], values);
  }
  if (!all.execute_all(rows.size())) throw NoArrays();
  return rows.size();
}

}  // namespace connectors::odbc
