#include "engine/operate/vanished.h"

#include <fmt/format.h>

#include <set>

#include "engine/base/error.h"

namespace engine::operate {

std::vector<VanishedPipeline> vanished_pipelines(const settings::Instance& instance, journal::Records& records) {
  std::set<std::string> known;
  for (const auto& [name, pipeline] : instance.pipelines) known.insert({name, pipeline.renamed_from});
  std::vector<VanishedPipeline> vanished;
  for (const journal::PipelineRow& row : records.pipelines.all()) {
    if (known.contains(row.name)) continue;
    const std::int64_t live = records.pipelines.live_records(row.id);
    if (live > 0) vanished.push_back({row.name, live});
  }
  return vanished;
}

void warn_of_vanished(const settings::Instance& instance, settings::Diagnostics& diagnostics) {
  if (!std::filesystem::exists(instance.journal_path)) return;
  try {
    journal::ReadOnlyJournal journal(instance.journal_path);
    for (const VanishedPipeline& pipeline : vanished_pipelines(instance, *journal)) {
      diagnostics.warning("pipeline.vanished", {"pipelines/" + pipeline.name + "/pipeline.yaml", 0, 0},
                          fmt::format("the pipeline '{}' is gone, but {} of its records are at the target: they stay there "
                                      "and are kept up to date no more",
                                      pipeline.name, pipeline.live),
                          fmt::format("put it back, or say 'renamed_from: {}' where it is called otherwise now",
                                      pipeline.name));
    }
  } catch (const Error&) {
    // Whether the journal can be read at all is told by those who need it.
  }
}

}  // namespace engine::operate
