// What a cycle of `mode: diff` costs by what spares it the reading, and by the rows that changed.
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

/// One table, captured with some of what spares the reading.
class Watched {
 public:
  Watched(const Options& options, std::string sparing, std::string capture) : sparing_(std::move(sparing)), options_(options) {
    all_ = bench::bench_instance(folder_.file("instance"), options.odbc, options.dialect, capture);
    journal_ = engine::journal::Journal::open({.path = folder_.file("journal.db")});
    source_ = connectors::catalog::make_source(all_.sources.at("erp"), all_.dialects.at(options.dialect));
    mode_ = engine::capture::make_capture_mode(all_.tables.at("customers"), *journal_, engine::system_clock());
  }

  /// Cycles until nothing is left to learn: images, checksums, a proof that had its time to settle.
  void settle() {
    for (int i = 0; i < 3; ++i) cycle();
    if (sparing_ != "probe") return;
    std::this_thread::sleep_for(std::chrono::seconds(4));
    cycle();
  }
  void change(std::int64_t rows) const {
    if (rows == 0) return;
    bench::execute_bare(options_.odbc, fmt::format("UPDATE bench_customers SET fido = fido + 1 WHERE codcli % {} = 0", options_.rows / rows));
  }
  engine::capture::CycleResult cycle() {
    const engine::StopSignal stop;
    return mode_->run_cycle(*source_, stop, {});
  }
  const std::string& sparing() const { return sparing_; }

 private:
  std::string sparing_;
  const Options& options_;
  bench::WorkFolder folder_;
  settings::Instance all_;
  std::unique_ptr<engine::journal::Journal> journal_;
  std::unique_ptr<engine::model::Source> source_;
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

void run(const Options& options) {
  std::vector<Cost> whole_costs;
  for (const auto& [sparing, capture] : {std::pair("nothing", "probe: false, segments: false"), std::pair("segments", "probe: false"), std::pair("probe", "segments: false")}) {
    if (options.sparing == 0 && sparing == std::string("segments")) continue;
    Watched table(options, sparing, capture);
    table.settle();
    std::size_t step = 0;
    for (const std::int64_t changed : {0, 10, 1'000, 100'000}) {
      if (changed > options.rows / 2) continue;
      Cost cost = cost_of(table, changed);
      if (changed == 0) {
        for (int i = 0; i < 3; ++i) {
          if (const Cost again = cost_of(table, 0); again.seconds < cost.seconds) cost = again;
        }
      } else {
        table.settle();
      }
      if (sparing == std::string("nothing")) whole_costs.push_back(cost);
      const double whole = whole_costs.at(step++).seconds;
      const std::string name = fmt::format("cycle_{}_{}_rows_{}_changed_by_{}", options.driver, options.rows, changed, sparing);
      bench::Figure figure{.name = name, .ours = cost.seconds, .bare = whole, .unit = "s", .ratio = cost.seconds / whole};
      if (changed == 0 && options.rows >= 1'000'000) {
        if (sparing == std::string("segments")) figure = bench::compared(name, cost.seconds, whole, "s", bench::Better::less, 1 / options.sparing);
        if (sparing == std::string("probe")) figure = bench::compared(name, cost.seconds, {}, "s", bench::Better::less, 0.005);
      }
      print(figure);
      if (changed == 0 && sparing == std::string("segments") && options.rows >= 1'000'000) {
        print(bench::compared(name + "_wire", cost.wire_kb, {}, "kB", bench::Better::less, 100));
      }
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
