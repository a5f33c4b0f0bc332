#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "engine/settings/read/case/cell_reader.h"
#include "engine/settings/read/case/expectation_reader.h"
#include "engine/settings/read/case/step_reader.h"
#include "engine/settings/read/case/case_definition.h"
#include "engine/settings/map_reader.h"

namespace engine::settings {

namespace {

/// 1 January 2026 at noon, UTC: a case that names no time has the same one everywhere and for ever.
constexpr std::int64_t usual_time_ms = 1'767'268'800'000;

std::int64_t read_time(MapReader& reader) {
  const YamlNode* value = reader.take("at");
  if (value == nullptr) return usual_time_ms;
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const int parts = std::sscanf(value->text().c_str(), "%4d-%2u-%2u%*1[T ]%2u:%2u:%2uZ", &year, &month, &day, &hour, &minute, &second);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (parts != 6 || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    reader.diagnostics().error("value.type", value->origin(), fmt::format("'at' of the case is '{}', which is no time", value->text()),
                               "write it in UTC: \"2026-03-01T08:00:00Z\"");
    return usual_time_ms;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(days).count() + ((hour * 60LL + minute) * 60 + second) * 1000;
}

}  // namespace

std::optional<CaseDefinition> read_case(const YamlNode& root, const std::string& pipeline, Diagnostics& diagnostics) {
  if (!root.is_map()) {
    refuse_kind(root, "the case", "a map", diagnostics);
    return std::nullopt;
  }
  const std::size_t errors = diagnostics.errors();
  MapReader reader(root, case_block(), "the case", diagnostics);
  CaseDefinition definition{.name = reader.required_text("case"), .origin = root.origin()};
  definition.pipeline = reader.text("pipeline", pipeline);
  definition.pipeline.erase(0, definition.pipeline.rfind('/') + 1);  // pipelines/NAME is understood, too
  definition.begins_ms = read_time(reader);
  if (const YamlNode* columns = reader.take("columns")) definition.columns = read_case_columns(*columns, diagnostics);
  if (const YamlNode* given = reader.take("given")) definition.given = read_case_rows(*given, "'given' of the case", diagnostics);
  if (const YamlNode* when = reader.require("when")) definition.steps = read_case_steps(*when, diagnostics);
  if (const YamlNode* then = reader.require("then")) definition.then = read_case_expectation(*then, diagnostics);
  reader.finish();
  if (diagnostics.errors() > errors) return std::nullopt;
  return definition;
}

std::vector<std::string> case_files(const std::filesystem::path& folder, const std::string& pipeline) {
  std::vector<std::string> files;
  const std::string below = "pipelines/" + pipeline + "/cases";
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder / below, missing)) {
    if (entry.path().extension() == ".yaml") files.push_back(below + "/" + entry.path().filename().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace engine::settings
