// What `inspect` found, for programs.
#pragma once

#include <string>

#include "engine/operate/inspect.h"

namespace engine::cli {

std::string json_text(const operate::SourceInspection& source);
std::string json_text(const operate::TableInspection& table);
std::string json_text(const operate::TargetInspection& target);

}  // namespace engine::cli
