#include "connectors/odbc/log/log_text.h"

#include <cctype>
#include <cstdint>

#include <fmt/format.h>

#include "connectors/odbc/log/key_text.h"
#include "engine/base/error.h"

namespace connectors::odbc {

using engine::model::LogName;
using engine::settings::DialectDefinition;

namespace {

/// Room for what a dialect appends to tell a table's triggers apart ("_ins").
constexpr std::size_t ending_max = 4;

std::string place_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot + 1);
}

std::uint32_t short_hash(const std::string& text) {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const unsigned char c : text) hash = (hash ^ c) * 16'777'619U;
  return hash;
}

}  // namespace

std::string trigger_name(const LogName& name, std::size_t size_max) {
  const std::string whole = name.log.substr(place_of(name.log).size()) + "_" + name.table;
  std::string plain = whole;
  for (char& c : plain) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
  if (plain == whole && plain.size() <= size_max - ending_max) return plain;
  const std::string number = fmt::format("_{:08x}", short_hash(whole));
  return plain.substr(0, size_max - ending_max - number.size()) + number;
}

KeyedSql with_markers(std::string_view statement, std::span<const std::string_view> names) {
  KeyedSql sql;
  while (!statement.empty()) {
    const auto name = std::find_if(names.begin(), names.end(), [&](std::string_view each) { return statement.starts_with(each); });
    if (name == names.end()) {
      sql.text += statement.front();
      statement.remove_prefix(1);
      continue;
    }
    sql.markers.push_back({0, static_cast<std::size_t>(name - names.begin())});
    sql.text += '?';
    statement.remove_prefix(name->size());
  }
  return sql;
}

std::vector<std::string> remarks_by(const std::vector<std::string>& statements, const std::function<std::vector<TextQuery::Row>(const std::string&)>& ask) {
  std::vector<std::string> remarks;
  for (const std::string& statement : statements) {
    try {
      for (const TextQuery::Row& row : ask(statement)) {
        if (row[0]) remarks.push_back(*row[0]);
      }
    } catch (const engine::Error& error) {
      if (error.code() != engine::ErrorCode::source_refused && error.code() != engine::ErrorCode::source_schema_changed) throw;
    }
  }
  return remarks;
}

KeyColumns key_columns(const engine::model::Layout& layout, const DialectDefinition& dialect) {
  KeyColumns key;
  for (const std::size_t part : layout.key) {
    const engine::model::Column& column = layout.columns[part];
    const std::string name = "dp." + quoted_name(column.name, dialect);
    const std::string* expression = select_expression(column, dialect);
    key.selected += (key.selected.empty() ? "" : ", ") + (expression == nullptr ? name : replaced(*expression, "{column}", name));
    key.names += (key.names.empty() ? "" : ", ") + name;
  }
  return key;
}

LogText::LogText(const DialectDefinition& dialect, LogName name, std::string from)
    : dialect_(dialect), name_(std::move(name)), from_(std::move(from)) {}

std::string LogText::filled(const std::string& statement) const {
  std::string text = replaced(statement, "{log_place}", place_of(name_.log));
  text = replaced(text, "{log}", name_.log);
  text = replaced(text, "{source_place}", place_of(from_));
  text = replaced(text, "{source_text}", replaced(from_, "'", "''"));
  text = replaced(text, "{source}", from_);
  text = replaced(text, "{table}", name_.table);
  return replaced(text, "{name}", trigger_name(name_, dialect_.change_log.name_max));
}

std::vector<std::string> LogText::filled(const std::vector<std::string>& statements) const {
  std::vector<std::string> all;
  for (const std::string& statement : statements) all.push_back(filled(statement));
  return all;
}

std::vector<std::string> LogText::triggers(const engine::model::Layout& layout) const {
  std::vector<std::string> all = filled(dialect_.change_log.triggers);
  for (std::string& statement : all) {
    statement = replaced(statement, "{old_key}", key_expression(layout, dialect_, dialect_.change_log.old_row));
    statement = replaced(statement, "{new_key}", key_expression(layout, dialect_, dialect_.change_log.new_row));
  }
  return all;
}

std::string LogText::limited(std::string sql, std::size_t limit) const {
  if (dialect_.limit.empty()) return sql;
  return replaced(replaced(dialect_.limit, "{n}", fmt::to_string(limit)), "{sql}", sql);
}

// A look at one entry ends at the first: the order is for servers that limit nothing without one, and is that of the primary key.
KeyedSql LogText::any_entry() const {
  return {limited(fmt::format("SELECT id FROM {} WHERE table_name = ? ORDER BY id", name_.log), 1), {{0, 0}}};
}

KeyedSql LogText::counts() const {
  return {fmt::format("SELECT COUNT(*), COUNT(row_key) FROM {} WHERE table_name = ?", name_.log), {{0, 0}}};
}

KeyedSql LogText::without_key(std::size_t limit) const {
  return {limited(fmt::format("SELECT id FROM {} WHERE table_name = ? AND row_key IS NULL ORDER BY id", name_.log), limit), {{0, 0}}};
}

KeyedSql LogText::page(std::size_t limit) const {
  return {limited(fmt::format("SELECT id, transaction_id, changed_ms, changed_by, client, row_key FROM {} WHERE table_name = ? AND id > ? ORDER BY id",
                              name_.log),
                  limit),
          {{0, 0}, {0, 1}}};
}

KeyedSql LogText::erase(std::size_t ids) const {
  KeyedSql sql{fmt::format("DELETE FROM {} WHERE table_name = ? AND id IN (", name_.log), {{0, 0}}};
  for (std::size_t id = 0; id < ids; ++id) {
    sql.text += id == 0 ? "?" : ", ?";
    sql.markers.push_back({id + 1, 1});
  }
  sql.text += ")";
  return sql;
}

KeyedSql LogText::erase_all() const { return {fmt::format("DELETE FROM {} WHERE table_name = ?", name_.log), {{0, 0}}}; }

KeyedSql LogText::erase_none() const { return {fmt::format("DELETE FROM {} WHERE table_name = ? AND 1 = 0", name_.log), {{0, 0}}}; }

}  // namespace connectors::odbc
