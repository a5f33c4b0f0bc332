// What a cycle costs by the way in which it learns what changed, and by the rows that did: `mode: diff` by what spares it the reading, `watermark`, and `tail`
// by each log of the database.
// usage: cycle_bench --driver NAME --dialect NAME --odbc STRING --rows N [--sparing FACTOR]
// The table `bench_customers` is there with so many rows (tables.sh made it). Of 1,000,000 rows or more, an unchanged cycle by checksums has to be FACTOR
// times as fast as one that reads all, with less than 100 kB on the wire, and one with a probe below 5 ms.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "connectors/catalog/catalog.h"
#include "engine/capture/capture_mode.h"
#include "engine/settings/instance.h"
#include "test/bench/support/bare_odbc.h"
#include "test/bench/support/bench_instance.h"
#include "test/bench/support/figure.h"

namespace {

namespace settings = engine::settings;

struct Options {
  std::string driver, dialect, odbc;
  std::int64_t rows = 0;
  double sparing = 0;  ///< 0: this database computes no checksums
};

/// Bytes that came in over the loopback.
double loopback_kb() {
  std::ifstream devices("/proc/net/dev");
  for (std::string line; std::getline(devices, line);) {
    if (const auto at = line.find("lo:"); at != std::string::npos) return std::stod(line.substr(at + 3)) / 1000;
  }
  return 0;
}

/// One way to learn what changed, with what the source needs for it.
struct Way {
  std::string name;
  std::string capture;              ///< the table's
  std::vector<std::string> before;  ///< SQL run at the source
  std::vector<std::string> after;   ///< SQL that takes it back
  std::string stamp{};              ///< what an update sets beside the value that changes
  int rest_s = 0;                   ///< until a cycle does not come back to what the one before has read
  bool behind_changes = false;      ///< its overlap lies behind the last change, not behind the clock
};

/// The overlaps are short, so that the figures show what changed since the last cycle alone: with the default one, rows of the last ten minutes are read again.
std::vector<Way> ways_of(const Options& options) {
  std::vector<Way> ways{{.name = "nothing", .capture = "mode: diff, probe: false, segments: false"}};
  if (options.sparing > 0) ways.push_back({.name = "segments", .capture = "mode: diff, probe: false"});
  ways.push_back({.name = "probe", .capture = "mode: diff, segments: false", .rest_s = 4});
  ways.push_back({.name = "triggers", .capture = "mode: tail, log: bench_log"});
  if (options.dialect == "postgresql") ways.push_back({.name = "slot", .capture = "mode: tail, by: slot, log: bench_slot"});
  if (options.dialect == "mariadb") {
    ways.push_back({.name = "versions", .capture = "mode: tail, by: versions, overlap: 1s", .before = {"ALTER TABLE bench_customers ADD SYSTEM VERSIONING"},
                    .after = {"ALTER TABLE bench_customers DROP SYSTEM VERSIONING"}, .rest_s = 2, .behind_changes = true});
  }
  ways.push_back({.name = "watermark", .capture = "mode: watermark, column: modif, overlap: 1s",
                  .before = {"ALTER TABLE bench_customers ADD COLUMN modif TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00'", "CREATE INDEX bench_modif ON bench_customers (modif)"},
                  .after = {}, .stamp = ", modif = CURRENT_TIMESTAMP", .rest_s = 2});
  return ways;
}

/// The table, captured in one of these ways.
class Watched {
 public:
  Watched(const Options& options, Way way) : way_(std::move(way)), options_(options) {
    for (const std::string& sql : way_.before) bench::execute_bare(options_.odbc, sql);
    all_ = bench::bench_instance(folder_.file("instance"), options.odbc, options.dialect, way_.capture);
    journal_ = engine::journal::Journal::open({.path = folder_.file("journal.db")});
    source_ = connectors::catalog::make_source(all_.sources.at("erp"), all_.dialects.at(options.dialect));
    const settings::TableDefinition& table = all_.tables.at("customers");
    if (!table.capture.log.empty()) install_log(table);
    mode_ = engine::capture::make_capture_mode(table, *journal_, engine::system_clock());
  }
  ~Watched() {
    source_->close();
    try {
      if (installer_) installer_->apply(installer_->uninstall(log_));
      for (const std::string& sql : way_.after) bench::execute_bare(options_.odbc, sql);
    } catch (const std::exception& error) {
      fmt::print(stderr, "cycle_bench: {} was not taken back: {}\n", way_.name, error.what());
    }
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  /// Cycles until nothing is left to learn: images, checksums, a proof or an overlap that had its time.
  void settle() {
    for (int i = 0; i < 3; ++i) cycle();
    if (way_.rest_s == 0) return;
    std::this_thread::sleep_for(std::chrono::seconds(way_.rest_s));
    if (way_.behind_changes) change(1);
    cycle();
  }
  void change(std::int64_t rows) const {
    if (rows == 0) return;
    bench::execute_bare(options_.odbc, fmt::format("UPDATE bench_customers SET fido = fido + 1{} WHERE codcli % {} = 0", way_.stamp, options_.rows / rows));
  }
  engine::capture::CycleResult cycle() {
    const engine::StopSignal stop;
    return mode_->run_cycle(*source_, stop, {});
  }
  const std::string& way() const { return way_.name; }

 private:
  void install_log(const settings::TableDefinition& table) {
    log_ = {.log = table.capture.log, .by = table.capture.by, .tables = {{table.name, table.request}}};
    installer_ = connectors::catalog::make_log_installer(all_.sources.at("erp"), all_.dialects.at(options_.dialect));
    installer_->apply(installer_->install(log_));
  }

  Way way_;
  const Options& options_;
  bench::WorkFolder folder_;
  settings::Instance all_;
  std::unique_ptr<engine::journal::Journal> journal_;
  std::unique_ptr<engine::model::Source> source_;
  connectors::odbc::LogPlan log_;
  std::unique_ptr<connectors::odbc::LogInstaller> installer_;  ///< null where nothing is to be installed
  std::unique_ptr<engine::capture::CaptureMode> mode_;
};

struct Cost {
  double seconds = 0;
  double wire_kb = 0;
};

Cost cost_of(Watched& table, std::int64_t changed) {
  table.change(changed);
  const double before = loopback_kb();
  const bench::StopWatch watch;
  const auto result = table.cycle();
  const Cost cost{watch.seconds(), loopback_kb() - before};
  if (result.updates != changed) throw std::runtime_error(fmt::format("{} changes were made, {} found", changed, result.updates));
  return cost;
}

/// Of a cycle that finds nothing the quickest of several.
Cost settled_cost_of(Watched& table, std::int64_t changed) {
  Cost cost = cost_of(table, changed);
  for (int i = 0; changed == 0 && i < 3; ++i) {
    if (const Cost again = cost_of(table, 0); again.seconds < cost.seconds) cost = again;
  }
  if (changed > 0) table.settle();
  return cost;
}

/// `whole`: of the cycle that reads all rows.
void print_cost(const Options& options, const std::string& way, std::int64_t changed, const Cost& cost, double whole) {
  const std::string name = fmt::format("cycle_{}_{}_rows_{}_changed_by_{}", options.driver, options.rows, changed, way);
  const bool has_goal = changed == 0 && options.rows >= 1'000'000;
  if (has_goal && way == "segments") {
    print(bench::compared(name, cost.seconds, whole, "s", bench::Better::less, 1 / options.sparing));
    print(bench::compared(name + "_wire", cost.wire_kb, {}, "kB", bench::Better::less, 100));
  } else if (has_goal && way == "probe") {
    print(bench::compared(name, cost.seconds, {}, "s", bench::Better::less, 0.005));
  } else {
    bench::print({.name = name, .ours = cost.seconds, .bare = whole, .unit = "s", .ratio = cost.seconds / whole});
  }
}

void run(const Options& options) {
  std::vector<double> whole;  // by the number of changed rows
  for (Way& way : ways_of(options)) {
    Watched table(options, std::move(way));
    table.settle();
    std::size_t step = 0;
    for (const std::int64_t changed : {0, 10, 1'000, 100'000}) {
      if (changed > options.rows / 2) continue;
      const Cost cost = settled_cost_of(table, changed);
      if (table.way() == "nothing") whole.push_back(cost.seconds);
      print_cost(options, table.way(), changed, cost, whole.at(step++));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](std::string_view name, const char* otherwise) { return bench::option(argc, argv, name, otherwise); };
  try {
    run({given("--driver", ""), given("--dialect", "generic"), given("--odbc", ""), std::stoll(given("--rows", "0")), std::stod(given("--sparing", "0"))});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "cycle_bench: {}\n", error.what());
    return 1;
  }
}
