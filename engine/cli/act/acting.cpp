#include "engine/cli/act/acting.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "engine/cli/progress_line.h"
#include "engine/cli/terminal.h"
#include "engine/operate/acts/acts.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace json = boost::json;

void add_reason(CLI::App& verb, ActingOptions& options) {
  verb.add_option("--reason", options.reason, "why; kept in the audit");
}

void add_acting_options(CLI::App& verb, ActingOptions& options) {
  verb.add_flag("-n,--dry-run", options.dry_run, "say what would be done, do nothing");
  verb.add_flag("-y,--yes", options.yes, "do not ask");
  add_reason(verb, options);
}

json::object act(const Invocation& invocation, json::object request, const ActingOptions& options) {
  if (!options.reason.empty()) request["reason"] = options.reason;
  ProgressLine line;
  // Always to go on: an act is ended by leaving, which the daemon notices.
  const auto tell = [&line](std::int64_t done, std::int64_t total) {
    line.tell(done, total);
    return true;
  };
  return operate::act_anywhere(invocation.instance, request, tell, system_clock());
}

json::object try_act(const Invocation& invocation, json::object request, const ActingOptions& options) {
  request["dry_run"] = true;
  return act(invocation, std::move(request), options);
}

/// A pipe cannot answer, and silence is no yes.
bool may_go_on(const ActingOptions& options, const std::string& question) {
  if (options.yes) return true;
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    throw Error(ErrorCode::config_invalid, "nobody is there to be asked: " + question, {}, "say --yes, or --dry-run to see what would be done");
  }
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

int act_after_question(const Invocation& invocation, const json::object& request, const ActingOptions& options,
                       void (*print)(const json::object& outcome, bool dry_run)) {
  const auto show = [&](const json::object& outcome, bool dry_run) {
    if (invocation.json) {
      fmt::print("{}\n", json::serialize(outcome));
    } else {
      print(outcome, dry_run);
    }
  };
  // With --yes nobody looks at a rehearsal, so there is none.
  if (options.dry_run || !options.yes) {
    const json::object would_be = try_act(invocation, request, options);
    if (options.dry_run || !invocation.json) show(would_be, true);
    if (options.dry_run) return done;
    if (!may_go_on(options, "Go on?")) return failed;
  }
  show(act(invocation, request, options), false);
  return done;
}

}  // namespace engine::cli
