// What `inspect` found, for programs.
#pragma once

#include <string>

#include "engine/operate/inspect.h"

namespace engine::cli {

std::string json_text(const operate::SourceInspection& source);
/// `written`: the paths of the files that `--write` made; null without it.
std::string json_text(const operate::TableInspection& table, const std::vector<std::string>* written = nullptr);
std::string json_text(const operate::TargetInspection& target);

}  // namespace engine::cli
