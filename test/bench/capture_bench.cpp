// A diff cycle over unchanged rows, against the bare loop of the same SQL, and the memory it takes.
// usage: capture_bench --driver NAME --dialect NAME --odbc STRING
// The table `bench_customers` is there (tables.sh made it). With --bare FILE it only makes the read that the file describes and prints its
// seconds: that runs as a process of its own, so that its buffers are not counted as ours.
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
#include "connectors/odbc/rows/read_plan.h"
#include "connectors/odbc/session.h"
#include "connectors/odbc/statement_text.h"
#include "engine/capture/capture_mode.h"
#include "engine/settings/instance.h"
#include "test/bench/support/bare_odbc.h"
#include "test/bench/support/bench_instance.h"
#include "test/bench/support/figure.h"

namespace {

namespace settings = engine::settings;

constexpr int rounds = 5;

struct Options {
  std::string driver, dialect, odbc;
};

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

struct Cost {
  double seconds = 0;
  double cpu_seconds = 0;
};

/// The cheapest of several rounds, each of both for itself.
struct Costs {
  std::vector<double> seconds, cpu_seconds;
  void add(Cost cost) {
    seconds.push_back(cost.seconds);
    cpu_seconds.push_back(cost.cpu_seconds);
  }
  Cost best() const { return {bench::best(seconds, bench::Better::less), bench::best(cpu_seconds, bench::Better::less)}; }
};

/// The reads that the source itself would make, as the bare loop takes them.
class BareReads {
 public:
  BareReads(const settings::Instance& all, const settings::TableDefinition& definition, const engine::model::Layout& layout)
      : connection_(all.sources.at("erp")), dialect_(all.dialects.at(connection_.dialect)) {
    const connectors::odbc::StatementText text(definition.request, dialect_);
    const auto plan = connectors::odbc::plan_read(layout, dialect_, connection_.char_padding, true, false);
    const std::size_t chunk_rows = definition.capture.chunk_rows;
    chunks_ = {.connection = connectors::odbc::full_connection_string(connection_, dialect_, connectors::odbc::SessionUse::read),
               .first = text.range(layout, {}, chunk_rows).text, .next = text.range(layout, {.after = true}, chunk_rows).text,
               .array_rows = plan.rows};
    whole_ = {.connection = connectors::odbc::full_connection_string(connection_, dialect_, connectors::odbc::SessionUse::stream),
              .first = text.whole(layout).text, .next = {}, .array_rows = plan.rows};
  }
  Cost in_chunks(const std::string& file) const { return cost(chunks_, file); }
  Cost of_one_scan(const std::string& file) const { return cost(whole_, file); }

 private:
  static Cost cost(const bench::BareRead& read, const std::string& file) {
    std::ofstream(file) << read.connection << '\n' << read.first << '\n' << read.next << '\n' << read.array_rows << '\n';
    char self[PATH_MAX]{};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) throw std::runtime_error("no /proc");
    const std::string command = fmt::format("'{}' --bare '{}'", self, file);
    const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), pclose);
    Cost cost;
    if (!output || std::fscanf(output.get(), "%lf %lf", &cost.seconds, &cost.cpu_seconds) != 2) throw std::runtime_error("the bare read failed");
    return cost;
  }

  settings::SourceConnection connection_;
  settings::DialectDefinition dialect_;
  bench::BareRead chunks_, whole_;
};

int run_bare(const std::string& file) {
  std::ifstream lines(file);
  bench::BareRead read;
  std::string array_rows;
  std::getline(lines, read.connection);
  std::getline(lines, read.first);
  std::getline(lines, read.next);
  std::getline(lines, array_rows);
  read.array_rows = std::stoul(array_rows);
  const auto result = bench::read_bare(read);
  fmt::print("{} {}\n", result.seconds, result.cpu_seconds);
  fmt::print(stderr, "{} rows bare in {:.2f} s, {:.2f} s of CPU, digest {:x}\n", result.rows, result.seconds, result.cpu_seconds, result.digest);
  return result.rows > 0 ? 0 : 1;
}

Cost cycle_cost(engine::capture::CaptureMode& mode, engine::model::Source& source, bool snapshot) {
  const engine::StopSignal stop;
  const bench::StopWatch watch;
  const double cpu = bench::cpu_seconds();
  const auto result = mode.run_cycle(source, stop, {});
  const Cost cost{watch.seconds(), bench::cpu_seconds() - cpu};
  fmt::print(stderr, "{} rows by us in {:.2f} s, {:.2f} s of CPU\n", result.rows_read, cost.seconds, cost.cpu_seconds);
  if (result.inserts + result.updates + result.deletes != 0 && !snapshot) throw std::runtime_error("unchanged rows changed");
  return cost;
}

void run(const Options& options) {
  const bench::WorkFolder folder;
  const auto all = bench::bench_instance(folder.file("instance"), options.odbc, options.dialect, "mode: diff, probe: false, segments: false");
  const auto& definition = all.tables.at("customers");
  const auto journal = engine::journal::Journal::open({.path = folder.file("journal.db")});
  const auto source = connectors::catalog::make_source(all.sources.at("erp"), all.dialects.at(options.dialect));
  const auto mode = engine::capture::make_capture_mode(definition, *journal, engine::system_clock());

  const BareReads bare_reads(all, definition, source->describe(definition.request).layout);

  Costs ours, bare;
  double peak_mb = 0;
  for (int round = -1; round < rounds; ++round) {
    {
      const MemoryPeak memory;
      const Cost cost = cycle_cost(*mode, *source, round < 0);
      if (round >= 0) ours.add(cost);
      peak_mb = std::max(peak_mb, memory.megabytes());
    }
    if (round >= 0) bare.add(bare_reads.in_chunks(folder.file("bare")));
  }
  source->close();
  const double scan = bare_reads.of_one_scan(folder.file("bare")).seconds;
  const Cost cycle = ours.best(), loop = bare.best();
  print(bench::compared("diff_cycle_" + options.driver, cycle.seconds, loop.seconds, "s", bench::Better::less, 1.1));
  // The cycle reads and compares on two threads: what it takes of the machine is more than its time tells.
  print(bench::Figure{.name = "diff_cycle_cpu_" + options.driver, .ours = cycle.cpu_seconds, .bare = loop.cpu_seconds, .unit = "s",
                      .ratio = cycle.cpu_seconds / loop.cpu_seconds});
  print(bench::Figure{.name = "diff_cycle_to_one_scan_" + options.driver, .ours = cycle.seconds, .bare = scan, .unit = "s",
                      .ratio = cycle.seconds / scan});
  print(bench::compared("diff_peak_anonymous_memory_" + options.driver, peak_mb, {}, "MB", bench::Better::less, 40));
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](std::string_view name, const char* otherwise) { return bench::option(argc, argv, name, otherwise); };
  const Options options{.driver = given("--driver", ""), .dialect = given("--dialect", "generic"), .odbc = given("--odbc", "")};
  const std::string bare = given("--bare", "");
  try {
    if (!bare.empty()) return run_bare(bare);
    run(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "capture_bench {}: {}\n", options.driver, error.what());
    return 1;
  }
}
