#include "engine/journal/source_tables.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

#define TABLE_COLUMNS "SELECT id, name, layout_id, state, state_reason, last_cycle_ms, rows, renewing FROM source_table "

SourceTable read_table(const Statement& row) {
  return {.id = row.integer(0),
          .name = std::string(row.text(1)),
          .layout_id = row.optional_integer(2),
          .state = std::string(row.text(3)),
          .state_reason = std::string(row.text(4)),
          .last_cycle_ms = row.integer(5),
          .rows = row.integer(6),
          .renewing = row.integer(7) != 0};
}

}  // namespace

std::optional<SourceTable> SourceTables::find(const std::string& name) {
  Statement row = connection_.prepare(TABLE_COLUMNS "WHERE name = ?1");
  if (!row.bind(1, name).step()) return std::nullopt;
  return read_table(row);
}

std::vector<SourceTable> SourceTables::all() {
  Statement row = connection_.prepare(TABLE_COLUMNS "ORDER BY name");
  std::vector<SourceTable> tables;
  while (row.step()) tables.push_back(read_table(row));
  return tables;
}

SourceTable SourceTables::ensure(const std::string& name) {
  if (auto known = find(name)) return *known;
  connection_.prepare("INSERT INTO source_table (name) VALUES (?)").bind(1, name).run();
  return *find(name);
}

bool SourceTables::rename(const std::string& from, const std::string& to) {
  if (!find(from)) return false;
  if (find(to)) {
    throw Error(ErrorCode::config_invalid,
                fmt::format("the table '{}' is said to be '{}' renamed, but the journal knows both", to, from), {},
                "remove 'renamed_from', or give the table a name that was never used");
  }
  connection_.prepare("UPDATE source_table SET name = ?2 WHERE name = ?1").bind(1, from).bind(2, to).run();
  return true;
}

void SourceTables::set_state(std::int64_t table_id, const std::string& state, const std::string& reason) {
  connection_.prepare("UPDATE source_table SET state = ?2, state_reason = ?3 WHERE id = ?1")
      .bind(1, table_id)
      .bind(2, state)
      .bind(3, reason)
      .run();
}

void SourceTables::set_renewing(std::int64_t table_id, bool renewing) {
  connection_.prepare("UPDATE source_table SET renewing = ?2 WHERE id = ?1").bind(1, table_id).bind(2, std::int64_t{renewing}).run();
}

void SourceTables::cycle_done(std::int64_t table_id, std::int64_t at_ms, std::int64_t rows) {
  connection_.prepare("UPDATE source_table SET last_cycle_ms = ?2, rows = ?3 WHERE id = ?1")
      .bind(1, table_id)
      .bind(2, at_ms)
      .bind(3, rows)
      .run();
}

std::int64_t SourceTables::put_layout(std::int64_t table_id, const model::Layout& layout, std::int64_t now_ms) {
  const std::string columns = model::layout_json(layout);
  {
    Statement current = connection_.prepare(
        "SELECT layout.id FROM source_table JOIN layout ON layout.id = source_table.layout_id"
        " WHERE source_table.id = ?1 AND layout.columns = ?2 AND layout.canonical_form = ?3");
    current.bind(1, table_id).bind(2, columns).bind(3, std::int64_t{model::canonical_form_version});
    if (current.step()) return current.integer(0);
  }
  connection_.prepare("INSERT INTO layout (table_id, columns, canonical_form, created_ms) VALUES (?, ?, ?, ?)")
      .bind(1, table_id)
      .bind(2, columns)
      .bind(3, std::int64_t{model::canonical_form_version})
      .bind(4, now_ms)
      .run();
  const std::int64_t id = connection_.last_row_id();
  connection_.prepare("UPDATE source_table SET layout_id = ?2 WHERE id = ?1").bind(1, table_id).bind(2, id).run();
  return id;
}

std::optional<model::Layout> SourceTables::layout(std::int64_t layout_id) {
  Statement row = connection_.prepare("SELECT columns FROM layout WHERE id = ?1");
  if (!row.bind(1, layout_id).step()) return std::nullopt;
  return model::layout_from_json(row.text(0));
}

std::vector<std::int64_t> SourceTables::layouts(std::int64_t table_id, std::size_t limit) {
  Statement row = connection_.prepare("SELECT id FROM layout WHERE table_id = ?1 ORDER BY id DESC LIMIT ?2");
  row.bind(1, table_id).bind(2, static_cast<std::int64_t>(limit));
  std::vector<std::int64_t> ids;
  while (row.step()) ids.push_back(row.integer(0));
  return ids;
}

std::optional<std::string> SourceTables::checkpoint(std::int64_t table_id) {
  Statement row = connection_.prepare("SELECT position FROM checkpoint WHERE table_id = ?1");
  if (!row.bind(1, table_id).step()) return std::nullopt;
  return std::string(row.text(0));
}

void SourceTables::save_checkpoint(std::int64_t table_id, const std::string& position, std::int64_t now_ms) {
  connection_
      .prepare(
          "INSERT INTO checkpoint (table_id, position, updated_ms) VALUES (?1, ?2, ?3)"
          " ON CONFLICT (table_id) DO UPDATE SET position = excluded.position, updated_ms = excluded.updated_ms")
      .bind(1, table_id)
      .bind(2, position)
      .bind(3, now_ms)
      .run();
}

}  // namespace engine::journal
