#include "engine/operate/status.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace {

std::string state_text(const std::string& state) { return coloured(state, colour_of_state(state)); }

std::string progress_text(const operate::TableStatus& table) {
  if (table.rows_now == 0) return {};
  if (table.rows_expected == 0) return fmt::format("{} rows read", table.rows_now);
  return fmt::format("{} of about {} rows read", table.rows_now, table.rows_expected);
}

std::string backfill_text(const operate::TableStatus& table) {
  if (!table.backfill || !table.backfill->is_open()) return {};
  const std::string at = table.backfill->at ? ", up to " + *table.backfill->at : "";
  return fmt::format("backfill: {} rows read again{}", table.backfill->rows, at);
}

std::string remark(const operate::TableStatus& table) {
  std::string text = table.reason.empty() ? progress_text(table) : table.reason;
  const std::string backfill = backfill_text(table);
  return text.empty() || backfill.empty() ? text + backfill : text + "; " + backfill;
}

void print_tables(const operate::Status& status) {
  std::vector<std::vector<std::string>> rows{{"TABLE", "CONNECTION", "STATE", "ROWS", "LAST CYCLE", ""}};
  for (const operate::TableStatus& table : status.tables) {
    rows.push_back({table.name, table.connection, state_text(table.state), std::to_string(table.rows),
                    local_time(table.last_cycle_ms), remark(table)});
  }
  fmt::print("\n{}", aligned(rows));
}

void print_pipelines(const operate::Status& status) {
  std::vector<std::vector<std::string>> rows{{"PIPELINE", "TABLE", "TARGET", "STATE", "BEHIND", "DELIVERIES"}};
  for (const operate::PipelineStatus& pipeline : status.pipelines) {
    std::string deliveries;
    for (const auto& [state, count] : pipeline.deliveries) {
      deliveries += (deliveries.empty() ? "" : ", ") + fmt::format("{} {}", count, state_text(state));
    }
    if (pipeline.settling.number > 0) {
      deliveries += fmt::format("; {} {}, the first until {}", pipeline.settling.number, pipeline.settling.number == 1 ? "settles" : "settle",
                                local_time(pipeline.settling.first_until_ms));
    }
    for (const std::int64_t id : pipeline.anomalies) deliveries += fmt::format("{}{} {}", deliveries.empty() ? "" : "; ", coloured("anomaly", Colour::yellow), id);
    for (const auto& [reason, number] : pipeline.kept_back) deliveries += fmt::format("{}{} {}", deliveries.empty() ? "" : "; ", number, reason);
    if (!pipeline.reason.empty()) deliveries += (deliveries.empty() ? "" : "; ") + pipeline.reason;
    rows.push_back({pipeline.name, pipeline.table, pipeline.target, state_text(pipeline.state), std::to_string(pipeline.behind),
                    deliveries.empty() ? "none open" : deliveries});
  }
  fmt::print("\n{}", aligned(rows));
}

void print_targets(const operate::Status& status) {
  if (status.targets.empty()) return;
  std::vector<std::vector<std::string>> rows{{"TARGET", "STATE", "IN FLIGHT", "DELIVERED", ""}};
  for (const pipeline::TargetLive& target : status.targets) {
    rows.push_back({target.name, state_text(target.state), std::to_string(target.in_flight), std::to_string(target.delivered),
                    target.reason});
  }
  fmt::print("\n{}", aligned(rows));
}

operate::Status status_now(const settings::Instance& instance) {
  const auto live = operate::ask_live_status(instance.journal_path);
  journal::ReadOnlyJournal journal(instance.journal_path);
  return operate::status_of(instance, *journal, journal.id(), live);
}

void print_anomalies(const operate::Status& status) {
  std::size_t open = 0;
  for (const operate::PipelineStatus& pipeline : status.pipelines) open += pipeline.anomalies.size();
  if (open > 0) fmt::print("\n{} for a decision: `datapicker anomalies list` says why\n", open == 1 ? "1 anomaly waits" : fmt::format("{} anomalies wait", open));
}

void print(const operate::Status& status) {
  const std::string daemon = status.daemon_running
                                 ? fmt::format("{} as process {} since {}", coloured("running", Colour::green), status.pid,
                                               local_time(status.started_ms))
                                 : coloured("not running", Colour::yellow);
  fmt::print("{}: daemon {}, {} changes in the journal\n", status.instance, daemon, status.last_seq);
  print_tables(status);
  print_pipelines(status);
  print_targets(status);
  print_anomalies(status);
}

// On a terminal each look takes the place of the one before; in a pipe they follow one another, as JSON one line each.
int watch(const Invocation& invocation, const settings::Instance& instance) {
  const bool on_terminal = isatty(STDOUT_FILENO) == 1;
  for (;;) {
    const operate::Status status = status_now(instance);
    if (invocation.json) {
      fmt::print("{}\n", boost::json::serialize(operate::json_of(status)));
    } else {
      if (on_terminal) fmt::print("\x1b[H\x1b[2J");
      print(status);
    }
    if (std::fflush(stdout) != 0) return done;  // whoever read it is gone
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

int show_status(const Invocation& invocation, bool watches) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  if (watches) return watch(invocation, instance);
  const operate::Status status = status_now(instance);
  if (invocation.json) {
    fmt::print("{}\n", boost::json::serialize(operate::json_of(status)));
  } else {
    print(status);
  }
  return done;
}

}  // namespace

void add_status(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("status", "where every table, pipeline and target stands; works when the daemon is down, too");
  add_common_options(*verb, invocation);
  auto watches = std::make_shared<bool>(false);
  verb->add_flag("-w,--watch", *watches, "look again every second, until interrupted");
  verb->callback([&invocation, watches] { invocation.run = [&invocation, watches] { return show_status(invocation, *watches); }; });
}

}  // namespace engine::cli
