// What the verbs that act share: asking first on a terminal, progress, and the daemon or the journal's lock behind them.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "engine/cli/verbs.h"

namespace CLI {
class App;
}

namespace engine::cli {

struct ActingOptions {
  bool dry_run = false;
  bool yes = false;
  std::string reason;
};

/// `--dry-run`, `--yes` and `--reason`.
void add_acting_options(CLI::App& verb, ActingOptions& options);
/// `--reason` alone, for what needs no question.
void add_reason(CLI::App& verb, ActingOptions& options);

/// Carries an act out, with progress on a terminal. Throws what the daemon refused.
boost::json::object act(const Invocation& invocation, boost::json::object request, const ActingOptions& options);

/// The same once with `dry_run` set, which changes nothing.
boost::json::object try_act(const Invocation& invocation, boost::json::object request, const ActingOptions& options);

/// Asks on a terminal; elsewhere `--yes` must have been given, else config_invalid is thrown. False: the answer was no.
bool may_go_on(const ActingOptions& options, const std::string& question);

/// An act that sends: tried, shown by `print`, asked for, carried out, shown again. Returns the exit code.
int act_after_question(const Invocation& invocation, const boost::json::object& request, const ActingOptions& options,
                       void (*print)(const boost::json::object& outcome, bool dry_run));

}  // namespace engine::cli
