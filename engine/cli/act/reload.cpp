#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/act/resend_text.h"
#include "engine/cli/terminal.h"
#include "engine/operate/acts/acts.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

int print_refusal(const json::array& problems) {
  for (const json::value& each : problems) {
    const auto text = [&each](const char* name) { return std::string_view(each.at(name).as_string()); };
    fmt::print(stderr, "{}:{}:{}: {}: {} [{}]\n", text("file"), each.at("line").to_number<int>(), each.at("column").to_number<int>(),
               text("level"), text("message"), text("code"));
    if (!text("suggestion").empty()) fmt::print(stderr, "  {}\n", text("suggestion"));
  }
  fmt::print(stderr, "the folder is refused; the daemon goes on with the configuration it has\n");
  return wrong_configuration;
}

void print_names(const char* what, const json::value& names) {
  for (const json::value& name : names.as_array()) fmt::print("{} pipeline {}\n", what, std::string_view(name.as_string()));
}

/// The folder is read here to find the journal, and with it the daemon, which reads it for itself.
int reload(const Invocation& invocation) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  const json::object request{{"verb", "reload"}, {"folder", std::filesystem::absolute(invocation.instance.path).string()},
                             {"environment", invocation.instance.environment}};
  const json::object outcome = operate::ask_running(instance, request);
  const bool reloaded = outcome.at("reloaded").as_bool();
  if (invocation.json) {
    fmt::print("{}\n", json::serialize(outcome));
    return reloaded ? done : wrong_configuration;
  }
  if (!reloaded) return print_refusal(outcome.at("problems").as_array());
  fmt::print("reloaded\n");
  print_names("new", outcome.at("new"));
  print_names("gone", outcome.at("gone"));
  for (const json::value& each : outcome.at("remap").as_array()) {
    fmt::print("changed mapping; `datapicker remap` would do this:\n  {}", resend_text(each.as_object(), true));
  }
  return done;
}

}  // namespace

void add_reload(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("reload", "have the running daemon take over the folder as it is now");
  add_common_options(*verb, invocation);
  verb->footer("The same as SIGHUP, with an answer. A broken folder is refused whole and the running configuration goes on. Changed\n"
               "pipelines go on at their place; what a new mapping would change of the rest is said, and sent by `datapicker remap`.");
  verb->callback([&invocation] { invocation.run = [&invocation] { return reload(invocation); }; });
}

}  // namespace engine::cli
