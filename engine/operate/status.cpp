#include "engine/operate/status.h"

#include <boost/json.hpp>

#include "engine/operate/acts/range_backfill.h"
#include "engine/operate/vanished.h"
#include "engine/pipeline/control_socket.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

template <class Items>
auto find_named(const Items& items, const std::string& name) -> decltype(&items.front()) {
  for (const auto& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

TableStatus table_status(const settings::TableDefinition& table, journal::Records& records,
                         const std::optional<pipeline::LiveStatus>& live) {
  TableStatus status;
  status.name = table.name;
  status.connection = table.connection;
  status.state = "new";
  if (const auto row = records.tables.find(table.name)) {
    status.state = row->state;
    status.reason = row->state_reason;
    status.rows = row->rows;
    status.last_cycle_ms = row->last_cycle_ms;
    status.backfill = records.backfills.find(row->id);
  }
  const pipeline::TableLive* now = live ? find_named(live->tables, table.name) : nullptr;
  if (now == nullptr) return status;
  // That it waits only says that no cycle is under way: the journal's state says more.
  if (now->state != "waiting") status.state = now->state == "reading" && status.state == "snapshot" ? "snapshot" : now->state;
  if (!now->reason.empty()) status.reason = now->reason;
  // Cycles that found nothing are journaled only now and then; the daemon knows of each.
  if (now->last_cycle_ms > 0) {
    status.last_cycle_ms = now->last_cycle_ms;
    status.last_cycle_took_ms = now->last_cycle_took_ms;
    status.last_cycle_rows = now->rows_last_cycle;
  }
  status.next_cycle_in_ms = now->next_in_ms;
  status.rows_now = now->state == "reading" ? now->rows_now : 0;
  status.rows_expected = now->rows_expected;
  return status;
}

PipelineStatus pipeline_status(const settings::PipelineDefinition& pipeline, journal::Records& records,
                               const std::optional<pipeline::LiveStatus>& live) {
  PipelineStatus status;
  status.name = pipeline.name;
  status.table = pipeline.table;
  status.target = pipeline.target.connection;
  status.state = "unknown";
  if (const auto row = records.pipelines.find(pipeline.name)) {
    status.position = row->position;
    status.behind = records.changes.count_after(row->table_id, row->position);
    for (const auto& [state, count] : records.deliveries.counts(row->id)) {
      status.deliveries.emplace_back(journal::name_of(state), count);
    }
    status.settling = records.deliveries.settling(row->id);
    if (!pipeline.hold_while.empty()) status.kept_back = records.deliveries.kept_back(row->id);
    for (const journal::Anomaly& anomaly : records.anomalies.all_open()) {
      if (anomaly.pipeline_id == row->id) status.anomalies.push_back(anomaly.id);
    }
  }
  if (const pipeline::PipelineLive* now = live ? find_named(live->pipelines, pipeline.name) : nullptr) {
    status.state = now->state;
    status.reason = now->reason;
  }
  return status;
}

json::value or_null(const std::optional<std::int64_t>& number) { return number ? json::value(*number) : json::value(nullptr); }

json::object json_of(const TableStatus& table) {
  return {{"name", table.name},   {"connection", table.connection},
          {"state", table.state}, {"reason", table.reason},
          {"rows", table.rows},   {"last_cycle_ms", table.last_cycle_ms},
          {"last_cycle_took_ms", or_null(table.last_cycle_took_ms)},
          {"last_cycle_rows", or_null(table.last_cycle_rows)},
          {"next_cycle_in_ms", or_null(table.next_cycle_in_ms)},
          {"rows_now", table.rows_now}, {"rows_expected", table.rows_expected},
          {"backfill", table.backfill ? json::value(operate::json_of(*table.backfill)) : json::value(nullptr)}};
}

json::value json_of(const journal::Deliveries::SettlingCount& settling) {
  if (settling.number == 0) return nullptr;
  return json::object{{"number", settling.number}, {"first_until_ms", settling.first_until_ms}};
}

json::object json_of(const PipelineStatus& pipeline) {
  json::object deliveries;
  for (const auto& [state, count] : pipeline.deliveries) deliveries[state] = count;
  json::array kept_back;
  for (const auto& [reason, number] : pipeline.kept_back) kept_back.push_back({{"reason", reason}, {"deliveries", number}});
  json::array anomalies;
  for (const std::int64_t id : pipeline.anomalies) anomalies.push_back(id);
  return {{"name", pipeline.name},     {"table", pipeline.table},   {"target", pipeline.target},     {"state", pipeline.state},
          {"reason", pipeline.reason}, {"position", pipeline.position}, {"behind", pipeline.behind}, {"deliveries", deliveries},
          {"settling", json_of(pipeline.settling)}, {"kept_back", kept_back}, {"anomalies", anomalies}};
}

json::object json_of(const pipeline::TargetLive& target) {
  return {{"name", target.name}, {"state", target.state}, {"reason", target.reason},
          {"in_flight", target.in_flight}, {"delivered", target.delivered}};
}

template <class Items, class ToJson>
json::array list_of(const Items& items, ToJson to_json) {
  json::array list;
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

std::string text(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

}  // namespace

Status status_of(const settings::Instance& instance, journal::Records& records, const std::string& journal_id,
                 const std::optional<pipeline::LiveStatus>& live) {
  Status status;
  status.instance = instance.name;
  status.journal_id = journal_id;
  status.last_seq = records.changes.last_seq();
  status.daemon_running = live.has_value();
  for (const auto& [name, table] : instance.tables) status.tables.push_back(table_status(table, records, live));
  for (const auto& [name, pipeline] : instance.pipelines) status.pipelines.push_back(pipeline_status(pipeline, records, live));
  for (const VanishedPipeline& pipeline : vanished_pipelines(instance, records)) {
    status.pipelines.push_back({.name = pipeline.name,
                                .state = "vanished",
                                .reason = std::to_string(pipeline.live) +
                                          " records are at the target and kept up to date no more"});
  }
  if (live) {
    status.pid = live->pid;
    status.started_ms = live->started_ms;
    status.targets = live->targets;
  }
  return status;
}

json::value json_of(const Status& status) {
  return json::object{{"instance", status.instance},
                      {"journal_id", status.journal_id},
                      {"last_seq", status.last_seq},
                      {"daemon_running", status.daemon_running},
                      {"pid", status.pid},
                      {"started_ms", status.started_ms},
                      {"tables", list_of(status.tables, [](const auto& item) { return json_of(item); })},
                      {"pipelines", list_of(status.pipelines, [](const auto& item) { return json_of(item); })},
                      {"targets", list_of(status.targets, [](const auto& item) { return json_of(item); })}};
}

std::string live_status_json(const pipeline::LiveStatus& live) {
  const auto table = [](const pipeline::TableLive& item) {
    return json::object{{"name", item.name},
                        {"connection", item.connection},
                        {"state", item.state},
                        {"reason", item.reason},
                        {"by_person", item.by_person},
                        {"last_cycle_ms", item.last_cycle_ms},
                        {"last_cycle_took_ms", item.last_cycle_took_ms},
                        {"rows_last_cycle", item.rows_last_cycle},
                        {"rows_now", item.rows_now},
                        {"rows_expected", item.rows_expected},
                        {"next_in_ms", item.next_in_ms}};
  };
  const auto pipeline = [](const pipeline::PipelineLive& item) {
    return json::object{{"name", item.name}, {"state", item.state}, {"reason", item.reason}};
  };
  return json::serialize(json::object{{"pid", live.pid},
                                      {"started_ms", live.started_ms},
                                      {"tables", list_of(live.tables, table)},
                                      {"pipelines", list_of(live.pipelines, pipeline)},
                                      {"targets", list_of(live.targets, [](const auto& item) { return json_of(item); })}});
}

std::optional<pipeline::LiveStatus> ask_live_status(const std::filesystem::path& journal_path) {
  const auto answer = pipeline::ask_daemon(journal_path, R"({"verb":"status"})");
  if (!answer) return std::nullopt;
  const json::value value = json::parse(*answer);
  const json::object& object = value.as_object();
  pipeline::LiveStatus live;
  live.pid = object.at("pid").to_number<std::int64_t>();
  live.started_ms = object.at("started_ms").to_number<std::int64_t>();
  for (const json::value& item : object.at("tables").as_array()) {
    const json::object& table = item.as_object();
    const auto number = [&table](const char* name) { return table.at(name).to_number<std::int64_t>(); };
    live.tables.push_back({.name = text(table, "name"),
                           .connection = text(table, "connection"),
                           .state = text(table, "state"),
                           .reason = text(table, "reason"),
                           .by_person = table.at("by_person").as_bool(),
                           .last_cycle_ms = number("last_cycle_ms"),
                           .last_cycle_took_ms = number("last_cycle_took_ms"),
                           .rows_last_cycle = number("rows_last_cycle"),
                           .rows_now = number("rows_now"),
                           .rows_expected = number("rows_expected"),
                           .next_in_ms = number("next_in_ms")});
  }
  for (const json::value& item : object.at("pipelines").as_array()) {
    const json::object& row = item.as_object();
    live.pipelines.push_back({text(row, "name"), text(row, "state"), text(row, "reason")});
  }
  for (const json::value& item : object.at("targets").as_array()) {
    const json::object& row = item.as_object();
    live.targets.push_back({text(row, "name"), text(row, "state"), text(row, "reason"), row.at("in_flight").to_number<int>(),
                            row.at("delivered").to_number<std::int64_t>()});
  }
  return live;
}

}  // namespace engine::operate
