// A folder of files whose times a test sets, and a clock that it turns.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/files/csv_source.h"
#include "connectors/odbc/canonical_text.h"
#include "engine/model/source.h"
#include "engine/settings/connection_definition.h"
#include "test/support/fake_clock.h"

namespace csv_test {

class CsvFolder {
 public:
  CsvFolder() {
    char name[] = "/tmp/csv-test-XXXXXX";
    path = ::mkdtemp(name);
    connection.name = "files";
    connection.dialect = "csv";
    connection.csv = engine::settings::CsvFiles{.folder = path};
  }
  ~CsvFolder() { std::filesystem::remove_all(path); }
  CsvFolder(const CsvFolder&) = delete;
  CsvFolder& operator=(const CsvFolder&) = delete;

  /// Written just now; settled after the clock was turned by three seconds.
  void write(const std::string& text, const std::string& name = "customers.csv") const { std::ofstream(path / name, std::ios::binary) << text; }
  void append(const std::string& text) const { std::ofstream(path / "customers.csv", std::ios::binary | std::ios::app) << text; }

  std::unique_ptr<engine::model::Source> source() const;
  /// "1|Rossi|NULL" a row, of the whole file.
  std::vector<std::string> rows(engine::model::Source& source) const;
  /// Of a source of its own, when the file has settled.
  std::vector<std::string> rows_of(const std::string& text);

  std::filesystem::path path;
  engine::settings::SourceConnection connection;
  engine::model::TableRequest table{.from = "customers.csv", .key = {"id"}};
  /// At the machine's own time, because files bear that.
  test::FakeClock clock{engine::system_clock().wall_ms()};
};

std::vector<std::string> texts(engine::model::RowStream& rows);
/// What the call throws: "source.busy: …", or "nothing".
std::string error_of(const std::function<void()>& call);

}  // namespace csv_test
