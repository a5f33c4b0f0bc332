// A diff cycle over unchanged rows, against the bare loop of the same SQL, and the memory it takes.
// usage: capture_bench --driver NAME --dialect NAME --odbc STRING [--stream OPTIONS] [--array ROWS]
// The table `bench_customers` is there (tables.sh made it). With --bare it only prints the seconds of a bare read: that runs as a process
// of its own, so that its buffers are not counted as ours.
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "connectors/catalog/catalog.h"
#include "engine/capture/capture_mode.h"
#include "engine/settings/instance.h"
#include "test/bench/bare_odbc.h"
#include "test/bench/figure.h"

namespace {

namespace settings = engine::settings;

constexpr const char* table = "bench_customers";
constexpr int rounds = 3;

struct Options {
  std::string driver, dialect, odbc, stream, array;
};

settings::Instance instance(const std::string& folder, const Options& options) {
  std::filesystem::create_directories(folder + "/connections");
  std::filesystem::create_directories(folder + "/tables");
  std::ofstream(folder + "/datapicker.yaml") << "instance: bench\njournal:\n  path: journal.db\n";
  std::ofstream(folder + "/connections/erp.yaml")
      << "connection: erp\nodbc: \"" << options.odbc << "\"\ndialect: " << options.dialect << "\n";
  std::ofstream(folder + "/tables/customers.yaml")
      << "table: customers\nconnection: erp\nfrom: " << table << "\nkey: [codcli]\ncapture: { mode: diff, every: 1s }\n";
  settings::Diagnostics diagnostics;
  auto read = settings::load_instance(folder, settings::find_catalogues(), {}, diagnostics);
  for (const auto& problem : diagnostics.all()) fmt::print(stderr, "{}: {}\n", problem.origin.text(), problem.message);
  if (!diagnostics.ok()) throw std::runtime_error("the bench's own instance was refused");
  return read;
}

/// The peak of RssAnon while it lives: the kernel keeps peaks only of all memory, mapped files included.
class MemoryPeak {
 public:
  MemoryPeak() : sampler_([this] {
    while (!stop_) {
      peak_kb_ = std::max<long>(peak_kb_, anonymous_kb());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }) {}
  ~MemoryPeak() {
    stop_ = true;
    sampler_.join();
  }
  double megabytes() const { return static_cast<double>(peak_kb_) / 1024; }

 private:
  static long anonymous_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
    }
    return 0;
  }
  std::atomic<bool> stop_ = false;
  std::atomic<long> peak_kb_ = 0;
  std::thread sampler_;
};

double bare_seconds(const Options& options, std::size_t chunk_rows) {
  char self[PATH_MAX]{};
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) throw std::runtime_error("no /proc");
  const std::string odbc = chunk_rows == 0 ? options.odbc + ";" + options.stream : options.odbc;
  const std::string command = fmt::format("'{}' --bare {} --odbc '{}' --array {}", self, chunk_rows, odbc, options.array);
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), pclose);
  double seconds = 0;
  if (!output || std::fscanf(output.get(), "%lf", &seconds) != 1) throw std::runtime_error("the bare read failed");
  return seconds;
}

int run_bare(const Options& options, const std::string& chunk_rows) {
  const auto result = bench::read_bare({.connection = options.odbc, .table = table, .chunk_rows = std::stoul(chunk_rows),
                                        .array_rows = std::stoul(options.array)});
  fmt::print("{}\n", result.seconds);
  fmt::print(stderr, "{} rows bare in {:.2f} s, digest {:x}\n", result.rows, result.seconds, result.digest);
  return result.rows > 0 ? 0 : 1;
}

double cycle_seconds(engine::capture::CaptureMode& mode, engine::model::Source& source, bool snapshot) {
  const engine::StopSignal stop;
  const bench::StopWatch watch;
  const auto result = mode.run_cycle(source, stop, {});
  fmt::print(stderr, "{} rows by us in {:.2f} s\n", result.rows_read, watch.seconds());
  if (result.inserts + result.updates + result.deletes != 0 && !snapshot) throw std::runtime_error("unchanged rows changed");
  return watch.seconds();
}

void run(const Options& options) {
  const bench::WorkFolder folder;
  const auto all = instance(folder.file("instance"), options);
  const auto& definition = all.tables.at("customers");
  const auto journal = engine::journal::Journal::open({.path = folder.file("journal.db")});
  const auto source = connectors::catalog::make_source(all.sources.at("erp"), all.dialects.at(options.dialect));
  const auto mode = engine::capture::make_capture_mode(definition, *journal, engine::system_clock());

  std::vector<double> ours, bare;
  double peak_mb = 0;
  for (int round = -1; round < rounds; ++round) {
    {
      const MemoryPeak memory;
      const double seconds = cycle_seconds(*mode, *source, round < 0);
      if (round >= 0) ours.push_back(seconds);
      peak_mb = std::max(peak_mb, memory.megabytes());
    }
    if (round >= 0) bare.push_back(bare_seconds(options, definition.capture.chunk_rows));
  }
  source->close();
  const double scan = bare_seconds(options, 0);
  print(bench::compared("diff_cycle_" + options.driver, bench::median(ours), bench::median(bare), "s", bench::Better::less, 1.25));
  print(bench::Figure{.name = "diff_cycle_to_one_scan_" + options.driver, .ours = bench::median(ours), .bare = scan, .unit = "s",
                      .ratio = bench::median(ours) / scan});
  print(bench::compared("diff_peak_anonymous_memory_" + options.driver, peak_mb, {}, "MB", bench::Better::less, 60));
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](std::string_view name, const char* otherwise) { return bench::option(argc, argv, name, otherwise); };
  const Options options{.driver = given("--driver", ""), .dialect = given("--dialect", "generic"), .odbc = given("--odbc", ""),
                        .stream = given("--stream", ""), .array = given("--array", "500")};
  const std::string chunk_rows = given("--bare", "");
  try {
    if (!chunk_rows.empty()) return run_bare(options, chunk_rows);
    run(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "capture_bench {}: {}\n", options.driver, error.what());
    return 1;
  }
}
