// A real table behind a driver that breaks at any call: the capture of it tells what changed once, and nothing else.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "connectors/odbc/odbc_source.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/capture/capture_mode.h"
#include "test/connectors/odbc/database.h"
#include "test/engine/journal/temporary_journal.h"
#include "test/support/fake_clock.h"
#include "test/support/faulty_driver/faulty_driver.h"

using engine::Error;
using engine::ErrorCode;
using odbc_test::Database;
using Lines = std::vector<std::string>;

namespace {

const std::string driver_path = FAULTY_DRIVER;

/// Where the driver lies that the process has loaded already.
std::string loaded_library(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const std::size_t at = line.find('/'); at != std::string::npos && line.find(name) != std::string::npos) return line.substr(at);
  }
  throw std::runtime_error(name + " is not loaded");
}

template <typename Function>
Function* driver_function(const char* name) {
  static void* const library = dlopen(driver_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto* const function = library == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(dlerror());
  return function;
}

/// How rows come from the driver: many at a time, or each for itself because a value may be longer than its buffer.
enum class Rows { in_arrays, one_by_one };

/// 40 rows under capture by chunks of 8, and a second way to the table that nothing breaks.
class Scene {
 public:
  explicit Scene(Rows rows) {
    engine::set_log_level(engine::LogLevel::error);
    const std::string file = (folder_.path() / "erp.db").string();
    database_ = std::make_unique<Database>("sqlite", "Driver=SQLite3;Database=" + file);
    note_bytes_ = rows == Rows::in_arrays ? 30 : 3'000;
    database_->run(fmt::format("CREATE TABLE customers (k INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(10,2), note {})",
                               rows == Rows::in_arrays ? "VARCHAR(40)" : "TEXT"));
    for (int k = 1; k <= rows_; ++k) insert(k);
    break_at("", 0, "");
    auto connection = database_->connection();
    connection.odbc = engine::Secret("Driver=" + driver_path + ";Database=" + file);
    connection.query_timeout_ms = 200;
    auto dialect = database_->dialect();
    dialect.rows_per_fetch = rows == Rows::in_arrays ? 100 : 1;
    source = connectors::odbc::make_odbc_source(connection, dialect);
    definition_.name = "customers";
    definition_.request = {.from = "customers", .key = {"k"}};
    definition_.capture.chunk_rows = 8;
    definition_.capture.full_every_ms = 1'000;
    definition_.capture.probe = false;
    journal_ = engine::journal::Journal::open({.path = folder_.journal()});
    mode_ = engine::capture::make_capture_mode(definition_, *journal_, clock_);
    while (cycle() != "quiet") {
    }
  }
  ~Scene() { engine::set_log_level(engine::LogLevel::info); }

  void break_at(const std::string& call, int nth, const std::string& fault) const {
    static const std::string real = loaded_library("libsqlite3odbc");
    driver_function<faulty_driver_plan_t>("faulty_driver_plan")(real.c_str(), call.c_str(), nth, fault.c_str());
  }
  static bool struck() { return driver_function<faulty_driver_struck_t>("faulty_driver_struck")(); }

  /// One row each is new, changed and gone. Returns what a pipeline shall hear of it.
  Lines edit() {
    insert(++rows_);
    const int changed = rows_ - 20;
    const int gone = rows_ - 40;
    database_->run(fmt::format("UPDATE customers SET credit = credit + 1 WHERE k = {}", changed));
    database_->run(fmt::format("DELETE FROM customers WHERE k = {}", gone));
    Lines wanted{fmt::format("insert [{}]", rows_), fmt::format("update [{}]", changed), fmt::format("delete [{}]", gone)};
    std::ranges::sort(wanted);
    return wanted;
  }

  /// Its error's code, or how many changes it told: "quiet" for none.
  std::string cycle() {
    clock_.advance(2'000);
    const std::int64_t before = last_seq();
    try {
      mode_->run_cycle(*source, stop_, {});
    } catch (const Error& error) {
      source->close();
      source->close();
      return std::string(name_of(error.code()));
    }
    return last_seq() == before ? "quiet" : fmt::to_string(last_seq() - before);
  }

  std::int64_t last_seq() { return journal_->read()->changes.last_seq(); }
  Lines changes_after(std::int64_t seq) {
    Lines heard;
    for (const auto& change : journal_->read()->changes.page(seq, 1'000'000, false)) {
      heard.push_back(fmt::format("{} {}", engine::model::name_of(change.operation), change.key));
    }
    std::ranges::sort(heard);
    return heard;
  }
  std::int64_t images() { return journal_->read()->images.count(1); }

  std::unique_ptr<engine::model::Source> source;

 private:
  void insert(int k) const {
    database_->run(fmt::format("INSERT INTO customers VALUES ({0}, 'Rossi {0}', {0}.50, '{1}')", k, std::string(note_bytes_, 'n')));
  }

  int rows_ = 40;
  std::size_t note_bytes_ = 0;
  engine::journal::test::TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
  engine::settings::TableDefinition definition_;
  test::FakeClock clock_;
  std::unique_ptr<engine::journal::Journal> journal_;
  std::unique_ptr<engine::capture::CaptureMode> mode_;
  engine::StopSignal stop_;
};

/// The table changes, and the driver breaks in the cycle that reads it. False: there was no such call.
bool survives(Scene& scene, const std::string& call, int nth, const std::string& fault) {
  CAPTURE(call);
  CAPTURE(nth);
  CAPTURE(fault);
  const std::int64_t before = scene.last_seq();
  const Lines wanted = scene.edit();
  if (call == "connect") scene.source->close();
  scene.break_at(call, nth, fault);
  const std::string first = scene.cycle();
  CAPTURE(first);
  const bool struck = Scene::struck();
  scene.break_at("", 0, "");
  std::string last;
  for (int i = 0; i < 4 && last != "quiet"; ++i) last = scene.cycle();
  CHECK(last == "quiet");
  CHECK(scene.changes_after(before) == wanted);
  CHECK(scene.images() == 40);
  return struck;
}

}  // namespace

TEST_CASE("whatever a driver reports at whichever call, each change is told once and no row is taken for deleted") {
  int met = 0;
  for (const Rows rows : {Rows::in_arrays, Rows::one_by_one}) {
    Scene scene(rows);
    for (const char* fault : {"08S01", "08S01/2013", "HY018/1927", "40001", "HYT00", "HY000/5", "HY001", "42S02", "22018", "57014"}) {
      for (const char* call : {"connect", "describe", "prepare", "execute", "fetch", "data", "close"}) {
        for (const int nth : {1, 5}) met += survives(scene, call, nth, fault);
      }
    }
  }
  CHECK(met > 150);
}

TEST_CASE("a result that ends early, lies about its rows or holds nonsense fakes no change") {
  int met = 0;
  for (const Rows rows : {Rows::in_arrays, Rows::one_by_one}) {
    Scene scene(rows);
    for (const char* fault : {"end", "none", "too_many", "null", "garbage", "longer", "senseless"}) {
      for (const int nth : {1, 2, 3, 5, 8}) met += survives(scene, "fetch", nth, fault);
    }
  }
  CHECK(met > 50);
}

TEST_CASE("a fetch that hangs is cancelled, and the next cycle tells what it would have told") {
  Scene scene(Rows::in_arrays);
  for (const int nth : {1, 3}) CHECK(survives(scene, "fetch", nth, "hang"));
}
