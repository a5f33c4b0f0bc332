// Delivered changes a second: pending deliveries in the journal, through lanes and the HTTP target, to a stub on this
// machine. usage: deliver_bench --url http://127.0.0.1:PORT [--only single|batches|slow]
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "connectors/catalog/catalog.h"
#include "engine/deliver/dispatcher.h"
#include "engine/journal/journal.h"
#include "engine/settings/instance.h"
#include "test/bench/support/bare_curl.h"
#include "test/bench/support/figure.h"

namespace {

namespace settings = engine::settings;
using engine::journal::Journal;
using engine::journal::Records;

constexpr int in_flight = 32;

std::string fields(int number) {
  return fmt::format(R"({{"city":"Bologna","credit":15000.00,"name":"Rossi Mario & Figli {}","phone":"+39051234567"}})", number);
}

constexpr const char* one_by_one = R"(requests:
  upsert: { method: PUT, path: "/customers/{match.code}", body: fields }
  delete: { method: DELETE, path: "/customers/{match.code}", gone: [404] }
)";
constexpr const char* in_batches = R"(batch:
  upsert:
    request: { method: POST, path: /customers/batch, body: { inputs: "{records}" } }
    record: { code: "{match.code}", values: "{fields}" }
    at_most: { records: 100 }
    accounted_by: { order: /inputs }
)";

/// The connection as an integrator writes it, read by the product itself.
settings::TargetConnection connection(const std::string& folder, const std::string& url, const char* requests) {
  std::filesystem::create_directories(folder + "/connections");
  std::ofstream(folder + "/datapicker.yaml") << "instance: bench\njournal:\n  path: journal.db\n";
  std::ofstream(folder + "/connections/crm.yaml")
      << "connection: crm\ntarget: webhook\nurl: " << url << "\nrepeat_safe: true\nidempotency_header: Idempotency-Key\n"
      << "limits: { in_flight: " << in_flight << " }\n" << requests;
  settings::Diagnostics diagnostics;
  auto instance = settings::load_instance({folder}, settings::find_catalogues(), {}, diagnostics);
  for (const auto& problem : diagnostics.all()) {
    fmt::print(stderr, "{}: {}\n", problem.origin.text(), problem.message);
  }
  if (!instance.targets.contains("crm")) throw std::runtime_error("the bench's own connection was refused");
  return instance.targets.at("crm");
}

void plan(Journal& journal, int count) {
  journal.write([&](Records& records) {
    const auto table = records.tables.ensure("customers");
    const auto pipeline = records.pipelines.ensure("customers_to_crm", table.id, 0);
    for (int i = 0; i < count; ++i) {
      const std::string code = fmt::format("C{:07}", i);
      records.deliveries.plan({.pipeline_id = pipeline.id, .key = fmt::format(R"(["{}"])", code), .cycle_id = 1,
                               .first_seq = i + 1, .last_seq = i + 1, .connection = "crm", .object = "customers",
                               .match = fmt::format(R"({{"code":"{}"}})", code), .fields = fields(i), .mapping = "bench"});
    }
  });
}

/// What each of many deliveries cost: of a second, and of this process's CPU, whoever else is on the machine.
struct Cost {
  double per_second = 0;
  double cpu_us = 0;
};

/// The best of each of several rounds.
Cost best(const std::vector<Cost>& rounds) {
  std::vector<double> rates, cpu;
  for (const Cost& round : rounds) {
    rates.push_back(round.per_second);
    cpu.push_back(round.cpu_us);
  }
  return {bench::best(rates, bench::Better::more), bench::best(cpu, bench::Better::less)};
}

Cost bare_cost(const std::string& url, int count) {
  const double cpu_before = bench::cpu_seconds();
  const double rate = bench::bare_puts_per_second(url, count, in_flight, fields);
  return {rate, (bench::cpu_seconds() - cpu_before) / count * 1e6};
}

Cost delivery_cost(const settings::TargetConnection& definition, const std::string& path, int count) {
  const auto journal = Journal::open({.path = path});
  plan(*journal, count);
  const auto target = connectors::catalog::make_target(definition);
  engine::deliver::Dispatcher dispatcher(*journal, *target, {{1, {.name = "customers_to_crm"}}},
                                         {.connection = "crm", .in_flight = in_flight}, engine::system_clock());
  const double cpu_before = bench::cpu_seconds();
  const bench::StopWatch watch;
  dispatcher.start();
  while (dispatcher.status().delivered < count) {
    if (watch.seconds() > 120) throw std::runtime_error("not delivered within two minutes: " + dispatcher.status().reason);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // Answered is not enough: it counts once the journal holds it.
  dispatcher.drain(5'000);
  const Cost cost{count / watch.seconds(), (bench::cpu_seconds() - cpu_before) / count * 1e6};
  target->stop();
  return cost;
}

void print_single(const Cost& ours, const Cost& bare) {
  print(bench::compared("delivered_to_a_fast_server", ours.per_second, bare.per_second, "changes/s", bench::Better::more, 0.5));
  bench::print({.name = "delivered_to_a_fast_server_cpu", .ours = ours.cpu_us, .bare = bare.cpu_us, .unit = "us each", .ratio = ours.cpu_us / bare.cpu_us});
}

void print_batches(const Cost& ours) {
  print(bench::compared("delivered_in_batches_of_100", ours.per_second, {}, "changes/s", bench::Better::more, 40'000));
  bench::print({.name = "delivered_in_batches_of_100_cpu", .ours = ours.cpu_us, .unit = "us each"});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = bench::option(argc, argv, "--url", "");
  const std::string only = bench::option(argc, argv, "--only", "");
  const auto wanted = [&only](std::string_view name) { return only.empty() || only == name; };
  const bench::WorkFolder folder;
  const auto single = connection(folder.file("single"), url, one_by_one);
  const auto batched = connection(folder.file("batched"), url, in_batches);
  std::vector<Cost> ours, bare, of_batches;
  for (int round = 0; round < 3; ++round) {
    if (wanted("single")) ours.push_back(delivery_cost(single, folder.file(fmt::format("fast{}.db", round)), 20'000));
    if (wanted("single")) bare.push_back(bare_cost(url, 20'000));
    if (wanted("batches")) of_batches.push_back(delivery_cost(batched, folder.file(fmt::format("batched{}.db", round)), 40'000));
  }
  if (wanted("single")) print_single(best(ours), best(bare));
  if (wanted("batches")) print_batches(best(of_batches));
  if (!wanted("slow")) return 0;

  constexpr int latency_ms = 50;
  bench::post(url + "/control", fmt::format(R"({{"latency_ms":{}}})", latency_ms));
  const double bound = in_flight * 1000.0 / latency_ms;
  const Cost slow = delivery_cost(single, folder.file("slow.db"), 6'400);
  print(bench::compared("delivered_at_50_ms_latency_32_in_flight", slow.per_second, bound, "changes/s", bench::Better::more, 0.95));
}
