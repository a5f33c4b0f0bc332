// From an empty folder to an instance whose YAML passes: init, inspect and check over SQLite's real driver.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/operate/check.h"
#include "engine/operate/init.h"
#include "engine/operate/instance_access.h"
#include "engine/settings/dialect_definition.h"

namespace engine::operate {

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/datapicker-init-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  /// A SQLite database made by these statements; returns its connection string.
  std::string database(const std::vector<std::string>& statements) const {
    settings::SourceConnection connection;
    connection.odbc = Secret("Driver=SQLite3;Database=" + (path_ / "erp.db").string());
    settings::DialectDefinition making;
    making.session = statements;
    connectors::catalog::make_catalogue(connection, making)->server();
    return connection.odbc.reveal();
  }

 private:
  fs::path path_;
};

std::string problems_of(const CheckReport& report) {
  std::string text;
  for (const settings::Diagnostic& each : report.diagnostics.all()) text += settings::diagnostic_text(each) + "\n";
  return text;
}

std::vector<std::string> codes_of(const CheckReport& report) {
  std::vector<std::string> codes;
  for (const settings::Diagnostic& each : report.diagnostics.all()) codes.push_back(each.code);
  return codes;
}

TableInspection inspected(const fs::path& folder, const std::string& table, const InspectOptions& options = {}) {
  settings::Diagnostics diagnostics;
  const settings::Instance instance = load_for_inspection(folder, "erp", diagnostics);
  return inspect_table(instance, instance.sources.at("erp"), table, options);
}

}  // namespace

TEST_CASE("init without any answer makes a folder that passes check as it is") {
  const Folder folder;
  const InitResult result = init(folder / "shop", {});
  REQUIRE_FALSE(result.problem);
  CHECK(result.server.starts_with("SQLite"));
  const CheckReport report = check(folder / "shop", {});
  CHECK_MESSAGE(report.diagnostics.all().empty(), problems_of(report));
  CHECK(report.instance.tables.size() == 1);
  CHECK(report.instance.pipelines.size() == 1);
  CHECK(report.instance.tables.begin()->second.initial == settings::Initial::deliver);
}

TEST_CASE("init overwrites nothing, and refuses a folder that holds an instance") {
  const Folder folder;
  folder.write(".gitignore", "mine\n");
  const InitResult result = init(folder.path(), {});
  CHECK(std::find(result.written.begin(), result.written.end(), ".gitignore") == result.written.end());
  std::string kept;
  std::getline(std::ifstream(folder / ".gitignore") >> std::ws, kept);
  CHECK(kept == "mine");
  CHECK_THROWS_WITH_AS(init(folder.path(), {}), doctest::Contains("holds an instance already"), Error);
}

TEST_CASE("a password of a connection string becomes a secret that only this user reads") {
  const Folder folder;
  const std::string odbc = folder.database({"CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT)"});
  const InitResult result = init(folder / "x", {.odbc = odbc + ";PWD=open sesame", .table = "t", .target = "webhook",
                                                .url = "http://127.0.0.1:9", .token = "t0ken-value"});
  CHECK_FALSE(result.problem);
  struct stat found {};
  REQUIRE(stat((folder / "x/secrets/erp_password").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  for (const auto& entry : fs::recursive_directory_iterator(folder / "x")) {
    if (!entry.is_regular_file() || entry.path().parent_path().filename() == "secrets") continue;
    std::string text;
    std::getline(std::ifstream(entry.path()), text, '\0');
    CHECK_MESSAGE(text.find("open sesame") == std::string::npos, entry.path().string());
    CHECK_MESSAGE(text.find("t0ken-value") == std::string::npos, entry.path().string());
  }
  const CheckReport report = check(folder / "x", {.live = true, .tolerate_sources = true});
  CHECK_MESSAGE(report.ok(), problems_of(report));
}

TEST_CASE("a check that may not go on is given up before the next table is asked for") {
  const Folder folder;
  const std::string odbc = folder.database({"CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT)"});
  REQUIRE_FALSE(init(folder / "x", {.odbc = odbc, .table = "t"}).problem);
  try {
    check(folder / "x", {.go_on = [] { return false; }});
    FAIL("it went on");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::stopped);
  }
}

TEST_CASE("a source that does not answer leaves what was written, and says what is wrong") {
  const Folder folder;
  const InitResult result = init(folder / "x", {.odbc = "Driver=SQLite3;Database=/nowhere/at/all.db", .table = "t"});
  REQUIRE(result.problem);
  CHECK(fs::exists(folder / "x/connections/erp.yaml"));
  CHECK_FALSE(fs::exists(folder / "x/tables"));
}

TEST_CASE("the YAML of a table with odd names, words of SQL and a composite key passes check") {
  const Folder folder;
  const std::string odbc = folder.database(
      {R"(CREATE TABLE "Order Details" ("Order ID" INTEGER NOT NULL, "Line" INTEGER NOT NULL, "order" VARCHAR(10), "it's" TEXT, "PREZZO U" DECIMAL(9,2),
          picture BLOB, DTORD DECIMAL(7,0), PRIMARY KEY ("Order ID", "Line")))",
       R"(INSERT INTO "Order Details" VALUES (1, 1, 'x', 'y', '1.50', x'00', 1261122), (1, 2, NULL, NULL, NULL, NULL, 0))"});
  REQUIRE_FALSE(init(folder / "x", {.odbc = odbc, .table = "\"Order Details\""}).problem);
  const TableInspection table = inspected(folder / "x", "\"Order Details\"");
  CHECK(table.key.basis == KeyBasis::primary_key);
  CHECK(table.key.columns == std::vector<std::string>{"Order ID", "Line"});
  CHECK(table.count.rows == 2);
  CHECK(table.columns.back().expression == "from_cyymmdd(DTORD)");
  const CheckReport report = check(folder / "x", {});
  CHECK_MESSAGE(report.diagnostics.all().empty(), problems_of(report));
  CHECK(report.instance.pipelines.contains("order_details_to_lines"));
}

