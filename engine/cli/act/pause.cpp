#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/act/resend_text.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct PauseOptions {
  ActingOptions acting;
  std::string kind;
  std::string name;
  std::string messages;
};

std::string label(std::string_view kind, std::string_view name) {
  return name.empty() ? "the instance" : fmt::format("{} {}", kind, name);
}

void print_pauses(const json::object& outcome) {
  for (const json::value& each : outcome.at("paused").as_array()) {
    const auto text = [&each](const char* name) { return std::string_view(each.at(name).as_string()); };
    fmt::print("  paused: {}, by {} since {}{}\n", label(text("kind"), text("name")), text("actor"),
               local_time(each.at("since_ms").to_number<std::int64_t>()),
               text("reason").empty() ? "" : fmt::format(": {}", text("reason")));
  }
}

void print_restored(const json::object& outcome, bool dry_run) {
  const json::object& messages = outcome.at("messages").as_object();
  const auto number = [&messages](const char* name) { return messages.at(name).to_number<std::size_t>(); };
  fmt::print("the journal was restored from an older copy; what was sent since is not known\n");
  for (const json::value& each : outcome.at("pipelines").as_array()) fmt::print("  {}", resend_text(each.as_object(), dry_run));
  if (number("held") + number("changes") > 0) {
    const std::string_view decision = messages.at("decision").as_string();
    fmt::print("  messages: {} waited, {} since the copy are not mapped: {}\n", number("held"), counted(number("changes"), "change"),
               decision.empty() ? "say --messages reject (they may have been sent) or --messages send" : decision);
  }
  if (!dry_run) print_pauses(outcome);
}

// A restored journal: what would be sent is shown first, and asked for. -1 when the journal is no restored one.
int resume_instance(const Invocation& invocation, const PauseOptions& options) {
  const json::object request{{"verb", "resume"}, {"kind", "instance"}, {"name", ""}, {"messages", options.messages}};
  const json::object seen = try_act(invocation, request, options.acting);
  // Not restored: an ordinary resume.
  if (!seen.contains("messages")) return -1;
  return act_after_question(invocation, request, options.acting, print_restored);
}

/// Pausing holds back and resuming lets go what is valid anyway; only a restored journal is asked about.
int run(const Invocation& invocation, const PauseOptions& options, const char* act_name) {
  const bool pauses = act_name == std::string_view("pause");
  if (options.name.empty() != (options.kind == "instance")) {
    throw Error(ErrorCode::config_invalid, options.name.empty() ? "which " + options.kind + "?" : "the instance is paused as a whole", {},
                pauses ? "datapicker pause pipeline NAME" : "datapicker resume pipeline NAME");
  }
  if (!pauses && options.kind == "instance") {
    if (const int code = resume_instance(invocation, options); code >= 0) return code;
  }
  const json::object request{{"verb", act_name}, {"kind", options.kind}, {"name", options.name}};
  const json::object outcome = options.acting.dry_run ? try_act(invocation, request, options.acting) : act(invocation, request, options.acting);
  if (invocation.json) {
    fmt::print("{}\n", json::serialize(outcome));
    return done;
  }
  if (options.acting.dry_run) {
    const bool would = outcome.at("changed").as_bool();
    fmt::print("{} {}\n", label(options.kind, options.name), would ? "would be resumed" : "is not paused");
    print_pauses(outcome);
    return done;
  }
  const bool changed = outcome.at("changed").as_bool();
  fmt::print("{} {}{}\n", label(options.kind, options.name), changed ? "is" : "was already", pauses ? " paused" : changed ? " resumed" : " running");
  print_pauses(outcome);
  return done;
}

void add(CLI::App& program, Invocation& invocation, const char* name, const char* help, const char* footer) {
  CLI::App* verb = program.add_subcommand(name, help);
  add_common_options(*verb, invocation);
  auto options = std::make_shared<PauseOptions>();
  verb->add_option("kind", options->kind, "pipeline, table, connection or instance")
      ->required()
      ->check(CLI::IsMember({"pipeline", "table", "connection", "instance"}));
  verb->add_option("name", options->name, "its name");
  if (name == std::string_view("resume")) {
    verb->add_option("--messages", options->messages, "after a restore: messages that may have been sent since the copy")
        ->check(CLI::IsMember({"reject", "send"}));
    add_acting_options(*verb, options->acting);
  } else {
    add_reason(*verb, options->acting);
  }
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
