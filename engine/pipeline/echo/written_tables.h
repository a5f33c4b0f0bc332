// Captured tables that pipelines of the same instance write: there our own effects come back as changes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "engine/settings/instance.h"

namespace engine::pipeline {

/// The pipelines that write a table which another pipeline, or the same, follows: by the table's name.
std::map<std::string, std::set<std::string>> written_tables(const settings::Instance& instance);

/// Two connection strings lead to one database: the same DSN, or the same server, port and database, whoever logs in.
bool is_same_database(const std::string& left, const std::string& right);
/// Two names as they stand in SQL: quotes and case aside, and a schema only where both name one.
bool is_same_table(std::string_view left, std::string_view right);

}  // namespace engine::pipeline
