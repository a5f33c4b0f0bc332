#include "connectors/odbc/diagnostics.h"

#include <array>
#include <optional>

#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>

#include "engine/base/secret.h"

namespace connectors::odbc {

using engine::ErrorCode;

static_assert(std::is_same_v<Handle, SQLHANDLE>);
static_assert(int(HandleKind::statement) == SQL_HANDLE_STMT && int(HandleKind::connection) == SQL_HANDLE_DBC);

namespace {

constexpr int records_max = 20;

std::optional<ErrorCode> code_named(std::string_view name) {
  for (const ErrorCode code : {ErrorCode::source_unreachable, ErrorCode::source_refused, ErrorCode::source_busy,
                               ErrorCode::source_schema_changed, ErrorCode::source_bad_data}) {
    if (engine::name_of(code) == name) return code;
  }
  return std::nullopt;
}

std::optional<ErrorCode> code_by_dialect(const Diagnostic& diagnostic, const engine::settings::DialectDefinition& dialect) {
  const auto exact = dialect.errors.find(fmt::format("{}/{}", diagnostic.sqlstate, diagnostic.native));
  if (exact != dialect.errors.end()) return code_named(exact->second);
  const auto state = dialect.errors.find(diagnostic.sqlstate);
  if (state != dialect.errors.end()) return code_named(state->second);
  for (const auto& [pattern, code] : dialect.errors) {
    if (pattern.starts_with('~') && diagnostic.message.find(pattern.substr(1)) != std::string::npos) return code_named(code);
  }
  return std::nullopt;
}

/// The standard's codes; nullopt where they say nothing (HY000).
std::optional<ErrorCode> code_by_state(const Diagnostic& diagnostic) {
  const std::string_view state = diagnostic.sqlstate;
  const std::string_view group = state.substr(0, 2);
  // The driver manager reports a driver that is not installed as a mere warning, 01000, of a failed call.
  if (state == "IM002" || state == "IM003" || state == "IM004" || diagnostic.message.find("Can't open lib") != std::string::npos) {
    return ErrorCode::environment_missing;
  }
  if (group == "08") return ErrorCode::source_unreachable;
  if (state == "HYT00" || state == "HYT01" || state == "HY008" || group == "40") return ErrorCode::source_busy;
  if (state == "42S22" || state == "42703") return ErrorCode::source_schema_changed;
  if (group == "28" || group == "42") return ErrorCode::source_refused;
  if (group == "22") return ErrorCode::source_bad_data;
  return std::nullopt;
}

/// Drivers tell in several lines, indented; where errors are shown, each is a line.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!is_blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string_view what_it_means(ErrorCode code) {
  switch (code) {
    case ErrorCode::source_unreachable: return "cannot be reached";
    case ErrorCode::source_busy: return "is busy";
    case ErrorCode::source_schema_changed: return "lacks a column";
    case ErrorCode::source_bad_data: return "gave a value that cannot be read";
    case ErrorCode::environment_missing: return "has no driver";
    default: return "refused";
  }
}

std::string_view hint_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::source_refused: return "check the user, its rights, and the names in the table's definition";
    case ErrorCode::environment_missing: return "install the driver and name it as /etc/odbcinst.ini does";
    default: return "";
  }
}

}  // namespace

std::vector<Diagnostic> diagnostics_of(HandleKind kind, Handle handle) {
  std::vector<Diagnostic> all;
  for (SQLSMALLINT number = 1; number <= records_max; ++number) {
    std::array<SQLCHAR, 6> state{};
    std::array<SQLCHAR, 1024> message{};
    SQLINTEGER native = 0;
    SQLSMALLINT size = 0;
    const SQLRETURN result = SQLGetDiagRec(static_cast<SQLSMALLINT>(kind), handle, number, state.data(), &native, message.data(),
                                           static_cast<SQLSMALLINT>(message.size()), &size);
    if (!SQL_SUCCEEDED(result)) break;
    all.push_back({reinterpret_cast<const char*>(state.data()), static_cast<int>(native), reinterpret_cast<const char*>(message.data())});
  }
  return all;
}

ErrorCode code_of(const Diagnostic& diagnostic, const engine::settings::DialectDefinition& dialect) {
  if (const auto code = code_by_dialect(diagnostic, dialect)) return *code;
  return code_by_state(diagnostic).value_or(ErrorCode::source_refused);
}

engine::Error error_of(const std::vector<Diagnostic>& diagnostics, const engine::settings::DialectDefinition& dialect,
                       const std::string& connection, std::string_view doing, std::string_view role) {
  if (diagnostics.empty()) {
    return engine::Error(ErrorCode::source_refused, fmt::format("{} '{}' failed without a diagnostic while {}", role, connection, doing),
                         {{"connection", connection}});
  }
  // Drivers put the cause first or last, mixed with warnings: the first record that any table knows is taken.
  const Diagnostic* chosen = &diagnostics.front();
  for (const Diagnostic& diagnostic : diagnostics) {
    if (code_by_dialect(diagnostic, dialect) || code_by_state(diagnostic)) {
      chosen = &diagnostic;
      break;
    }
  }
  const ErrorCode code = code_of(*chosen, dialect);
  return engine::Error(code,
                       on_one_line(engine::redact(fmt::format("{} '{}' {} while {}: {}", role, connection, what_it_means(code), doing, chosen->message))),
                       {{"connection", connection}, {"sqlstate", chosen->sqlstate}, {"native", fmt::to_string(chosen->native)}},
                       std::string(hint_for(code)));
}

bool means_any_of(const engine::Error& error, const std::vector<std::string>& patterns) {
  std::string state, native;
  for (const auto& [name, value] : error.context()) {
    if (name == "sqlstate") state = value;
    if (name == "native") native = value;
  }
  for (const std::string& pattern : patterns) {
    if (pattern == state + "/" + native) return true;
    if (pattern.starts_with('~') && std::string_view(error.what()).find(pattern.substr(1)) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace connectors::odbc
