// A plan as a person reads it: on a terminal, or in a pull request.
#pragma once

#include <string>

#include "engine/operate/review/plan/plan.h"

namespace engine::cli {

std::string plan_text(const operate::Plan& plan);
/// GitHub's Markdown, headed by what it is, so that it stands by itself as a comment.
std::string plan_markdown(const operate::Plan& plan);

}  // namespace engine::cli
