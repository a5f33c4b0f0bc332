// Ownership of ICU's regular expressions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct URegularExpression;

namespace engine::map {

struct RegexCloser {
  void operator()(URegularExpression* expression) const;
};
/// For one thread at a time: matching keeps its state inside.
using CompiledRegex = std::unique_ptr<URegularExpression, RegexCloser>;

/// Null when ICU refuses the pattern; then `problem`, where given, is ICU's name for it.
CompiledRegex compile_regex(std::string_view pattern, std::string* problem = nullptr);

void to_utf16(std::string_view text, std::u16string& into);

}  // namespace engine::map
