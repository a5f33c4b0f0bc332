#include "engine/pipeline/alerts/conditions.h"

#include <fmt/format.h>

#include <map>

#include "engine/base/text/durations.h"

namespace engine::pipeline {

namespace {

struct SourceTables {
  int down = 0;
  int read = 0;
  std::string reason;
};

// One dead server is one alert, however many tables stand on it.
void add_sources(const LiveStatus& live, Conditions& conditions) {
  std::map<std::string, SourceTables> sources;
  for (const TableLive& table : live.tables) {
    SourceTables& source = sources[table.connection];
    if (table.state == "unreachable" || table.state == "refused") {
      ++source.down;
      source.reason = table.reason;
    } else if (table.last_cycle_ms > 0) {
      ++source.read;
    }
  }
  for (const auto& [name, source] : sources) {
    Condition condition{"source_down", name, "", minute_ms};
    if (source.down > 0) {
      condition.text = fmt::format("{} table{} of the source {} cannot be read: {}\nChanges are found when it answers again; none is lost.",
                                   source.down, source.down == 1 ? "" : "s", name, source.reason);
      conditions.present.push_back(condition);
    } else if (source.read == 0) {
      conditions.unknown.insert(condition.id());
    }
  }
}

void add_tables(const LiveStatus& live, Conditions& conditions) {
  for (const TableLive& table : live.tables) {
    const Condition paused{"table_paused", table.name,
                           fmt::format("The table {} is paused: {}\nIt is tried again every 5 minutes.", table.name, table.reason), 0};
    if (table.state == "paused" && !table.by_person) {
      conditions.present.push_back(paused);
    } else if (table.last_cycle_ms == 0) {
      conditions.unknown.insert(paused.id());
      conditions.unknown.insert("source_silent:" + table.name);
    }
  }
}

bool disk_is_full(const LiveStatus& live) {
  for (const TableLive& table : live.tables) {
    if (table.state == "full") return true;
  }
  for (const TargetLive& target : live.targets) {
    if (target.state == "paused") return true;
  }
  return false;
}

void add_targets(const LiveStatus& live, Conditions& conditions) {
  for (const TargetLive& target : live.targets) {
    const Condition refused{"auth_refused", target.name,
                            fmt::format("The target {} refuses our credentials: {}\nNothing is sent there until they are right; all of it waits.",
                                        target.name, target.reason), 0};
    const Condition down{"target_down", target.name,
                         fmt::format("The target {} has not taken anything for 5 minutes: {}\nWhat is to be sent waits.", target.name,
                                     target.reason), 5 * minute_ms};
    if (target.state == "auth_refused") conditions.present.push_back(refused);
    if (target.state == "open") conditions.present.push_back(down);
    if (target.state == "running" && target.delivered == 0) conditions.unknown.insert({refused.id(), down.id()});
  }
}

void add_pipelines(const Observed& observed, Conditions& conditions) {
  for (const PipelineLive& pipeline : observed.live.pipelines) {
    if (pipeline.state != "stopped") continue;
    conditions.present.push_back({"pipeline_stopped", pipeline.name,
                                  fmt::format("The pipeline {} maps nothing: {}\n`datapicker check` shows where.", pipeline.name,
                                              pipeline.reason), minute_ms});
  }
  for (const AwaitingPerson& pipeline : observed.awaiting) {
    if (pipeline.dead > 0) {
      conditions.present.push_back({"dead_letters", pipeline.pipeline,
                                    fmt::format("{} deliveries of {} were given up and wait for a person.\nSee `datapicker dead-letters list`.",
                                                pipeline.dead, pipeline.pipeline), 0});
    }
    if (pipeline.uncertain > 0) {
      conditions.present.push_back({"uncertain", pipeline.pipeline,
                                    fmt::format("{} deliveries of {} may or may not have arrived: their answers were lost.\n"
                                                "Who can look at the target decides with `datapicker dead-letters`.",
                                                pipeline.uncertain, pipeline.pipeline), 2 * minute_ms});
    }
  }
}

// One alert an anomaly: a second mass change is news, a growing one is not.
void add_held(const Observed& observed, Conditions& conditions) {
  for (const HeldByGuard& held : observed.held) {
    const Condition condition{"anomaly", fmt::format("{} ({})", held.pipeline, held.anomaly),
                              fmt::format("{} deliveries of {} are held: {}.\nSee `datapicker anomalies show {}`, then release or reject them.",
                                          held.deliveries, held.pipeline, held.why, held.anomaly), 0};
    if (held.is_snoozed) conditions.silenced.insert(condition.id());
    else conditions.present.push_back(condition);
  }
}

}  // namespace

Conditions conditions_in(const Observed& observed) {
  Conditions conditions;
  add_sources(observed.live, conditions);
  add_tables(observed.live, conditions);
  add_targets(observed.live, conditions);
  add_pipelines(observed, conditions);
  add_held(observed, conditions);
  if (disk_is_full(observed.live)) {
    conditions.present.push_back({"journal_full", "", "The journal's disk is full: capturing and sending pause until there is space.", 0});
  }
  for (const Silence& silence : observed.silences) {
    conditions.present.push_back(
        {"source_silent", silence.table,
         fmt::format("No row of {} has changed for {}; around this time of the week it is never silent for more than {}.\n"
                     "Either nobody works, or what writes it has stopped.",
                     silence.table, span_text(silence.lasts_ms), span_text(silence.usual_ms)), 0});
  }
  for (const std::string& stage : observed.silent_stages) {
    conditions.present.push_back({"stage_silent", stage, fmt::format("A part of the engine hangs: {}.", stage), minute_ms});
  }
  return conditions;
}

}  // namespace engine::pipeline
