// The verbs below `targets`.
#pragma once

#include "engine/cli/verbs.h"

namespace engine::cli {

int list_targets(const Invocation& invocation);
void add_targets_list(CLI::App& parent, Invocation& invocation);
void add_targets_show(CLI::App& parent, Invocation& invocation);
void add_targets_try(CLI::App& parent, Invocation& invocation);

}  // namespace engine::cli
