// `answers:` of a target definition: which answer means what.
#pragma once

#include <string>
#include <vector>

#include "engine/settings/map_reader.h"
#include "engine/settings/target/answers.h"

namespace engine::settings {

/// Where an answer holds a value: { header: … } or { json: … }, with `matches`.
AnswerValue read_answer_value(const YamlNode& map, const std::string& what, Diagnostics& diagnostics);
/// `{ at: /status, is: done }`, or with `place` "name" of a header.
AnswerCondition take_condition(MapReader& reader, const char* key, const char* place, const Block& block);
/// Without a place of its own the value is that of Retry-After; `unit` says what a number stands for.
AfterRule read_after(const YamlNode& map, Diagnostics& diagnostics);
/// In the order of the file, which is the order in which they are asked. A rule without any condition is refused.
std::vector<AnswerRule> read_answers(const YamlNode& list, Diagnostics& diagnostics);

}  // namespace engine::settings
