// What a driver says went wrong, and what it means to the engine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// SQLHENV, SQLHDBC and SQLHSTMT are all untyped pointers; <sql.h> and its macros stay in .cpp files.
using Handle = void*;
enum class HandleKind : short { environment = 1, connection = 2, statement = 3 };

struct Diagnostic {
  std::string sqlstate;
  int native = 0;
  std::string message;
};

std::vector<Diagnostic> diagnostics_of(HandleKind kind, Handle handle);

/// By the dialect's `errors` ("~part of the message", "SQLSTATE/native", "SQLSTATE"), then by the SQLSTATE's class. Unknown codes are refused:
/// they alert a person.
engine::ErrorCode code_of(const Diagnostic& diagnostic, const engine::settings::DialectDefinition& dialect);

/// The error of the record that says most, its text masked. `doing` completes "while …"; `role` is "source" or "target".
engine::Error error_of(const std::vector<Diagnostic>& diagnostics, const engine::settings::DialectDefinition& dialect,
                       const std::string& connection, std::string_view doing, std::string_view role = "source");

/// Whether one of the patterns of a dialect ("HY000/1555", "~part of the message") means this error.
bool means_any_of(const engine::Error& error, const std::vector<std::string>& patterns);

}  // namespace connectors::odbc
