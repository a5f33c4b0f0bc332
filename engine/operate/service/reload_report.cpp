#include "engine/operate/service/reload_report.h"

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/resending.h"
#include "engine/operate/instance_access.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

template <typename Definitions>
json::array missing_in(const Definitions& those, const Definitions& in) {
  json::array names;
  for (const auto& [name, definition] : those) {
    if (!in.contains(name)) names.emplace_back(name);
  }
  return names;
}

// A pipeline that never mapped anything has nothing to map again; one that can't be compiled yet says so in `status`.
bool has_new_mapping(const std::string& name, const ActContext& context) {
  auto reader = context.journal.read();
  const auto row = reader->pipelines.find(name);
  if (!row || row->mapping.empty()) return false;
  try {
    return compiled_planning(*reader, context.instance, name)->fingerprint() != row->mapping;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config_invalid) throw;
    return false;
  }
}

}  // namespace

/// A remap is tried, not carried out: people decide what is sent again.
json::object reload_report(const settings::Instance& before, const settings::Instance& after, journal::Journal& journal,
                           const Clock& clock) {
  const ActContext context{journal, after, clock, {}, [](std::int64_t, std::int64_t) { return true; }, nullptr};
  json::array remap;
  for (const auto& [name, pipeline] : after.pipelines) {
    if (pipeline.deliver == settings::DeliverPolicy::every_change || !has_new_mapping(name, context)) continue;
    const pipeline::ResendCounts counts = remap_pipeline(context, name, {.dry_run = true});
    if (counts.sent() + counts.failed > 0) remap.push_back(json_of(name, counts));
  }
  return {{"reloaded", true},
          {"new", missing_in(after.pipelines, before.pipelines)},
          {"gone", missing_in(before.pipelines, after.pipelines)},
          {"remap", std::move(remap)}};
}

}  // namespace engine::operate
