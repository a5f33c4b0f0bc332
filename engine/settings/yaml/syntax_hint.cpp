#include "engine/settings/yaml/syntax_hint.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine::settings {
namespace {

constexpr const char* quote_as_a_whole = "quote the expression as a whole, or write it below `|-`";

/// The value of a `key: value` or `- value` line, and where it starts. Only good enough to explain an error.
struct RawValue {
  std::size_t column = 0;
  std::string_view text;
};

std::optional<RawValue> value_of_line(std::string_view line) {
  std::size_t at = line.find_first_not_of(' ');
  while (at != std::string_view::npos && line.substr(at).starts_with("- ")) at = line.find_first_not_of(' ', at + 2);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t colon = line.find(": ", at);
  const bool key_before =
      colon != std::string_view::npos && line.substr(at, colon - at).find_first_of("'\"[{(") == std::string_view::npos;
  if (key_before) at = line.find_first_not_of(' ', colon + 1);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view text = line.substr(at);
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  return RawValue{at, text};
}

class Explanation {
 public:
  Explanation(const YamlSource& source, const SyntaxFailure& failure, Diagnostics& diagnostics)
      : source_(source), failure_(failure), diagnostics_(diagnostics), line_(source.line(failure.place.line)) {}

  void report() {
    if (tab() || escape() || runaway_quote() || leading_quote() || flow() || reserved_start() || colon_in_value() ||
        deeper_line())
      return;
    error(failure_.place, "yaml.syntax", fmt::format("this is not YAML: {}", failure_.library_message), {});
  }

 private:
  bool error(TextPlace place, const char* code, std::string message, std::string suggestion) {
    diagnostics_.error(code, {source_.file, place.line, static_cast<int>(place.column) + 1}, std::move(message),
                       std::move(suggestion));
    return true;
  }

  bool tab() {
    const std::size_t tab = line_.find('\t');
    if (tab == std::string::npos || line_.find_first_not_of(" \t") < tab) return false;
    return error({failure_.place.line, tab}, "yaml.tab", "a tab indents this line: YAML allows only blanks there",
                 "replace the tab by blanks");
  }

  bool escape() {
    if (!failure_.library_message.starts_with("unknown escape character")) return false;
    const std::size_t backslash = failure_.place.column == 0 ? 0 : failure_.place.column - 1;
    return error({failure_.place.line, line_.rfind('\\', backslash)}, "yaml.syntax",
                 "in double quotes a backslash starts an escape of YAML, and this is none",
                 "double the backslash, or put the value in single quotes (and double those inside)");
  }

  /// A quote that was forgotten closes at the next quote of the file, lines below; the error shows only there.
  bool runaway_quote() {
    if (!failure_.last_value) return false;
    TextPlace start = *failure_.last_value;
    const std::string& line = source_.line(start.line);
    // At the end of the file the text that swallowed it began behind the last value that was complete: its key.
    const bool swallowed = failure_.library_message.find("EOF") != std::string_view::npos;
    if (swallowed) start.column = std::min(line.find_first_of("'\"", start.column), line.size());
    if (start.column >= line.size()) return false;
    const char first = line[start.column];
    if (first != '\'' && first != '"') return false;
    const auto end = closing_quote(source_, start);
    if (end && end->line == start.line) return false;
    const std::string where = end ? fmt::format("closes only at line {}", end->line) : "is never closed";
    return error(start, "yaml.syntax", fmt::format("the quote {} opened here {}", first, where),
                 fmt::format("close it with {}", first));
  }

  bool leading_quote() {
    const auto value = value_of_line(line_);
    if (!value || (value->text[0] != '\'' && value->text[0] != '"')) return false;
    const auto end = closing_quote(source_, {failure_.place.line, value->column});
    if (!end || end->line != failure_.place.line || end->column + 1 >= line_.size()) return false;
    return error(
        {failure_.place.line, value->column}, "yaml.syntax",
        fmt::format("the quoted text ends at column {}, but more follows: in YAML a value that starts with a quote is "
                    "quoted as a whole",
                    end->column + 1),
        "write " + yaml_quoted(value->text));
  }

  bool flow() {
    if (!failure_.open_flow) return false;
    const char open = source_.line(failure_.open_flow->line)[failure_.open_flow->column];
    const char close = open == '[' ? ']' : '}';
    if (failure_.open_flow->line != failure_.place.line && line_.find_first_of("[]{}") == std::string::npos) {
      const bool at_end = failure_.place.line > static_cast<int>(source_.lines.size());
      const std::string until = at_end ? "the end of the file" : fmt::format("line {}", failure_.place.line);
      return error(*failure_.open_flow, "yaml.syntax",
                   fmt::format("the '{}' opened here is not closed by '{}' before {}", open, close, until),
                   fmt::format("add '{}'", close));
    }
    return error(
        failure_.place, "yaml.syntax",
        fmt::format("inside {}…{} an unquoted value cannot hold [ ] {{ }} or a comma before a quote", open, close),
        "quote the value, or write the entries below each other, without the braces");
  }

  bool reserved_start() {
    const auto value = value_of_line(line_);
    if (!value || std::string_view("%@`*&!|>").find(value->text[0]) == std::string_view::npos) return false;
    return error(
        {failure_.place.line, value->column}, "yaml.syntax",
        fmt::format("an unquoted value cannot start with '{}', which means something else to YAML", value->text[0]),
        "write " + yaml_quoted(value->text));
  }

  bool colon_in_value() {
    const auto value = value_of_line(line_);
    const std::size_t colon =
        value ? std::min(value->text.find(": "), value->text.find(":\t")) : std::string_view::npos;
    if (colon == std::string_view::npos || value->text[0] == '#') return false;
    return error({failure_.place.line, value->column + colon}, "yaml.syntax",
                 "': ' ends a key in YAML, so an unquoted value cannot hold it",
                 value->text.find_first_of("'\"") == std::string_view::npos ? quote_as_a_whole
                                                                            : "write " + yaml_quoted(value->text));
  }

  bool deeper_line() {
    const std::size_t indent = line_.find_first_not_of(' ');
    int before = failure_.place.line - 1;
    while (before > 0 && source_.line(before).find_first_not_of(' ') == std::string::npos) --before;
    if (before == 0 || indent == std::string::npos) return false;
    const std::size_t indent_before = source_.line(before).find_first_not_of(' ');
    if (indent == indent_before) return false;
    return error({failure_.place.line, indent}, "yaml.syntax",
                 fmt::format("this line is indented by {} blanks, which fits no line above it", indent),
                 fmt::format("line {} is indented by {}", before, indent_before));
  }

  const YamlSource& source_;
  const SyntaxFailure& failure_;
  Diagnostics& diagnostics_;
  const std::string& line_;
};

}  // namespace

void report_syntax(const YamlSource& source, const SyntaxFailure& failure, Diagnostics& diagnostics) {
  Explanation(source, failure, diagnostics).report();
}

}  // namespace engine::settings
