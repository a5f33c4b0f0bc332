#include "test/connectors/odbc/faults/scene.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "test/support/faulty_driver/faulty_driver.h"

namespace odbc_test {

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

}  // namespace

Scene::Scene(Rows rows) {
  engine::set_log_level(engine::LogLevel::error);
  const std::string file = (folder_.path() / "erp.db").string();
  database_ = std::make_unique<Database>("sqlite", "Driver=SQLite3;Timeout=2000;Database=" + file);
  note_bytes_ = rows == Rows::in_arrays ? 30 : 3'000;
  database_->run(fmt::format("CREATE TABLE customers (k INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), credit DECIMAL(10,2), note {})",
                             rows == Rows::in_arrays ? "VARCHAR(40)" : "TEXT"));
  for (int k = 1; k <= rows_; ++k) insert(k);
  break_at("", 0, "");
  connection = database_->connection();
  connection.name = connection_name;
  connection.odbc = engine::Secret("Driver=" + driver_path + ";Database=" + file);
  connection.query_timeout_ms = 200;
  connection.connect_timeout_ms = 800;
  dialect = database_->dialect();
  dialect.rows_per_fetch = rows == Rows::in_arrays ? 100 : 1;
  source = connectors::catalog::make_source(connection, dialect);
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

Scene::~Scene() { engine::set_log_level(engine::LogLevel::info); }

void Scene::break_at(const std::string& call, int nth, const std::string& fault) const {
  static const std::string real = loaded_library("libsqlite3odbc");
  driver_function<faulty_driver_plan_t>("faulty_driver_plan")(real.c_str(), call.c_str(), nth, fault.c_str());
}

bool Scene::struck() { return driver_function<faulty_driver_struck_t>("faulty_driver_struck")(); }

Lines Scene::edit() {
  insert(++rows_);
  const int changed = rows_ - 20;
  const int gone = rows_ - 40;
  database_->run(fmt::format("UPDATE customers SET credit = credit + 1 WHERE k = {}", changed));
  database_->run(fmt::format("DELETE FROM customers WHERE k = {}", gone));
  Lines wanted{fmt::format("insert [{}]", rows_), fmt::format("update [{}]", changed), fmt::format("delete [{}]", gone)};
  std::ranges::sort(wanted);
  return wanted;
}

std::string Scene::cycle() {
  clock_.advance(2'000);
  const std::int64_t before = last_seq();
  try {
    mode_->run_cycle(*source, stop_, {});
  } catch (const engine::Error& error) {
    message_ = error.what();
    source->close();
    source->close();
    return std::string(name_of(error.code()));
  }
  return last_seq() == before ? "quiet" : fmt::to_string(last_seq() - before);
}

Lines Scene::changes_after(std::int64_t seq) {
  Lines heard;
  for (const auto& change : journal_->read()->changes.page(seq, 1'000'000, false)) {
    heard.push_back(fmt::format("{} {}", engine::model::name_of(change.operation), change.key));
  }
  std::ranges::sort(heard);
  return heard;
}

void Scene::insert(int k) const {
  database_->run(fmt::format("INSERT INTO customers VALUES ({0}, 'Rossi {0}', {0}.50, '{1}')", k, std::string(note_bytes_, 'n')));
}

}  // namespace odbc_test
