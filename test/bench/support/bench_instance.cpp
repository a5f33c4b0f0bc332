#include "test/bench/support/bench_instance.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace bench {

namespace settings = engine::settings;

settings::Instance bench_instance(const std::string& folder, const std::string& odbc, const std::string& dialect, const std::string& capture) {
  std::filesystem::create_directories(folder + "/connections");
  std::filesystem::create_directories(folder + "/tables");
  std::ofstream(folder + "/datapicker.yaml") << "instance: bench\njournal:\n  path: journal.db\n";
  std::ofstream(folder + "/connections/erp.yaml") << "connection: erp\nodbc: \"" << odbc << "\"\ndialect: " << dialect << "\n";
  std::ofstream(folder + "/tables/customers.yaml") << "table: customers\nconnection: erp\nfrom: bench_customers\nkey: [codcli]\ncapture: { every: 1s, "
                                                   << capture << " }\n";
  settings::Diagnostics diagnostics;
  auto read = settings::load_instance({folder}, settings::find_catalogues(), {}, diagnostics);
  for (const auto& problem : diagnostics.all()) fmt::print(stderr, "{}: {}\n", problem.origin.text(), problem.message);
  if (!diagnostics.ok()) throw std::runtime_error("the bench's own instance was refused");
  return read;
}

}  // namespace bench
