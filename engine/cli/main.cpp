// datapicker: one program, one verb a file.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

#include "engine/base/threads/leavable_thread.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

void add_common_options(CLI::App& verb, Invocation& invocation) {
  verb.add_option("-i,--instance", invocation.instance.path, "the instance's folder, which holds datapicker.yaml")
      ->envname("DATAPICKER_INSTANCE")
      ->capture_default_str();
  verb.add_option("--env", invocation.instance.environment, "lay env/NAME.yaml over the instance")
      ->envname("DATAPICKER_ENV")
      ->type_name("NAME");
  verb.add_flag("--json", invocation.json, "print JSON");
}

namespace {

/// What a person mends in YAML is 2; what the machine lacks, or another daemon holds, is 3; all else is 1.
int exit_code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::config_invalid: return wrong_configuration;
    case ErrorCode::environment_missing:
    case ErrorCode::journal_locked: return environment_missing;
    default: return failed;
  }
}

int run_verb(const Invocation& invocation) {
  try {
    return invocation.run();
  } catch (const operate::InvalidConfiguration& error) {
    print_diagnostics(error.diagnostics());
    return wrong_configuration;
  } catch (const Error& error) {
    print_error(error);
    return exit_code_of(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "datapicker: {} [internal]\n", error.what());
    return failed;
  }
}

int run_program(int argc, char** argv) {
  CLI::App program(
      "Datapicker watches databases through ODBC and hands every changed row, as a small transaction, to a CRM, a ticket\n"
      "system or any HTTP API within seconds. An instance is a folder of YAML; its journal is one SQLite file.",
      "datapicker");
  program.set_version_flag("--version", "datapicker " DATAPICKER_VERSION);
  program.require_subcommand(1);
  program.footer(
      "First steps:  datapicker init DIR         a folder that runs\n"
      "              datapicker check -i DIR     is the configuration right?\n"
      "              datapicker run -i DIR       watch and deliver until SIGTERM\n"
      "              datapicker status -i DIR    where does everything stand?\n"
      "Exit codes:   0 done, 1 failed, 2 wrong configuration, 3 environment missing, 4 something was found");
  Invocation invocation;
  add_init(program, invocation);
  add_check(program, invocation);
  add_explain(program, invocation);
  add_inspect(program, invocation);
  add_change_log(program, invocation);
  add_schema(program, invocation);
  add_run(program, invocation);
  add_status(program, invocation);
  add_assess(program, invocation);
  add_changes(program, invocation);
  add_story(program, invocation);
  add_preview(program, invocation);
  add_plan(program, invocation);
  add_verify(program, invocation);
  add_test(program, invocation);
  add_targets(program, invocation);
  add_anomalies(program, invocation);
  add_expect(program, invocation);
  add_dead_letters(program, invocation);
  add_reference(program, invocation);
  add_replay(program, invocation);
  add_remap(program, invocation);
  add_backfill(program, invocation);
  add_link(program, invocation);
  add_pause(program, invocation);
  add_resume(program, invocation);
  add_reload(program, invocation);
  add_backup(program, invocation);
  add_forget(program, invocation);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version end the parsing, too, and are no mistake.
    const int code = program.exit(error);
    return code == 0 ? done : wrong_configuration;
  }
  return run_verb(invocation);
}

}  // namespace
}  // namespace engine::cli

int main(int argc, char** argv) {
  const int code = engine::cli::run_program(argc, argv);
  if (!engine::LeavableThread::any_left_behind()) return code;
  // A call that comes back now would find static objects gone, the driver's among them: the process ends with all that it has.
  std::fflush(stdout);
  std::fflush(stderr);
  std::_Exit(code);
}
