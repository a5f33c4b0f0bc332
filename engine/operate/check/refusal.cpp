#include "engine/operate/check/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/base/text/characters.h"
#include "engine/operate/inspect/hints.h"
#include "engine/settings/diagnostics.h"

namespace engine::operate {

namespace {

std::string context_of(const Error& error, std::string_view name) {
  for (const auto& [each, value] : error.context()) {
    if (each == name) return value;
  }
  return {};
}

bool has_any(const std::string& given, std::initializer_list<std::string_view> parts) {
  const std::string text = lower_case(given);
  return std::any_of(parts.begin(), parts.end(), [&text](std::string_view part) { return text.find(part) != std::string::npos; });
}

bool native_is(const Error& error, std::initializer_list<std::string_view> codes) {
  const std::string native = context_of(error, "native");
  return std::find(codes.begin(), codes.end(), native) != codes.end();
}

// 42501 is PostgreSQL's and Db2's; MariaDB, SQL Server and IBM i tell by their own numbers.
bool lacks_permission(const Error& error) {
  return context_of(error, "sqlstate") == "42501" || native_is(error, {"1142", "1143", "1044", "229", "230", "-551", "-552"}) ||
         has_any(error.what(), {"permission denied", "not authorized"});
}

bool lacks_table(const Error& error) {
  const std::string state = context_of(error, "sqlstate");
  return state == "42P01" || state == "42S02" || native_is(error, {"1146", "208", "-204", "942"}) ||
         has_any(error.what(), {"no such table", "does not exist", "doesn't exist"});
}

std::string grant_for(const Error& error, const settings::TableDefinition& table, const settings::SourceConnection& connection) {
  std::string user;
  for (const char* key : {"UID", "User", "UserName", "Username"}) {
    if (user.empty()) user = option_of(connection.odbc.reveal(), key).value_or("");
  }
  if (user.empty()) user = "the user of '" + connection.name + "'";
  const std::string from = table.request.from;
  const std::size_t dot = from.rfind('.');
  if (dot != std::string::npos && has_any(error.what(), {"for schema"})) {
    return fmt::format("let the database's owner run: GRANT USAGE ON SCHEMA {} TO {}", from.substr(0, dot), user);
  }
  if (from.empty()) return fmt::format("let {} SELECT from the tables of the query", user);
  return fmt::format("let the table's owner run: GRANT SELECT ON {} TO {}", from, user);
}

}  // namespace

Refusal refusal_of(const Error& error, const settings::TableDefinition& table, const settings::SourceConnection& connection,
                   const std::function<std::vector<std::string>()>& tables) {
  const Refusal as_told{std::string(name_of(error.code())), error.hint()};
  if (error.code() != ErrorCode::source_refused) return as_told;
  if (!context_of(error, "column").empty()) return {"table.unknown_column", error.hint()};
  if (lacks_permission(error)) return {"table.permission", grant_for(error, table, connection)};
  if (table.request.from.empty() || !lacks_table(error)) return as_told;
  return {"table.unknown", settings::did_you_mean(table.request.from, tables(),
                                                  fmt::format("`datapicker inspect {}` lists the tables", connection.name))};
}

}  // namespace engine::operate
