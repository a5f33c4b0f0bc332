// The files of a new instance.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/operate/init.h"

namespace engine::operate {

/// Name and value of what must not stand in YAML.
using NewSecret = std::pair<std::string, std::string>;

/// The connection string without its password, which becomes a secret named after the connection.
std::string without_password(const std::string& odbc, const std::string& connection, std::vector<NewSecret>& secrets);

std::vector<YamlFile> instance_files(const std::filesystem::path& folder, const InitChoices& choices, std::vector<NewSecret>& secrets);

/// Into secrets/, readable by this user alone; one that exists stays. Throws environment_missing.
std::vector<std::string> write_secrets(const std::filesystem::path& folder, const std::vector<NewSecret>& secrets);

/// A small customer table in a SQLite file, with codes and dates as an AS/400 keeps them. What exists stays.
void make_example(const std::filesystem::path& database);

}  // namespace engine::operate
