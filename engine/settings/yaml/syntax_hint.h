// Says in the integrator's words what is wrong where the YAML library only knows that something is.
#pragma once

#include <optional>
#include <string_view>

#include "engine/settings/diagnostics.h"
#include "engine/settings/yaml/yaml_text.h"

namespace engine::settings {

/// What is known when parsing stopped.
struct SyntaxFailure {
  TextPlace place;
  std::string_view library_message;
  std::optional<TextPlace> open_flow;   ///< the innermost `[` or `{` not yet closed
  std::optional<TextPlace> last_value;  ///< where the last scalar started
};

/// Adds one error: most are SQL that YAML takes apart (a leading quote, `: `, brackets in a flow map) or tabs.
void report_syntax(const YamlSource& source, const SyntaxFailure& failure, Diagnostics& diagnostics);

}  // namespace engine::settings
