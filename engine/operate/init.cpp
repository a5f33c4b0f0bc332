#include "engine/operate/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/operate/init/files.h"
#include "engine/operate/inspect/yaml_text.h"
#include "engine/operate/instance_access.h"

namespace engine::operate {

namespace {

namespace fs = std::filesystem;

constexpr const char* example_table = "ANCF00F";

void append(std::vector<std::string> paths, std::vector<std::string>& into) {
  std::move(paths.begin(), paths.end(), std::back_inserter(into));
}

/// Before anything is written.
void refuse_what_cannot_be(const fs::path& folder, const InitChoices& choices) {
  if (fs::exists(folder / "datapicker.yaml")) {
    throw Error(ErrorCode::config_invalid, folder.string() + " holds an instance already", {},
                "add to it with `datapicker inspect CONNECTION TABLE --write`, or name another folder");
  }
  if (choices.target != "file" && choices.url.empty()) {
    throw Error(ErrorCode::config_invalid, "the target '" + choices.target + "' needs a URL", {}, "give it with --url");
  }
}

// The source is asked for its tables, and the chosen one for its columns.
void add_table(const fs::path& folder, const InitChoices& choices, InitResult& result) {
  settings::Diagnostics diagnostics;
  const settings::Instance instance = load_for_inspection(folder, choices.connection, diagnostics);
  const settings::SourceConnection& connection = instance.sources.at(choices.connection);
  std::string table = choices.odbc.empty() ? example_table : choices.table;
  const SourceInspection source = inspect_source(instance, connection, {.all_ms_max = 0});
  result.server = source.server;
  if (table.empty()) {
    std::vector<std::string> names;
    for (const TableSummary& each : source.tables) names.push_back(each.from);
    table = choices.choose_table(names);
  }
  if (table.empty()) return;
  const InspectOptions options{.deliver_all = choices.deliver_all || choices.odbc.empty()};
  append(write_new_files(folder, inspect_table(instance, connection, table, options).files), result.written);
}

std::string name_for(const fs::path& folder) {
  const std::string name = plain_name(fs::weakly_canonical(folder).filename().string());
  return name.empty() ? "datapicker" : name;
}

}  // namespace

namespace {

/// In braces where ODBC would else see the end of the value; a brace within is doubled.
std::string odbc_value(const std::string& value) {
  if (value.find_first_of(";{}") == std::string::npos && value.find_first_of(" \t") != 0) return value;
  std::string quoted = "{";
  for (const char c : value) quoted.append(c == '}' ? 2 : 1, c);
  return quoted + "}";
}

}  // namespace

std::string odbc_string(const ServerParameters& server) {
  const auto place = [&server](std::string_view usual_port) {
    return fmt::format("Server={};Port={};Database={};UID={};PWD={}", server.host, server.port.empty() ? usual_port : server.port,
                       server.database, server.user, odbc_value(server.password));
  };
  if (server.kind == "sqlite") return fmt::format("Driver=SQLite3;Database={}", server.database);
  if (server.kind == "postgresql") return "Driver=PostgreSQL Unicode;" + place("5432");
  if (server.kind == "mariadb") return "Driver=MariaDB Unicode;" + place("3306");
  if (server.kind == "sqlserver") return "Driver=FreeTDS;" + place("1433") + ";TDS_Version=7.4;ClientCharset=UTF-8";
  if (server.kind != "ibmi") {
    throw Error(ErrorCode::config_invalid, "no source is called '" + server.kind + "'", {},
                "sqlite, postgresql, mariadb, sqlserver or ibmi; any other by its connection string: --odbc");
  }
  return fmt::format(
      "Driver=IBM i Access ODBC Driver;System={};DefaultLibraries={};UID={};PWD={};CMT=1;CCSID=1208;TRANSLATE=1;ALLOWUNSCHAR=1;CONNTYPE=2",
      server.host, server.database, server.user, odbc_value(server.password));
}

/// The first name that fits; a driver's file or its name in odbcinst.ini.
std::string dialect_of(const std::string& odbc) {
  const std::string text = lower_case(odbc);
  if (text.find("postgres") != std::string::npos || text.find("psqlodbc") != std::string::npos) return "postgresql";
  if (text.find("maria") != std::string::npos) return "mariadb";
  if (text.find("mysql") != std::string::npos || text.find("myodbc") != std::string::npos) return "mysql";
  if (text.find("sqlite") != std::string::npos) return "sqlite";
  if (text.find("ibm i access") != std::string::npos || text.find("cwbodbc") != std::string::npos) return "db2i";
  if (text.find("informix") != std::string::npos) return "informix";
  if (text.find("hdbodbc") != std::string::npos || text.find("odbchdb") != std::string::npos) return "hana";
  if (text.find("mdbtools") != std::string::npos) return "access";
  return "generic";
}

InitResult init(const fs::path& given, const InitChoices& chosen) {
  const fs::path folder = fs::absolute(given).lexically_normal();
  InitChoices choices = chosen;
  if (choices.name.empty()) choices.name = name_for(folder);
  refuse_what_cannot_be(folder, choices);
  std::vector<NewSecret> secrets;
  const std::vector<YamlFile> files = instance_files(folder, choices, secrets);
  InitResult result;
  // The configuration stands before the source is asked: whoever mistyped a host mends a file, and begins nothing anew.
  append(write_new_files(folder, files), result.written);
  append(write_secrets(folder, secrets), result.written);
  try {
    if (choices.odbc.empty()) make_example(folder / "example.db");
    add_table(folder, choices, result);
  } catch (const Error& error) {
    result.problem = error;
  }
  return result;
}

}  // namespace engine::operate
