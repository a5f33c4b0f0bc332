#include "engine/operate/init/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/operate/inspect/hints.h"
#include "engine/operate/inspect/yaml_text.h"

namespace engine::operate {

namespace {

constexpr const char* target_connection = "target";

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return result + "\"";
}

YamlFile source_file(const InitChoices& choices, const std::string& odbc, const std::string& dialect) {
  std::string text = schema_line("connection") + fmt::format("connection: {}\nodbc: {}\ndialect: {}\n", choices.connection, quoted(odbc), dialect);
  text += "# The zone of the times that the source keeps without one.\ntime_zone: Etc/UTC\n";
  return {"connections/" + choices.connection + ".yaml", text};
}

/// The token becomes a secret; in the file only its name stands.
YamlFile http_file(const InitChoices& choices, std::vector<NewSecret>& secrets) {
  std::string text = schema_line("connection") +
                     fmt::format("connection: {}\ntarget: {}\nurl: {}\n", target_connection, yaml_scalar(choices.target), quoted(choices.url));
  const bool is_rt = choices.target == "request_tracker";
  if (!choices.token.empty()) {
    secrets.emplace_back("target_token", choices.token);
    text += is_rt ? "auth: { header: Authorization, value: \"token ${secret:target_token}\" }\n" : "auth: { bearer: \"${secret:target_token}\" }\n";
  }
  if (is_rt) text += "# The custom field that holds the key; it must be applied to the queue.\noptions: { key_field: ExternalId }\n";
  if (choices.target == "webhook") {
    text += "# A PUT of the same body has one effect, however often it arrives.\nrepeat_safe: true\n"
            "requests:\n"
            "  upsert: { method: PUT, path: \"/{object}/{match.code}\", body: fields }\n"
            "  delete: { method: DELETE, path: \"/{object}/{match.code}\", gone: [404, 410] }\n";
  }
  return {fmt::format("connections/{}.yaml", target_connection), text};
}

}  // namespace

std::string without_password(const std::string& odbc, const std::string& connection, std::vector<NewSecret>& secrets) {
  for (const char* key : {"PWD", "Password"}) {
    const auto password = option_of(odbc, key);
    if (!password || password->empty() || password->find("${") != std::string::npos) continue;
    // With a ';' in front the first option is found as any other; where that stands, the key stands in `odbc`.
    const std::size_t option = lower_case(";" + odbc).find(";" + lower_case(key));
    const std::size_t at = odbc.find(*password, odbc.find('=', option));
    secrets.emplace_back(connection + "_password", *password);
    return odbc.substr(0, at) + "${secret:" + connection + "_password}" + odbc.substr(at + password->size());
  }
  return odbc;
}

/// Ready to run as they are, so that the first step a person takes is to look, and not to write.
std::vector<YamlFile> instance_files(const std::filesystem::path& folder, const InitChoices& choices, std::vector<NewSecret>& secrets) {
  const bool example = choices.odbc.empty();
  const std::string odbc = example ? odbc_string({.kind = "sqlite", .database = (folder / "example.db").string()})
                                   : without_password(choices.odbc, choices.connection, secrets);
  const std::string dialect = choices.dialect.empty() ? dialect_of(odbc) : choices.dialect;
  std::vector<YamlFile> files;
  files.push_back({"datapicker.yaml", schema_line("instance") + fmt::format("instance: {}\njournal:\n  path: journal.db\n", yaml_scalar(choices.name))});
  files.push_back({".gitignore", "secrets/\njournal.db*\n*.jsonl\nexample.db\n"});
  files.push_back(source_file(choices, odbc, dialect));
  files.push_back(choices.target == "file" ? lines_connection() : http_file(choices, secrets));
  return files;
}

std::vector<std::string> write_secrets(const std::filesystem::path& folder, const std::vector<NewSecret>& secrets) {
  std::vector<std::string> written;
  if (secrets.empty()) return written;
  std::error_code ignored;
  std::filesystem::create_directories(folder / "secrets", ignored);
  std::filesystem::permissions(folder / "secrets", std::filesystem::perms::owner_all, ignored);
  for (const auto& [name, value] : secrets) {
    const std::filesystem::path path = folder / "secrets" / name;
    if (std::filesystem::exists(path)) continue;
    // Made with its final rights: between creating and changing them somebody could have opened it.
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool done = file >= 0 && write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
    if (file >= 0) close(file);
    if (!done) throw Error(ErrorCode::environment_missing, "cannot write " + path.string(), {}, "check the folder's permissions and free space");
    written.push_back("secrets/" + name);
  }
  return written;
}

/// Made by the session's own statements, so the example needs nothing but the driver.
void make_example(const std::filesystem::path& database) {
  if (std::filesystem::exists(database)) return;
  settings::SourceConnection connection;
  connection.name = "example";
  connection.odbc = Secret(odbc_string({.kind = "sqlite", .database = database.string()}));
  settings::DialectDefinition making;
  making.name = "sqlite";
  making.session = {
      "CREATE TABLE ANCF00F (CDCLI CHAR(6) NOT NULL PRIMARY KEY, RASCL CHAR(30), LOCCL CHAR(20), FIDO DECIMAL(11,2), DTULO DECIMAL(7,0), "
      "STATO CHAR(1))",
      "INSERT INTO ANCF00F VALUES ('000017', 'BIANCHI FERRAMENTA SRL', 'TORINO', '12500.00', 1261118, 'A'), "
      "('000042', 'ROSSI TRASPORTI SPA', 'MILANO', '40000.50', 1261120, 'A'), ('000108', 'VERDI & FIGLI SNC', 'FORLI''', '0.00', 0, 'S')"};
  connectors::catalog::make_catalogue(connection, making)->server();
}

}  // namespace engine::operate
