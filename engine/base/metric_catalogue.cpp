#include <fmt/format.h>

#include <array>

#include "engine/base/metrics.h"

namespace engine {

namespace {

using enum MetricKind;

/// In the order of a change's way. A name, once shipped, stands in dashboards and alert rules of others.
constexpr std::array<Metric, 47> catalogue{{
    {"datapicker_build", gauge, "version", "1; the label tells which program runs"},
    {"datapicker_stage_silent", gauge, "stage", "1 while a part of the engine does not answer the watchdog"},
    {"datapicker_table_up", gauge, "table, connection",
     "1 while the table is read as planned; 0: unreachable, refused, paused, or no space for the journal"},
    {"datapicker_capture_age_seconds", gauge, "table", "Seconds since the last complete read: how old what we know may be"},
    {"datapicker_capture_every_seconds", gauge, "table", "The interval at which the table is to be read"},
    {"datapicker_capture_rows", gauge, "table", "Rows read in the last complete cycle"},
    {"datapicker_capture_readings_total", counter, "table, rows", "Cycles that read all rows, some, or none"},
    {"datapicker_capture_cycle_seconds", histogram, "table", "Duration of a complete read"},
    {"datapicker_capture_failures_total", counter, "table, code", "Reads that failed, by error code"},
    {"datapicker_calls_left_behind", gauge, "connection", "Calls of a source's driver that did not come back, with their threads and connections; from 4 on one is made in 15 minutes, at 32 no more"},
    {"datapicker_change_log_entries", gauge, "table", "`tail`: entries that waited in the source's change log at the last look"},
    {"datapicker_capture_log_losses_total", counter, "table", "`tail`: times the source's log did not reach back to where it was read, and all rows were read instead"},
    {"datapicker_change_log_lost_total", counter, "connection, log",
     "`tail`: logs of the database's own, such as a slot, that were lost or given up: they were made anew, and all rows of their tables were read"},
    {"datapicker_journal_left_seconds", gauge, "table",
     "`by: journal`: until the receiver that reading goes on in is as old as the oldest that the system now keeps, and may be deleted"},
    {"datapicker_slot_retained_bytes", gauge, "connection, slot", "`by: slot`: what the server keeps of its write-ahead log for the slot"},
    {"datapicker_slot_behind_bytes", gauge, "connection, slot", "`by: slot`: what the server wrote to its log since what was last confirmed"},
    {"datapicker_changes_captured_total", counter, "table", "Changes journaled"},
    {"datapicker_capture_healed_rows_total", counter, "table, operation",
     "Changes that only the reading of all rows found: deletes, and what a watermark did not see (its column untouched, or committed later than `overlap`); `tail`: any that its log did not name"},
    {"datapicker_journal_group_seconds", histogram, "", "Time of one group of journal writes with its commit"},
    {"datapicker_journal_bytes", gauge, "part", "Size of the journal: its database, and its write-ahead log"},
    {"datapicker_journal_used_bytes", gauge, "", "Bytes of the journal's database that hold something; its other pages are used again"},
    {"datapicker_journal_free_bytes", gauge, "", "Space left on the journal's disk"},
    {"datapicker_changes_mapped_total", counter, "pipeline", "Changes mapped"},
    {"datapicker_transactions_apart_total", counter, "pipeline",
     "`deliver: together`: transactions of the source that changed more than `together_max` rows, and went row by row"},
    {"datapicker_echoes_total", counter, "table", "Changes that are what a pipeline wrote there, and are not delivered back"},
    {"datapicker_pipeline_up", gauge, "pipeline", "1 while the pipeline maps; 0: its mapping does not compile"},
    {"datapicker_pipeline_behind_changes", gauge, "pipeline", "Changes not yet mapped"},
    {"datapicker_pipeline_lag_seconds", gauge, "pipeline",
     "Age of the oldest change that is not mapped yet, or is pending or under way to the target; 0: none waits"},
    {"datapicker_anomalies_open", gauge, "pipeline", "Anomalies that hold deliveries until a person decides"},
    {"datapicker_cycles_held_total", counter, "pipeline", "Cycles whose effects a guard held"},
    {"datapicker_deliveries", gauge, "pipeline, state", "Deliveries that are open or dead, by state"},
    {"datapicker_deliveries_total", counter, "connection, pipeline, outcome", "Deliveries that ended, by how they ended"},
    {"datapicker_delivery_retries_total", counter, "connection, pipeline", "Attempts that failed and will be repeated"},
    {"datapicker_delivery_latency_seconds", histogram, "pipeline",
     "Time from the capture of a change to its arrival at the target"},
    {"datapicker_message_reports_total", counter, "connection, status",
     "What targets reported of messages: sent, delivered, read, failed; known: told before; foreign: not ours"},
    {"datapicker_inbound_messages_total", counter, "connection", "Messages that people wrote to us"},
    {"datapicker_webhook_posts_total", counter, "path, status", "Posts of targets, by our answer"},
    {"datapicker_target_state", gauge, "connection, state",
     "1 for the state the target is in: running, open (circuit breaker), auth_refused, paused, stopped"},
    {"datapicker_target_in_flight", gauge, "connection", "Requests under way"},
    {"datapicker_target_throttled_total", counter, "connection, budget", "Answers by which a target refused for the moment"},
    {"datapicker_budget_wait_seconds_total", counter, "connection, budget",
     "Time in which work stood ready and a budget was used up; `connection` stands for the one of all its requests"},
    {"datapicker_alerts_active", gauge, "kind", "Conditions that alerts tell of and that have not ended"},
    {"datapicker_alerts_waiting", gauge, "", "Alerts that were not yet told on some channel"},
    {"datapicker_alerts_sent_total", counter, "channel", "Alerts told, by kind of channel"},
    {"datapicker_alert_failures_total", counter, "channel", "Tries to tell an alert that failed"},
    {"datapicker_alerts_dropped_total", counter, "channel", "Alerts given up after their last try"},
    {"datapicker_process_start_seconds", gauge, "", "When this process started, in seconds since 1970"},
}};

std::string_view name_of(MetricKind kind) {
  switch (kind) {
    case counter: return "counter";
    case gauge: return "gauge";
    case histogram: return "histogram";
  }
  return {};
}

}  // namespace

std::span<const Metric> known_metrics() { return catalogue; }

std::string metrics_reference() {
  std::string text =
      "# Metrics\n\n"
      "Served in Prometheus' text format at `/metrics` of the address under `metrics:` in `datapicker.yaml`; `/health` beside it answers 200\n"
      "while every part of the engine answers, else 503 with the parts that do not. This page is generated from the code; a test\n"
      "keeps it fresh. `config/grafana/datapicker.json` is a dashboard, `config/prometheus/alerts.yaml` holds alert rules.\n\n"
      "| metric | kind | labels | what it tells |\n|---|---|---|---|\n";
  for (const Metric& metric : catalogue) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", metric.name, name_of(metric.kind), metric.labels, metric.help);
  }
  return text +
         "\nHistograms have buckets from 1 ms to 5 minutes. What only the journal knows (waiting changes, deliveries by state, sizes) is read\n"
         "at each scrape; counters start anew with the process.\n";
}

}  // namespace engine
