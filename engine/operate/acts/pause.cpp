// `pause` and `resume`: a pipeline, a table, a connection or the whole instance.
#include <algorithm>
#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

using journal::PauseKind;

PauseKind kind_of(const std::string& name) {
  for (const PauseKind kind : {PauseKind::instance, PauseKind::connection, PauseKind::table, PauseKind::pipeline}) {
    if (journal::name_of(kind) == name) return kind;
  }
  throw Error(ErrorCode::config_invalid, "'" + name + "' can't be paused", {}, "pipeline, table, connection or instance");
}

void require_known(const settings::Instance& instance, PauseKind kind, const std::string& name) {
  switch (kind) {
    case PauseKind::pipeline: known_definition(instance.pipelines, "pipeline", name); return;
    case PauseKind::table: known_definition(instance.tables, "table", name); return;
    case PauseKind::connection:
      if (!instance.sources.contains(name)) known_definition(instance.targets, "connection", name);
      return;
    case PauseKind::instance: return;
  }
}

}  // namespace

json::object pauses_now(bool was_changed, const ActContext& context) {
  json::array paused;
  for (const journal::Pause& pause : context.journal.read()->pauses.all()) {
    paused.push_back(json::object{{"kind", journal::name_of(pause.kind)},
                                  {"name", pause.name},
                                  {"actor", pause.actor},
                                  {"reason", pause.reason},
                                  {"since_ms", pause.since_ms}});
  }
  if (context.supervisor != nullptr) context.supervisor->apply_pauses();
  return {{"changed", was_changed}, {"paused", std::move(paused)}};
}

json::object pause(const json::object& request, const ActContext& context) {
  const PauseKind kind = kind_of(text_of(request, "kind"));
  const std::string name = text_of(request, "name");
  require_known(context.instance, kind, name);
  bool added = false;
  context.journal.write([&](journal::Records& records) {
    added = records.pauses.put({kind, name, context.actor, text_of(request, "reason"), context.clock.wall_ms()});
  });
  return pauses_now(added, context);
}

// What is no longer in the configuration may be resumed, too: nothing else would ever remove its pause.
json::object resume(const json::object& request, const ActContext& context) {
  const PauseKind kind = kind_of(text_of(request, "kind"));
  const std::string name = text_of(request, "name");
  if (kind == PauseKind::instance && context.journal.read()->restored.since_ms()) return resume_restored(request, context);
  if (flag_of(request, "dry_run")) {
    const std::vector<journal::Pause> pauses = context.journal.read()->pauses.all();
    const bool is_paused = std::any_of(pauses.begin(), pauses.end(), [&](const journal::Pause& each) { return each.kind == kind && each.name == name; });
    if (!is_paused) require_known(context.instance, kind, name);
    return pauses_now(is_paused, context);
  }
  bool removed = false;
  context.journal.write([&](journal::Records& records) { removed = records.pauses.remove(kind, name, context.clock.wall_ms()); });
  if (!removed) require_known(context.instance, kind, name);
  return pauses_now(removed, context);
}

}  // namespace engine::operate
