#include "engine/cli/hidden_input.h"
#include "engine/operate/init.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>

#include "engine/base/error.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"

namespace engine::cli {

namespace {

struct InitChoice {
  std::filesystem::path folder = ".";
  std::string source;
  bool yes = false;
  operate::ServerParameters server;
  operate::InitChoices init;
};

/// One line; `fallback` for an empty one, and at the end of the input.
std::string ask(const std::string& question, const std::string& fallback = {}) {
  fmt::print("{}{}: ", question, fallback.empty() ? "" : fmt::format(" [{}]", fallback));
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer.empty() ? fallback : answer;
}

// Not shown while it is typed.
std::string ask_password(const std::string& question) {
  const HiddenInput hidden;
  std::string answer = ask(question);
  fmt::print("\n");
  return answer;
}

/// Called once the source was reached, with what this user sees there.
std::string ask_table(const std::vector<std::string>& tables) {
  if (tables.empty()) return ask("The source shows no tables. Name of the first one (empty: later)");
  constexpr std::size_t shown_max = 40;
  for (std::size_t i = 0; i < std::min(tables.size(), shown_max); ++i) fmt::print("  {}\n", tables[i]);
  if (tables.size() > shown_max) fmt::print("  … and {} more\n", tables.size() - shown_max);
  return ask("First table", tables.front());
}

void ask_source(InitChoice& choice) {
  fmt::print("Where does the data come from?\n"
             "  example     a small ERP in SQLite, made here\n"
             "  postgresql  mariadb  sqlite  ibmi (AS/400)  sqlserver\n"
             "  odbc        anything else, by its connection string\n");
  choice.source = ask("Source", "example");
}

void ask_server(InitChoice& choice) {
  operate::ServerParameters& server = choice.server;
  server.kind = choice.source;
  if (server.kind == "sqlite") {
    server.database = std::filesystem::absolute(ask("Path of the database")).string();
    return;
  }
  server.host = ask("Server", "127.0.0.1");
  if (server.kind != "ibmi") server.port = ask("Port (empty: the usual one)");
  server.database = ask(server.kind == "ibmi" ? "Libraries" : "Database");
  server.user = ask("User (one that may only read)");
  server.password = ask_password("Password");
}

void ask_target(InitChoice& choice) {
  fmt::print("Where does it go?\n"
             "  file             a file of JSON lines, to see what would be sent\n"
             "  webhook          any JSON API\n"
             "  request_tracker  Request Tracker 5\n");
  choice.init.target = ask("Target", "file");
  if (choice.init.target == "file") return;
  choice.init.url = ask("URL");
  choice.init.token = ask_password("Token (empty: none)");
}

// What was given by options is not asked for.
void ask_what_is_missing(InitChoice& choice) {
  const bool source_known = !choice.source.empty() || !choice.init.odbc.empty();
  if (!source_known) ask_source(choice);
  if (choice.source == "odbc" && choice.init.odbc.empty()) choice.init.odbc = ask("Connection string");
  if (choice.init.odbc.empty() && choice.source != "example" && choice.server.host.empty()) ask_server(choice);
  if (!source_known && choice.init.url.empty()) ask_target(choice);
  choice.init.choose_table = ask_table;
}

void complete(InitChoice& choice) {
  choice.server.kind = choice.source;
  const bool named = !choice.source.empty() && choice.source != "example" && choice.source != "odbc";
  if (choice.init.odbc.empty() && named) choice.init.odbc = operate::odbc_string(choice.server);
}

void print_next(const std::filesystem::path& folder) {
  const std::string where = folder.string();
  fmt::print("\n{}\n  datapicker check -i {}\n  datapicker run -i {}\n  datapicker status -i {}    (in a second terminal)\n",
             coloured("Next", Colour::bold), where, where, where);
}

int report(const Invocation& invocation, const InitChoice& choice, const operate::InitResult& result) {
  if (invocation.json) {
    boost::json::object whole{{"folder", choice.folder.string()},
                              {"written", boost::json::array(result.written.begin(), result.written.end())},
                              {"server", result.server},
                              {"problem", result.problem ? boost::json::value(result.problem->what()) : boost::json::value(nullptr)}};
    fmt::print("{}\n", boost::json::serialize(whole));
  } else {
    for (const std::string& path : result.written) fmt::print("{} {}\n", coloured("written", Colour::green), path);
    if (!result.server.empty()) fmt::print("{} {}\n", coloured("reached", Colour::green), result.server);
  }
  if (result.problem) {
    print_error(*result.problem);
    fmt::print(stderr, "  mend connections/{}.yaml, then: datapicker inspect -i {} {}\n", choice.init.connection, choice.folder.string(),
               choice.init.connection);
    return failed;
  }
  if (!invocation.json) print_next(choice.folder);
  return done;
}

void add_options(CLI::App& verb, InitChoice& choice) {
  verb.add_option("folder", choice.folder, "the folder to fill; it is made when it is not there")->capture_default_str();
  verb.add_option("--name", choice.init.name, "the instance's name (default: the folder's)");
  verb.add_option("--source", choice.source, "where the data comes from")
      ->check(CLI::IsMember({"example", "postgresql", "mariadb", "sqlite", "ibmi", "sqlserver", "odbc"}));
  verb.add_option("--host", choice.server.host, "the source's server");
  verb.add_option("--port", choice.server.port, "its port");
  verb.add_option("--database", choice.server.database, "its database; the libraries of an AS/400; the path of a SQLite file");
  verb.add_option("--user", choice.server.user, "its user, one that may only read");
  verb.add_option("--password", choice.server.password, "its password; better by the environment")->envname("DATAPICKER_PASSWORD");
  verb.add_option("--odbc", choice.init.odbc, "instead of these: a connection string; its password goes into secrets/");
  verb.add_option("--dialect", choice.init.dialect, "the source's dialect (default: by the driver's name)");
  verb.add_option("--table", choice.init.table, "the first table, as `from:` takes it");
  verb.add_flag("--deliver-all", choice.init.deliver_all, "send what is there, not only what changes from now on");
  verb.add_option("--target", choice.init.target, "file, webhook, request_tracker, or another definition")->capture_default_str();
  verb.add_option("--url", choice.init.url, "the target's URL");
  verb.add_option("--token", choice.init.token, "the target's token; better by the environment")->envname("DATAPICKER_TOKEN");
  verb.add_flag("-y,--yes", choice.yes, "ask nothing: what no option says has its default");
}

}  // namespace

void add_init(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("init", "make a folder that runs: a connection, a table, a pipeline");
  auto choice = std::make_shared<InitChoice>();
  add_options(*verb, *choice);
  verb->add_flag("--json", invocation.json, "print JSON");
  verb->footer("Without options, on a terminal, it asks; with --yes, or without a terminal, it makes an example of SQLite and a file.\n"
               "Nothing that exists is overwritten. Secrets go into secrets/ (0600), which .gitignore names.");
  verb->callback([&invocation, choice] {
    invocation.run = [&invocation, choice] {
      if (!choice->yes && !invocation.json && isatty(STDIN_FILENO) != 0) ask_what_is_missing(*choice);
      complete(*choice);
      return report(invocation, *choice, operate::init(choice->folder, choice->init));
    };
  });
}

}  // namespace engine::cli
