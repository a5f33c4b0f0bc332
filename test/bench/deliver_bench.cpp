// Delivered changes a second: pending deliveries in the journal, through lanes and the HTTP target, to a stub on this
// machine. usage: deliver_bench --url http://127.0.0.1:PORT
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

/// The connection as an integrator writes it, read by the product itself.
settings::TargetConnection connection(const std::string& folder, const std::string& url) {
  std::filesystem::create_directories(folder + "/connections");
  std::ofstream(folder + "/datapicker.yaml") << "instance: bench\njournal:\n  path: journal.db\n";
  std::ofstream(folder + "/connections/crm.yaml")
      << "connection: crm\ntarget: webhook\nurl: " << url << "\nrepeat_safe: true\nidempotency_header: Idempotency-Key\n"
      << "limits: { in_flight: " << in_flight << " }\nrequests:\n"
      << "  upsert: { method: PUT, path: \"/customers/{match.code}\", body: fields }\n"
      << "  delete: { method: DELETE, path: \"/customers/{match.code}\", gone: [404] }\n";
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

double delivered_per_second(const settings::TargetConnection& definition, const std::string& path, int count) {
  const auto journal = Journal::open({.path = path});
  plan(*journal, count);
  const auto target = connectors::catalog::make_target(definition);
  engine::deliver::Dispatcher dispatcher(*journal, *target, {{1, {.name = "customers_to_crm"}}},
                                         {.connection = "crm", .in_flight = in_flight}, engine::system_clock());
  const bench::StopWatch watch;
  dispatcher.start();
  while (dispatcher.status().delivered < count) {
    if (watch.seconds() > 120) throw std::runtime_error("not delivered within two minutes: " + dispatcher.status().reason);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // Answered is not enough: it counts once the journal holds it.
  dispatcher.drain(5'000);
  const double rate = count / watch.seconds();
  target->stop();
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = bench::option(argc, argv, "--url", "");
  const bench::WorkFolder folder;
  const auto definition = connection(folder.file("instance"), url);
  std::vector<double> our_rates, bare_rates;
  for (int round = 0; round < 3; ++round) {
    our_rates.push_back(delivered_per_second(definition, folder.file(fmt::format("fast{}.db", round)), 20'000));
    bare_rates.push_back(bench::bare_puts_per_second(url, 20'000, in_flight, fields));
  }
  print(bench::compared("delivered_to_a_fast_server", bench::best(our_rates, bench::Better::more), bench::best(bare_rates, bench::Better::more), "changes/s",
                        bench::Better::more, 0.5));

  constexpr int latency_ms = 50;
  bench::post(url + "/control", fmt::format(R"({{"latency_ms":{}}})", latency_ms));
  const double bound = in_flight * 1000.0 / latency_ms;
  const double slow = delivered_per_second(definition, folder.file("slow.db"), 6'400);
  print(bench::compared("delivered_at_50_ms_latency_32_in_flight", slow, bound, "changes/s", bench::Better::more, 0.9));
}
