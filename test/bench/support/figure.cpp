#include "test/bench/support/figure.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>

namespace bench {

namespace {

std::string number(const std::optional<double>& value) { return value ? fmt::format("{:.6g}", *value) : "null"; }

}  // namespace

void print(const Figure& figure) {
  fmt::print(R"({{"name":"{}","ours":{},"bare":{},"unit":"{}","ratio":{},"goal":{},"met":{}}})"
             "\n",
             figure.name, number(figure.ours), number(figure.bare), figure.unit, number(figure.ratio),
             figure.goal.empty() ? "null" : '"' + figure.goal + '"', !figure.met ? "null" : *figure.met ? "true" : "false");
  std::fflush(stdout);
}

Figure compared(std::string name, double ours, std::optional<double> bare, std::string unit, Better better, double goal) {
  Figure figure{.name = std::move(name), .ours = ours, .bare = bare, .unit = std::move(unit)};
  if (bare) figure.ratio = ours / *bare;
  const double judged = figure.ratio.value_or(ours);
  figure.met = better == Better::less ? judged <= goal : judged >= goal;
  figure.goal = fmt::format("{}{} {:g}", bare ? "ratio " : "", better == Better::less ? "<=" : ">=", goal);
  return figure;
}

double cpu_seconds() {
  timespec taken{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &taken);
  return static_cast<double>(taken.tv_sec) + static_cast<double>(taken.tv_nsec) / 1e9;
}

WorkFolder::WorkFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "datapicker-bench.XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string option(int count, char** arguments, std::string_view name, std::string otherwise) {
  for (int i = 1; i + 1 < count; ++i) {
    if (arguments[i] == name) return arguments[i + 1];
  }
  return otherwise;
}

double best(const std::vector<double>& values, Better better) {
  return better == Better::less ? *std::min_element(values.begin(), values.end())
                                : *std::max_element(values.begin(), values.end());
}

}  // namespace bench
