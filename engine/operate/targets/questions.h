// Questions to a target: calls that only read, some at once.
#pragma once

#include <span>
#include <vector>

#include "engine/model/target.h"

namespace engine::operate {

/// The answers in the order of the calls, when all are there; at most `in_flight` are under way, and never more than 16. Throws config_invalid
/// for a call that cannot be made; then nothing was sent.
std::vector<model::CallAnswer> ask(model::Target& target, std::span<const model::Call> calls, int in_flight);

}  // namespace engine::operate
