// JSON schemas (draft-07) of the files of an instance, for editors; printed from the declarations in keys.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace engine::settings {

/// "instance", "connection", "table", … in the order a person meets them.
const std::vector<std::string>& schema_kinds();

/// The schema of a kind of file, indented, with a line end. The kind must be one of `schema_kinds`.
std::string json_schema(std::string_view kind);

}  // namespace engine::settings
