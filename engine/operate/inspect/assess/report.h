// An assessment as others take it: one page for people, JSON for programs.
#pragma once

#include <string>

#include "engine/operate/inspect/assess/assess.h"

namespace engine::operate {

/// One self-contained file: its charts are drawn in it, it asks nobody for anything and runs no script; light or dark as the reader's
/// system is, and fit for paper.
std::string page_of(const Assessment& assessment);

std::string json_of(const Assessment& assessment);

}  // namespace engine::operate
