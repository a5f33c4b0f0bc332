// upper, lower, title_case and like by Unicode's rules (ICU): SQLite's own know ASCII only.
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <optional>
#include <string>

#include "engine/map/functions/arguments.h"
#include "engine/map/functions/catalog.h"

namespace engine::map {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

using CaseMapping = int32_t (*)(const UCaseMap*, char*, int32_t, const char*, int32_t, UErrorCode*);

void give_mapped(sqlite3_context* context, std::string_view text, CaseMapping mapping) {
  // Root locale: the same text on every machine.
  static UErrorCode opened = U_ZERO_ERROR;
  static const UCaseMap* const root = ucasemap_open("", 0, &opened);
  std::string into(text.size() * 3 + 8, '\0');  // Three times covers the longest growth of UTF-8 by case mapping.
  UErrorCode status = U_ZERO_ERROR;
  const int32_t size = mapping(root, into.data(), static_cast<int32_t>(into.size()), text.data(),
                               static_cast<int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return give_error(context, std::string("case mapping failed: ") + u_errorName(status));
  give_text(context, std::string_view(into).substr(0, static_cast<std::size_t>(size)));
}

void upper(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0])) return give_null(context);
  const std::string_view text = text_of(values[0]);
  if (!is_ascii(text)) return give_mapped(context, text, ucasemap_utf8ToUpper);
  std::string mapped(text);
  for (char& c : mapped) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  give_text(context, mapped);
}

void lower(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0])) return give_null(context);
  const std::string_view text = text_of(values[0]);
  if (!is_ascii(text)) return give_mapped(context, text, ucasemap_utf8ToLower);
  std::string mapped(text);
  for (char& c : mapped) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  give_text(context, mapped);
}

std::u32string code_points(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(text.data(), i, size, c);
    points += static_cast<char32_t>(c);
  }
  return points;
}

bool in_word(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  return u_isalnum(point) || (U_GET_GC_MASK(point) & U_GC_M_MASK) != 0;
}

bool is_apostrophe(char32_t c) { return c == U'\'' || c == U'’'; }

/// Whether the character at `i` begins a word. After an apostrophe only when at least two more letters follow:
/// D'Angelo and Dell'Acqua, but Joe's.
bool begins_word(const std::u32string& points, std::size_t i) {
  if (i == 0 || in_word(points[i - 1])) return i == 0;
  const bool after_word = i >= 2 && is_apostrophe(points[i - 1]) && in_word(points[i - 2]);
  return !after_word || (i + 1 < points.size() && in_word(points[i + 1]));
}

void append_utf8(UChar32 c, std::string& into) {
  char bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, c);
  into.append(bytes, static_cast<std::size_t>(size));
}

void title_case(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0])) return give_null(context);
  const std::u32string points = code_points(text_of(values[0]));
  std::string titled;
  titled.reserve(points.size() + 8);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto point = static_cast<UChar32>(points[i]);
    append_utf8(begins_word(points, i) ? u_totitle(point) : u_tolower(point), titled);
  }
  give_text(context, titled);
}

std::u32string folded(std::string_view text) {
  std::u32string points = code_points(text);
  for (char32_t& c : points) c = static_cast<char32_t>(u_foldCase(static_cast<UChar32>(c), U_FOLD_CASE_DEFAULT));
  return points;
}

/// A tenth of a second or so: a pattern made of data must not hold up the other pipelines.
constexpr std::size_t like_steps_max = 50'000'000;

/// LIKE over folded code points. After a failure behind a '%' the match goes on one character later: the last '%' alone
/// can need that, so the time is bounded by the product of both lengths; beyond `like_steps_max` it is given up (nullopt).
std::optional<bool> matches_like(const std::u32string& pattern, const std::u32string& text, char32_t escape) {
  std::size_t steps = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::u32string::npos;
  std::size_t star_text = 0;
  while (t < text.size() || p < pattern.size()) {
    if (++steps > like_steps_max) return std::nullopt;
    if (p < pattern.size() && pattern[p] == U'%' && escape != U'%') {
      star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && t < text.size()) {
      const bool escaped = escape != 0 && pattern[p] == escape && p + 1 < pattern.size();
      const char32_t wanted = pattern[p + (escaped ? 1 : 0)];
      if (wanted == text[t] || (!escaped && wanted == U'_')) {
        p += escaped ? 2 : 1;
        ++t;
        continue;
      }
    }
    if (star == std::u32string::npos || star_text >= text.size()) return false;
    p = star;
    t = ++star_text;
  }
  return true;
}

void like(sqlite3_context* context, int count, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1])) return give_null(context);
  char32_t escape = 0;
  if (count == 3) {
    const std::u32string given = is_null(values[2]) ? std::u32string{} : folded(text_of(values[2]));
    if (given.size() != 1) return give_error(context, "ESCAPE must be a single character");
    escape = given[0];
  }
  const auto matches = matches_like(folded(text_of(values[0])), folded(text_of(values[1])), escape);
  if (!matches) return give_error(context, "LIKE takes too long for this pattern and text");
  give_integer(context, *matches ? 1 : 0);
}

constexpr FunctionEntry entries[] = {
    {"upper", "(text)", "Upper case, of any alphabet.", "upper('città')", R"("CITTÀ")", 1, 1, upper},
    {"lower", "(text)", "Lower case, of any alphabet.", "lower('È VERO')", R"("è vero")", 1, 1, lower},
    {"title_case", "(text)",
     "Each word's first letter in upper case, the rest in lower case; knows D'Angelo from Joe's.",
     "title_case('ROSSI & D''ANGELO S.R.L.')", R"("Rossi & D'Angelo S.R.L.")", 1, 1, title_case},
    {"like", "(pattern, text)",
     "What `text LIKE pattern` calls: `%` for any text, `_` for one character, without regard to case in any alphabet.",
     "'Caffè' LIKE 'CAFFÈ%'", "1", 2, 3, like},
};

}  // namespace

FunctionGroup text_functions() {
  return {"Text", "By Unicode's rules, independent of the machine's locale. NULL gives NULL.", entries};
}

}  // namespace engine::map
