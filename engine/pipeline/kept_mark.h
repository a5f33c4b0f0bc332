// Where a table's log stands by the journal, for who looks at it beside the daemon.
#pragma once

#include <filesystem>
#include <string>

namespace engine::pipeline {

/// What `ChangeLog::forget` last gave for the table; empty: nothing, or there is no journal yet, or it cannot be read.
std::string kept_mark(const std::filesystem::path& journal_path, const std::string& table);

}  // namespace engine::pipeline
