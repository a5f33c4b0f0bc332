// The verbs of the program, one file each.
#pragma once

#include <functional>

#include "engine/settings/instance.h"

namespace CLI {
class App;
}

namespace engine::cli {

/// What every verb shares. `run` is set by the verb that was chosen and returns the exit code.
struct Invocation {
  settings::InstancePlace instance{"."};
  bool json = false;
  std::function<int()> run;
};

/// The same for every verb; scripts rely on them.
enum ExitCode : int { done = 0, failed = 1, wrong_configuration = 2, environment_missing = 3, differences_found = 4 };

/// Each declares a verb. The parser writes to what options were bound to after these have returned, so their values
/// live in a shared_ptr that the callback keeps, and never in a local.
void add_check(CLI::App& program, Invocation& invocation);
void add_init(CLI::App& program, Invocation& invocation);
void add_explain(CLI::App& program, Invocation& invocation);
void add_inspect(CLI::App& program, Invocation& invocation);
void add_change_log(CLI::App& program, Invocation& invocation);
void add_schema(CLI::App& program, Invocation& invocation);
void add_run(CLI::App& program, Invocation& invocation);
void add_status(CLI::App& program, Invocation& invocation);
void add_assess(CLI::App& program, Invocation& invocation);
void add_changes(CLI::App& program, Invocation& invocation);
void add_story(CLI::App& program, Invocation& invocation);
void add_preview(CLI::App& program, Invocation& invocation);
void add_plan(CLI::App& program, Invocation& invocation);
void add_verify(CLI::App& program, Invocation& invocation);
void add_test(CLI::App& program, Invocation& invocation);
void add_targets(CLI::App& program, Invocation& invocation);
void add_dead_letters(CLI::App& program, Invocation& invocation);
void add_anomalies(CLI::App& program, Invocation& invocation);
void add_expect(CLI::App& program, Invocation& invocation);
void add_reference(CLI::App& program, Invocation& invocation);
void add_replay(CLI::App& program, Invocation& invocation);
void add_remap(CLI::App& program, Invocation& invocation);
void add_backfill(CLI::App& program, Invocation& invocation);
void add_link(CLI::App& program, Invocation& invocation);
void add_pause(CLI::App& program, Invocation& invocation);
void add_resume(CLI::App& program, Invocation& invocation);
void add_backup(CLI::App& program, Invocation& invocation);
void add_forget(CLI::App& program, Invocation& invocation);
void add_reload(CLI::App& program, Invocation& invocation);

/// `--instance DIR`, `--env NAME` and `--json`, the same for all.
void add_common_options(CLI::App& verb, Invocation& invocation);

}  // namespace engine::cli
