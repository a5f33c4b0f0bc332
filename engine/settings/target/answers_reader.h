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
AfterRule read_after(const YamlNode& map, Diagnostics& diagnostics);
std::vector<AnswerRule> read_answers(const YamlNode& list, Diagnostics& diagnostics);

}  // namespace engine::settings
