#include <CLI/CLI.hpp>

#include "engine/cli/targets/verbs.h"

namespace engine::cli {

void add_targets(CLI::App& program, Invocation& invocation) {
  CLI::App* parent = program.add_subcommand("targets", "the APIs that can be written to: list, show, try");
  parent->require_subcommand(0, 1);
  add_common_options(*parent, invocation);
  add_targets_list(*parent, invocation);
  add_targets_show(*parent, invocation);
  add_targets_try(*parent, invocation);
  // The word alone lists them.
  parent->callback([parent, &invocation] {
    if (parent->get_subcommands().empty()) invocation.run = [&invocation] { return list_targets(invocation); };
  });
}

}  // namespace engine::cli
