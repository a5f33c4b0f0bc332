#include "engine/operate/service/status_line.h"

#include <fmt/format.h>

namespace engine::operate {

namespace {

constexpr std::size_t named_max = 3;

std::string counted(std::size_t number, const char* noun) { return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s"); }

template <class Items>
/// Whatever is not among the states that are `well`, by kind and name.
void add_troubles(const Items& items, const char* kind, std::initializer_list<std::string_view> well,
                  std::vector<std::string>& troubles) {
  for (const auto& item : items) {
    if (std::find(well.begin(), well.end(), item.state) == well.end()) {
      troubles.push_back(fmt::format("{} {} {}", kind, item.name, item.state));
    }
  }
}

}  // namespace

std::string status_line(const pipeline::LiveStatus& live) {
  std::vector<std::string> troubles;
  add_troubles(live.targets, "target", {"running"}, troubles);
  add_troubles(live.pipelines, "pipeline", {"running"}, troubles);
  add_troubles(live.tables, "table", {"waiting", "reading"}, troubles);
  std::string line = fmt::format("{}, {}, {}", counted(live.tables.size(), "table"), counted(live.pipelines.size(), "pipeline"),
                                 counted(live.targets.size(), "target"));
  for (std::size_t i = 0; i < troubles.size() && i < named_max; ++i) line += "; " + troubles[i];
  if (troubles.size() > named_max) line += fmt::format("; and {} more", troubles.size() - named_max);
  return line;
}

}  // namespace engine::operate
