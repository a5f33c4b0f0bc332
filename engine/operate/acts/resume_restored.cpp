// Letting an instance go on whose journal was put back from a copy: what was sent since the copy is not known to it.
#include <algorithm>
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/acts/resending.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

bool sends_messages(const settings::PipelineDefinition& pipeline) {
  return pipeline.deliver == settings::DeliverPolicy::every_change;
}

// Until every table was read once, a change made since the copy could still turn up and send its message a second time.
void require_tables_read(journal::Records& records, const ActContext& context, std::int64_t since_ms) {
  std::vector<journal::Pause> pauses = records.pauses.all();
  for (const auto& [name, definition] : context.instance.tables) {
    const bool paused = std::any_of(pauses.begin(), pauses.end(), [&name = name](const journal::Pause& pause) {
      return pause.kind == journal::PauseKind::table && pause.name == name;
    });
    const auto table = records.tables.find(name);
    if (paused || (table && table->last_cycle_ms > since_ms)) continue;
    throw Error(ErrorCode::config_invalid, "table " + name + " was not read yet since the journal was restored", {},
                "run the daemon until `datapicker status` shows it as read, or pause that table first");
  }
}

std::int64_t unmapped(journal::Records& records, const settings::Instance& instance) {
  std::int64_t changes = 0;
  for (const journal::PipelineRow& row : records.pipelines.all()) {
    const auto definition = instance.pipelines.find(row.name);
    if (definition != instance.pipelines.end() && sends_messages(definition->second)) {
      changes += records.changes.count_after(row.table_id, row.position);
    }
  }
  return changes;
}

void settle(journal::Records& records, const ActContext& context, bool send) {
  if (!send) {
    for (const journal::PipelineRow& row : records.pipelines.all()) {
      const auto definition = context.instance.pipelines.find(row.name);
      if (definition != context.instance.pipelines.end() && sends_messages(definition->second)) {
        records.pipelines.set_position(row.id, records.changes.last_seq());
      }
    }
  }
  const std::int64_t now = context.clock.wall_ms();
  records.restored.finish(send, now);
  records.pauses.remove(journal::PauseKind::instance, "", now);
  // Messages that are to be sent may be of a pipeline that is paused by itself.
  records.pauses.hold_covered(now);
}

}  // namespace

json::object resume_restored(const json::object& request, const ActContext& context) {
  const bool dry_run = flag_of(request, "dry_run");
  const std::string decision = text_of(request, "messages");
  std::int64_t held = 0;
  std::int64_t changes = 0;
  {
    auto reader = context.journal.read();
    require_tables_read(*reader, context, reader->restored.since_ms().value_or(0));
    held = reader->restored.held_messages();
    changes = unmapped(*reader, context.instance);
  }
  if (held + changes > 0 && decision.empty() && !dry_run) {
    throw Error(ErrorCode::config_invalid, "messages wait that may have been sent since the copy was made", {},
                "say --messages reject, or --messages send if you know that they were not");
  }
  // First all is planned, and held by the pause that still stands: broken off here, it is simply done again.
  json::array pipelines;
  for (const auto& [name, definition] : context.instance.pipelines) {
    if (sends_messages(definition) || !context.journal.read()->pipelines.find(name)) continue;
    pipelines.push_back(json_of(name, remap_pipeline(context, name, {.live_only = true, .dry_run = dry_run})));
  }
  if (!dry_run) context.journal.write([&](journal::Records& records) { settle(records, context, decision == "send"); });
  json::object outcome = dry_run ? json::object{{"changed", false}, {"paused", json::array{}}} : pauses_now(true, context);
  outcome["messages"] = json::object{{"held", held}, {"changes", changes}, {"decision", decision}};
  outcome["pipelines"] = std::move(pipelines);
  return outcome;
}

}  // namespace engine::operate
