#include "engine/operate/check.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"
#include "engine/settings/layers/explain.h"

namespace engine::cli {

namespace {

namespace json = boost::json;

json::object json_of(const settings::Diagnostic& diagnostic) {
  return {{"level", diagnostic.level == settings::Diagnostic::Level::error ? "error" : "warning"},
          {"code", diagnostic.code},
          {"file", diagnostic.origin.file},
          {"line", diagnostic.origin.line},
          {"column", diagnostic.origin.column},
          {"message", diagnostic.message},
          {"suggestion", diagnostic.suggestion}};
}

/// Described by config/schema/output.schema.json, as every --json output is.
void print_json(const operate::CheckReport& report) {
  json::array diagnostics;
  for (const settings::Diagnostic& each : report.diagnostics.all()) diagnostics.push_back(json_of(each));
  json::array tables;
  for (const operate::TableCheck& table : report.tables) {
    tables.push_back(json::object{{"table", table.table},
                                  {"reached", table.reached},
                                  {"problem", table.problem},
                                  {"columns", table.shape.layout.columns.size()},
                                  {"key_is_indexed", table.shape.key_is_indexed}});
  }
  json::array connections;
  for (const operate::ConnectionCheck& each : report.connections) {
    connections.push_back(json::object{{"connection", each.connection},
                                       {"kind", each.kind},
                                       {"reached", each.reached},
                                       {"server", each.server},
                                       {"problem", each.problem},
                                       {"connect_ms", each.connect_ms}});
  }
  const json::object whole{{"ok", report.ok()}, {"diagnostics", diagnostics}, {"connections", connections}, {"tables", tables}};
  fmt::print("{}\n", json::serialize(whole));
}

void print_text(const operate::CheckReport& report) {
  for (const operate::ConnectionCheck& each : report.connections) {
    if (!each.reached || !each.problem.empty()) continue;
    fmt::print("{} {} {}: reached{}{}\n", coloured("ok", Colour::green), each.kind, each.connection, each.server.empty() ? "" : ", ", each.server);
  }
  for (const operate::TableCheck& table : report.tables) {
    if (!table.reached) continue;
    fmt::print("{} table {}: {}, {}\n", coloured("ok", Colour::green), table.table,
               counted(table.shape.layout.columns.size(), "column"),
               table.shape.key_is_indexed ? "read in chunks by its key" : "read as a whole");
  }
  std::fflush(stdout);  // a pipe that takes both streams gets them in this order
  print_diagnostics(report.diagnostics);
  if (!report.ok()) return;
  fmt::print("{} {}: {}, {}, {}\n", coloured("ok", Colour::green), report.instance.name,
             counted(report.instance.sources.size() + report.instance.targets.size(), "connection"),
             counted(report.instance.tables.size(), "table"), counted(report.instance.pipelines.size(), "pipeline"));
}

void print_explained(const std::vector<settings::ExplainedFile>& files) {
  for (const settings::ExplainedFile& file : files) {
    std::vector<std::vector<std::string>> rows;
    for (const settings::ExplainedLine& line : file.lines)
      rows.push_back({line.text, coloured(fmt::format("# {}:{}", line.origin.file, line.origin.line), Colour::dim)});
    fmt::print("{}\n{}\n", coloured("# " + file.name, Colour::bold), aligned(rows));
  }
}

void print_explained_json(const std::vector<settings::ExplainedFile>& files) {
  json::array list;
  for (const settings::ExplainedFile& file : files) {
    json::array lines;
    for (const settings::ExplainedLine& line : file.lines)
      lines.push_back(json::object{{"text", line.text}, {"file", line.origin.file}, {"line", line.origin.line}});
    list.push_back(
        json::object{{"file", file.file}, {"name", file.name}, {"definition", json::parse(file.json)}, {"lines", lines}});
  }
  fmt::print("{}\n", json::serialize(list));
}

/// The files as layers and fragments make them, whether or not they are right.
int explain(const Invocation& invocation, const std::string& wanted) {
  settings::Diagnostics diagnostics;
  const auto files = settings::explained(invocation.instance, wanted, diagnostics);
  invocation.json ? print_explained_json(files) : print_explained(files);
  print_diagnostics(diagnostics);
  return diagnostics.ok() ? done : wrong_configuration;
}

/// Reads the whole journal: on a large one this takes a while, and the daemon may go on.
int check_journal(const Invocation& invocation) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  const journal::IntegrityReport report = journal->integrity.check();
  if (invocation.json) {
    json::array problems;
    for (const std::string& each : report.problems) problems.emplace_back(each);
    fmt::print("{}\n", json::serialize(json::object{{"journal", instance.journal_path.string()},
                                                    {"ok", report.problems.empty()},
                                                    {"problems", problems},
                                                    {"changes", report.changes},
                                                    {"images", report.images},
                                                    {"deliveries", report.deliveries}}));
  } else if (report.problems.empty()) {
    fmt::print("{} journal {}: {}, {}, {}\n", coloured("ok", Colour::green), instance.journal_path.string(), counted(static_cast<std::size_t>(report.changes), "change"),
               counted(static_cast<std::size_t>(report.images), "row image"), counted(static_cast<std::size_t>(report.deliveries), "delivery"));
  }
  if (report.problems.empty()) return done;
  std::string all;
  for (const std::string& each : report.problems) all += (all.empty() ? "" : "; ") + each;
  throw Error(ErrorCode::journal_failed, "the journal " + instance.journal_path.string() + " is damaged: " + all, {},
              "stop the daemon, keep this file for a look, and put back the last backup: it is known as a copy when it starts");
}

}  // namespace

void add_check(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("check", "say whether the configuration is right, with every problem at once");
  add_common_options(*verb, invocation);
  auto offline = std::make_shared<bool>(false);
  verb->add_flag("--offline", *offline, "only read the YAML: no secrets, no connections");
  auto journal = std::make_shared<bool>(false);
  verb->add_flag("--journal", *journal, "instead: read the whole journal and say whether it is whole")->excludes("--offline");
  auto wanted = std::make_shared<std::string>();
  CLI::Option* explain_option =
      verb->add_option("--explain", *wanted, "print what the files say together, each line with its origin; of one file, if named")
          ->expected(0, 1)
          ->type_name("[FILE|NAME]");
  verb->footer("Without --offline every connection is tried: rights, columns, keys, targets; each SQL expression is compiled\n"
               "against the real columns. Nothing is changed anywhere. Exit code 2 when something is wrong.");
  verb->callback([&invocation, offline, journal, wanted, explain_option] {
    invocation.run = [&invocation, offline, journal, wanted, explain_option] {
      if (*journal) return check_journal(invocation);
      if (explain_option->count() > 0) return explain(invocation, *wanted);
      const operate::CheckReport report = operate::check(invocation.instance, {.live = !*offline});
      invocation.json ? print_json(report) : print_text(report);
      return static_cast<int>(report.ok() ? done : wrong_configuration);
    };
  });
}

}  // namespace engine::cli
