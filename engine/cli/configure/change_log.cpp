#include "engine/operate/init/change_log.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace {

namespace json = boost::json;

json::array list_of(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

void print_json(const operate::ChangeLogReport& report) {
  const json::object whole{{"connection", report.connection}, {"dialect", report.dialect},       {"proved", report.proved},
                           {"logs", list_of(report.logs)},    {"tables", list_of(report.tables)}, {"statements", list_of(report.statements)},
                           {"failing", report.failing},       {"unseen", list_of(report.unseen)}, {"applied", report.applied}};
  fmt::print("{}\n", json::serialize(whole));
}

// As a file that the database's own client takes: what is for people stands in comments.
void print_statements(const operate::ChangeLogReport& report, bool install) {
  fmt::print("-- {}: dialect {}, {}\n", report.connection, report.dialect, report.proved);
  if (install) {
    for (const std::string& each : report.remarks) fmt::print("-- {}\n", each);
    if (!report.failing.empty()) fmt::print("-- Know before: {}.\n", report.failing);
    for (const std::string& each : report.unseen) fmt::print("-- Not logged, and found by the full reading alone: {}.\n", each);
  }
  for (const std::string& sql : report.statements) fmt::print("\n{};\n", sql);
  fmt::print("\n-- Nothing was changed: --apply runs this{}.\n", report.in_transaction ? " in one transaction" : ", one statement after another");
}

int run(const Invocation& invocation, const operate::ChangeLogRequest& request) {
  settings::Diagnostics diagnostics;
  const settings::Instance instance = operate::load_for_inspection(invocation.instance, request.connection, diagnostics);
  const operate::ChangeLogReport report = operate::change_log(instance, request);
  if (invocation.json) {
    print_json(report);
  } else if (!report.applied) {
    print_statements(report, request.install);
  } else {
    fmt::print("{} {}: {} {} ({})\n", coloured("ok", Colour::green), report.connection, request.install ? "logged by" : "removed from",
               settings::listed(report.logs, "and"), settings::listed(report.tables, "and"));
  }
  return done;
}

/// `install` and `uninstall` differ in their words alone.
void add_one(CLI::App& verb, Invocation& invocation, bool install) {
  CLI::App* one = verb.add_subcommand(install ? "install" : "uninstall", install ? "make the log and the triggers, or renew them"
                                                                                 : "remove exactly what install made");
  add_common_options(*one, invocation);
  auto request = std::make_shared<operate::ChangeLogRequest>();
  request->install = install;
  one->add_option("connection", request->connection, "a source connection of the instance")->required();
  one->add_option("tables", request->tables, "tables of the configuration; without them all of the connection that name a log");
  CLI::Option* print = one->add_flag_callback("--print", [] {}, "print the statements and change nothing: what happens anyway without --apply");
  one->add_flag("--apply", request->apply, "run the statements")->excludes(print);
  one->add_option("--odbc", request->odbc, "connect by this string: as somebody who may make tables and triggers")
      ->envname("DATAPICKER_ADMIN_ODBC");
  one->footer(install ? "The triggers of a table write the key of each changed row into the log, for `capture: { mode: tail, log: NAME }`. They run\n"
                        "inside the transactions of those who change the table: one that fails makes their statement fail. Running it again renews\n"
                        "the triggers, and the next reading reads all rows. For `by: slot` it makes PostgreSQL's slot NAME instead."
                      : "With TABLES the log and the other tables' triggers stay; without, the log goes, too. It may be run again.");
  one->callback([&invocation, request] { invocation.run = [&invocation, request] { return run(invocation, *request); }; });
}

}  // namespace

void add_change_log(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("change-log", "make or remove the triggers that log changes at a source");
  verb->require_subcommand(1);
  add_one(*verb, invocation, true);
  add_one(*verb, invocation, false);
}

}  // namespace engine::cli