TEST_CASE("a table without a key gets a guess that says so, and check passes with a warning") {
  const Folder folder;
  const std::string odbc = folder.database({"CREATE TABLE t (a TEXT NOT NULL, b VARCHAR(10), mail TEXT)",
                                            "INSERT INTO t VALUES ('x', 'k1', 'a@example.com'), ('x', 'k2', 'bb@example.com')"});
  REQUIRE_FALSE(init(folder / "x", {.odbc = odbc, .table = "t"}).problem);
  const TableInspection table = inspected(folder / "x", "t");
  CHECK(table.key.basis == KeyBasis::guess);
  CHECK(table.key.columns == std::vector<std::string>{"b"});
  CHECK(table.columns[2].masked_as == "mail address");
  CHECK(table.columns[2].samples.front() == "x@xxxxxxx.xxx");
  CHECK(inspected(folder / "x", "t", {.unmasked = true}).columns[2].samples.front() == "a@example.com");
  const CheckReport report = check(folder / "x", {});
  CHECK(report.ok());
  CHECK(codes_of(report) == std::vector<std::string>{"table.key_not_indexed"});
}

TEST_CASE("check names the table and the column that were meant") {
  const Folder folder;
  const std::string odbc = folder.database({"CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, name TEXT)"});
  REQUIRE_FALSE(init(folder / "x", {.odbc = odbc, .table = "customers"}).problem);
  folder.write("x/tables/customers.yaml", "table: customers\nconnection: erp\nfrom: custmers\nkey: [id]\n");
  CheckReport report = check(folder / "x", {});
  CHECK(codes_of(report) == std::vector<std::string>{"table.unknown"});
  CHECK_MESSAGE(problems_of(report).find("'customers'") != std::string::npos, problems_of(report));
  folder.write("x/tables/customers.yaml", "table: customers\nconnection: erp\nfrom: customers\nkey: [idd]\n");
  report = check(folder / "x", {});
  CHECK(codes_of(report) == std::vector<std::string>{"table.unknown_column"});
  CHECK_MESSAGE(problems_of(report).find("'id'") != std::string::npos, problems_of(report));
}

TEST_CASE("check finds keys that the rows do not keep, and a daemon that starts does not look for them") {
  const Folder folder;
  const std::string odbc = folder.database(
      {"CREATE TABLE t (a TEXT, b TEXT)", "INSERT INTO t VALUES ('x', 'k1'), ('x', 'k2'), (NULL, 'k3')", "CREATE INDEX t_a ON t (a)"});
  REQUIRE_FALSE(init(folder / "x", {.odbc = odbc, .table = "t"}).problem);
  folder.write("x/tables/t.yaml", "table: t\nconnection: erp\nfrom: t\nkey: [a]\n");
  const CheckReport report = check(folder / "x", {});
  CHECK(codes_of(report) == std::vector<std::string>{"table.key_null", "table.key_not_unique"});
  CHECK(report.diagnostics.errors() == 2);
  CHECK(check(folder / "x", {.live = true, .tolerate_sources = true}).diagnostics.all().empty());
}

TEST_CASE("check says which connection was reached, and warns of a target that nobody answers for") {
  const Folder folder;
  REQUIRE_FALSE(init(folder / "x", {.target = "webhook", .url = "http://127.0.0.1:9"}).problem);
  const CheckReport report = check(folder / "x", {});
  CHECK(report.ok());
  CHECK(codes_of(report) == std::vector<std::string>{"target.unreachable"});
  REQUIRE(report.connections.size() == 2);
  CHECK(report.connections[0].reached);
  CHECK_FALSE(report.connections[1].reached);
  CHECK(check(folder / "x", {.live = false}).connections.empty());
}

TEST_CASE("inspecting a table that is not there offers the nearest") {
  const Folder folder;
  init(folder.path(), {});
  try {
    inspected(folder.path(), "ANCF00");
    FAIL("it is not there");
  } catch (const Error& error) {
    CHECK(error.hint() == "did you mean 'ANCF00F'?");
  }
}

}  // namespace engine::operate
