// Where a frozen body leaves room for what only `send` knows: {auth.uid} of a session, say.
#pragma once

#include <string>
#include <string_view>

#include "connectors/http/request/placeholder.h"

namespace connectors::http {

/// A mark is the JSON string "{auth.x}" behind a bare tab. The tab tells it from a value of the same text: JSON escapes
/// tabs inside strings, and our bodies have none between them. So no field can ask for a credential.
void append_auth_mark(std::string_view name, std::string& into);

/// Puts the JSON values into the marks. One that has no value stays.
void fill_auth_marks(const AuthValues& values, std::string& body);

}  // namespace connectors::http
