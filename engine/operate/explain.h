// `explain`: every stable code that an error or finding ends with, declared once: docs/errors.md is printed from here.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace engine::operate {

struct ExplainedCode {
  std::string_view code;     ///< "table.key_null": documented, tested, never renamed
  std::string_view meaning;  ///< what was found
  std::string_view daemon;   ///< what the daemon does about it
  std::string_view remedy;   ///< what a person does about it
};

/// By code.
std::span<const ExplainedCode> explained_codes();

/// Throws config_invalid, with the nearest code, when there is no such code.
const ExplainedCode& explain(std::string_view code);

/// The text of docs/errors.md.
std::string errors_page();

}  // namespace engine::operate
