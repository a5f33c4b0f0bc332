// `text REGEXP pattern` by ICU.
#include <fmt/format.h>
#include <unicode/uregex.h>
#include <unicode/ustring.h>

#include <algorithm>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"
#include "engine/map/functions/regex.h"
#include "engine/map/functions/state.h"

namespace engine::map {

void RegexCloser::operator()(URegularExpression* expression) const { uregex_close(expression); }

void to_utf16(std::string_view text, std::u16string& into) {
  into.assign(text.begin(), text.end());
  // Nearly all values are ASCII, whose units are its bytes.
  if (std::none_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; })) return;
  into.resize(text.size() + 1);
  int32_t size = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8WithSub(into.data(), static_cast<int32_t>(into.size()), &size, text.data(),
                       static_cast<int32_t>(text.size()), 0xFFFD, nullptr, &status);
  into.resize(U_FAILURE(status) ? 0 : static_cast<std::size_t>(size));
}

CompiledRegex compile_regex(std::string_view pattern, std::string* problem) {
  /// In ICU's units of some milliseconds' work: a pattern that backtracks without end fails the row, not the process.
  constexpr int32_t time_limit = 200;
  std::u16string text;
  to_utf16(pattern, text);
  // ICU refuses an empty pattern; the empty group matches the same: everything.
  if (text.empty()) text = u"()";
  UParseError where;
  UErrorCode status = U_ZERO_ERROR;
  CompiledRegex regex(uregex_open(text.data(), static_cast<int32_t>(text.size()), 0, &where, &status));
  if (U_SUCCESS(status)) uregex_setTimeLimit(regex.get(), time_limit, &status);
  if (U_SUCCESS(status)) return regex;
  if (problem != nullptr) *problem = u_errorName(status);
  return nullptr;
}

namespace {

constexpr std::size_t patterns_max = 64;

void regexp(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1])) return give_null(context);
  FunctionState& state = state_of(context);
  const std::string_view pattern = text_of(values[0]);
  auto found = state.patterns.find(pattern);
  if (found == state.patterns.end()) {
    std::string problem;
    CompiledRegex regex = compile_regex(pattern, &problem);
    if (!regex)
      return give_error(context, fmt::format("regexp: {} is no regular expression ({})", shown(values[0]), problem));
    if (state.patterns.size() >= patterns_max) state.patterns.clear();
    found = state.patterns.emplace(std::string(pattern), std::move(regex)).first;
  }
  to_utf16(text_of(values[1]), state.utf16);
  URegularExpression* const regex = found->second.get();
  UErrorCode status = U_ZERO_ERROR;
  uregex_setText(regex, state.utf16.data(), static_cast<int32_t>(state.utf16.size()), &status);
  const bool matches = uregex_find(regex, 0, &status);
  if (U_FAILURE(status))
    return give_error(context, fmt::format("regexp: {} ({})", shown(values[0]), u_errorName(status)));
  give_integer(context, matches ? 1 : 0);
}

constexpr FunctionEntry entries[] = {
    {"regexp", "(pattern, text)",
     "What `text REGEXP pattern` calls: 1 when the pattern is found anywhere in the text (anchor it with ^ and $). "
     "ICU's syntax. A pattern that takes too long fails the row.",
     "'01234567890' REGEXP '^[0-9]{11}$'", "1", 2, 2, regexp},
};

}  // namespace

FunctionGroup regexp_functions() { return {"Regular expressions", "NULL gives NULL.", entries}; }

}  // namespace engine::map
