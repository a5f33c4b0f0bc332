#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct Options {
  ActingOptions acting;
  std::string kind;
  std::string name;
};

std::string label(std::string_view kind, std::string_view name) {
  return name.empty() ? "the instance" : fmt::format("{} {}", kind, name);
}

int run(const Invocation& invocation, const Options& options, const char* act_name) {
  const bool pauses = act_name == std::string_view("pause");
  if (options.name.empty() != (options.kind == "instance")) {
    throw Error(ErrorCode::config_invalid, options.name.empty() ? "which " + options.kind + "?" : "the instance is paused as a whole", {},
                pauses ? "datapicker pause pipeline NAME" : "datapicker resume pipeline NAME");
  }
  const json::object outcome =
      act(invocation, {{"verb", act_name}, {"kind", options.kind}, {"name", options.name}}, options.acting);
  if (invocation.json) {
    fmt::print("{}\n", json::serialize(outcome));
    return done;
  }
  const bool changed = outcome.at("changed").as_bool();
  fmt::print("{} {}{}\n", label(options.kind, options.name), changed ? "is" : "was already", pauses ? " paused" : changed ? " resumed" : " running");
  for (const json::value& each : outcome.at("paused").as_array()) {
    const auto text = [&each](const char* name) { return std::string_view(each.at(name).as_string()); };
    fmt::print("  paused: {}, by {} since {}{}\n", label(text("kind"), text("name")), text("actor"),
               local_time(each.at("since_ms").to_number<std::int64_t>()),
               text("reason").empty() ? "" : fmt::format(": {}", text("reason")));
  }
  return done;
}

void add(CLI::App& program, Invocation& invocation, const char* name, const char* help, const char* footer) {
  CLI::App* verb = program.add_subcommand(name, help);
  add_common_options(*verb, invocation);
  auto options = std::make_shared<Options>();
  verb->add_option("kind", options->kind, "pipeline, table, connection or instance")
      ->required()
      ->check(CLI::IsMember({"pipeline", "table", "connection", "instance"}));
  verb->add_option("name", options->name, "its name");
  add_reason(*verb, options->acting);
  verb->footer(footer);
  verb->callback([&invocation, options, name] {
    invocation.run = [&invocation, options, name] { return run(invocation, *options, name); };
  });
}

}  // namespace

void add_pause(CLI::App& program, Invocation& invocation) {
  add(program, invocation, "pause", "stop a pipeline, a table, a connection or everything, until `resume`",
      "A paused pipeline maps and sends nothing; what is in flight ends. A paused table is not read. A connection stands for all\n"
      "that is read or written through it. A pause outlives restarts; nothing is lost: the changes wait in the journal.");
}

void add_resume(CLI::App& program, Invocation& invocation) {
  add(program, invocation, "resume", "let go on what was paused",
      "What waited is sent in order: of records the newest state, of messages each one that is still valid.");
}

}  // namespace engine::cli
