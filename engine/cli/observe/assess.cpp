#include "engine/operate/inspect/assess/assess.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text/characters.h"
#include "engine/base/text/durations.h"
#include "engine/cli/progress_line.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/inspect/assess/charts.h"
#include "engine/operate/inspect/assess/report.h"
#include "engine/operate/service/signals.h"

namespace engine::cli {

namespace {

constexpr std::size_t tables_shown = 20, holds_shown = 10;

struct AssessChoice {
  std::string duration = "24h";
  std::string folder;
  operate::AssessOptions options;
};

/// "90s", "30m", "24h", "7d".
std::int64_t duration_typed(const std::string& text) {
  constexpr std::pair<char, std::int64_t> units[] = {{'s', 1'000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}};
  std::size_t end = 0;
  double number = 0;
  try {
    number = std::stod(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  for (const auto& [letter, ms] : units) {
    const bool is_it = end > 0 && end + 1 == text.size() && text[end] == letter;
    if (is_it && number > 0 && number <= 366) return static_cast<std::int64_t>(number * static_cast<double>(ms));
  }
  throw Error(ErrorCode::config_invalid, "--for " + text + " is no duration", {}, "write 30m, 24h or 7d");
}

std::string share_text(std::int64_t part, std::int64_t of) {
  return of == 0 ? "" : fmt::format("{:.1f} %", std::floor(1'000.0 * static_cast<double>(part) / static_cast<double>(of)) / 10);
}

void print_tables(const operate::Assessment& assessment) {
  std::vector<std::vector<std::string>> rows{{"table", "rows", "updated", "inserted", "deleted", "copied for nothing", "capture that fits"}};
  for (const operate::AssessedTable& table : assessment.tables) {
    if (rows.size() > tables_shown) break;
    rows.push_back({table.name, std::to_string(table.rows), std::to_string(table.counts.updates), std::to_string(table.counts.inserts),
                    std::to_string(table.counts.deletes), share_text(table.copied_rows - table.needed_rows, table.copied_rows),
                    operate::capture_yaml(table.capture)});
  }
  fmt::print("{}", aligned(rows));
  if (assessment.tables.size() > tables_shown) fmt::print("and {} more\n", counted(assessment.tables.size() - tables_shown, "table"));
  for (const operate::AssessedTable& table : assessment.tables) {
    if (!table.problem.empty()) fmt::print("{}\n", coloured(fmt::format("{} cannot be read: {}", table.name, table.problem), Colour::yellow));
  }
}

void print_holds(const operate::Assessment& assessment) {
  if (assessment.holds.empty()) {
    fmt::print("\nNothing would have been held.\n");
    return;
  }
  fmt::print("\n{}\n", coloured("Would have been held", Colour::bold));
  for (std::size_t i = 0; i < std::min(holds_shown, assessment.holds.size()); ++i) {
    const operate::WouldHold& each = assessment.holds[i];
    fmt::print("  {}  {}: {}{}\n", local_time(each.at_ms).substr(0, 19), each.table, each.text, each.by_default ? "" : " (as proposed)");
  }
  if (assessment.holds.size() > holds_shown) fmt::print("  and {} more\n", assessment.holds.size() - holds_shown);
}

void print_assessment(const operate::Assessment& assessment, const std::filesystem::path& folder) {
  const operate::AssessmentSums sums = operate::sums_of(assessment);
  fmt::print("{}: watched for {}, {} with {} rows; {} changes\n\n", assessment.connection, span_text(assessment.watched_ms),
             counted(assessment.tables.size(), "table"), grouped(sums.rows), grouped(sums.counts.all()));
  print_tables(assessment);
  if (sums.copied_rows > 0) {
    fmt::print("\nOf a nightly copy {} of {} rows move for nothing.", share_text(sums.copied_rows - sums.needed_rows, sums.copied_rows), grouped(sums.copied_rows));
    if (sums.copy_delay_ms > 0) fmt::print(" A change would have waited for it {} on average.", span_text(sums.copy_delay_ms));
    fmt::print("\n");
  }
  print_holds(assessment);
  if (!assessment.is_complete()) fmt::print("\nEnded early: the same command goes on.\n");
  fmt::print("\nThe page, with YAML to copy: {}\n", (folder / "report.html").string());
}

int assess(const Invocation& invocation, AssessChoice choice) {
  // What a source refuses stands on the page; lines of a log would run through the progress.
  set_log_level(LogLevel::error);
  choice.options.for_ms = duration_typed(choice.duration);
  choice.options.folder = choice.folder.empty() ? "assess-" + choice.options.connection : choice.folder;
  if (isatty(STDERR_FILENO) != 0 && !invocation.json) choice.options.progress = show_progress;
  StopSignal stop;
  operate::Assessment result;
  {
    const operate::SignalThreads listening(operate::block_signals(), [&stop] { stop.request(); }, [] {});
    result = operate::assess(invocation.instance, choice.options, stop);
  }
  if (invocation.json) {
    fmt::print("{}\n", operate::json_of(result));
  } else {
    print_assessment(result, choice.options.folder);
  }
  return done;
}

}  // namespace

void add_assess(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("assess", "watch a source without sending: what changes there, and what fits it, as a page with charts");
  add_common_options(*verb, invocation);
  auto choice = std::make_shared<AssessChoice>();
  verb->add_option("connection", choice->options.connection, "a source connection of the instance; its file is all that is needed")->required();
  verb->add_option("--tables", choice->options.tables, "tables by name, also with * (gestio.*); without it all that have a key")->delimiter(',');
  verb->add_option("--for", choice->duration, "how long to watch: 30m, 24h, 7d")->capture_default_str();
  verb->add_option("--out", choice->folder, "folder of the page and of what was seen; default: assess-CONNECTION")->type_name("DIR");
  verb->add_option("--rows-max", choice->options.rows_max, "larger tables are left out unless they are named")->capture_default_str();
  verb->add_flag("--hide-users", choice->options.hide_users, "do not name who changed rows");
  verb->footer("Reads as the daemon would, by comparison, and only reads: nothing is written to the source, nothing is sent. report.html in DIR says\n"
               "what changed, when, in which columns and by whom; what a nightly copy would move for nothing; what guards would have held;\n"
               "and which mode, interval and limits fit, as YAML to copy. It is renewed every minute.\n"
               "Ctrl-C ends it early with what it has; the same command goes on where it was, also after a kill.\n"
               "DIR holds a copy of all rows that were read (journal.db): keep it as you keep the database, and delete it at the end.");
  verb->callback([&invocation, choice] { invocation.run = [&invocation, choice] { return assess(invocation, *choice); }; });
}

}  // namespace engine::cli
