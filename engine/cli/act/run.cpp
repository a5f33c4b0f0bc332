#include <CLI/CLI.hpp>

#include "engine/base/log.h"
#include "engine/cli/verbs.h"
#include "engine/operate/service/daemon.h"

namespace engine::cli {

namespace {

struct RunOptions {
  std::string log_level = "info";
};

/// The parser has refused all other names.
LogLevel level_named(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  return name == "error" ? LogLevel::error : LogLevel::info;
}

}  // namespace

void add_run(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("run", "watch the sources and deliver what changes, until SIGTERM");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<RunOptions>();
  verb->add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  verb->footer("Logs go to stderr, one line an event; with --json as JSON objects. SIGTERM and SIGINT let what is\n"
               "in flight end, at most 20 seconds; a second daemon on the same journal is refused.");
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options] {
      set_log_level(level_named(options->log_level));
      set_log_json(invocation.json);
      operate::run_daemon({.folder = invocation.instance});
      return done;
    };
  });
}

}  // namespace engine::cli
