#include "engine/map/check/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text/characters.h"
#include "engine/map/functions/regex.h"
#include "engine/map/nested_rows.h"
#include "engine/settings/diagnostics.h"

namespace engine::map {
namespace {

constexpr std::array<std::string_view, 3> statements{"SELECT", "VALUES", "WITH"};
constexpr std::array<std::string_view, 3> clocks{"CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"};
constexpr std::array<std::string_view, 1> not_yet{"lookup"};
constexpr std::array<std::string_view, 6> date_functions{"date",      "time",      "datetime",
                                                         "julianday", "unixepoch", "strftime"};
constexpr std::array<std::string_view, 3> of_the_moment{"now", "localtime", "utc"};

class Shape {
 public:
  Shape(const std::vector<Token>& tokens, const model::Layout& layout, AllowedReferences references)
      : tokens_(tokens), layout_(layout), references_(references) {}

  Findings run() {
    if (tokens_.empty()) {
      add("sql.syntax", 0, "an expression is missing");
      return std::move(findings_);
    }
    if (tokens_[0].kind == TokenKind::word && is_one_of(statements, tokens_[0].text)) {
      add("sql.syntax", 0, "an expression is expected, not a statement",
          "name the columns directly; a SELECT over the row stands in parentheses");
    }
    nesting();
    for (std::size_t i = 0; i < tokens_.size(); ++i) token(i);
    return std::move(findings_);
  }

 private:
  void add(std::string code, std::size_t offset, std::string message, std::string suggestion = {}) {
    findings_.push_back({true, std::move(code), offset, std::move(message), std::move(suggestion)});
  }

  void nesting() {
    std::vector<std::size_t> open;
    for (const Token& token : tokens_) {
      if (token.is("(")) open.push_back(token.offset);
      if (token.is(")")) {
        if (open.empty()) return add("sql.syntax", token.offset, "this ')' has no '('");
        open.pop_back();
      }
      if (token.is(",") && open.empty()) {
        return add("sql.syntax", token.offset, "one expression is expected, not several",
                   "write a list as a YAML list of expressions");
      }
    }
    if (!open.empty()) add("sql.syntax", open.back(), "this '(' is not closed");
  }

  void token(std::size_t i) {
    const Token& token = tokens_[i];
    if (token.is(";")) add("sql.syntax", token.offset, "';' does not belong into an expression");
    if (token.kind == TokenKind::parameter) {
      add("sql.syntax", token.offset, "parameters do not belong into an expression", "name the column directly");
    }
    if (token.kind == TokenKind::word && is_one_of(clocks, token.text)) {
      add("sql.forbidden", token.offset, fmt::format("{} is refused: a mapping's time is the change's", token.text),
          "use change_time()");
    }
    if (token.is_word("REGEXP")) pattern(i + 1);
    if (token.names() && i + 1 < tokens_.size() && tokens_[i + 1].is("(")) call(i);
  }

  void call(std::size_t i) {
    const std::string name = tokens_[i].content();
    const std::size_t end = closing(tokens_, i + 1);
    if (is_one_of(not_yet, name)) {
      add("sql.not_yet", tokens_[i].offset, fmt::format("{}() is not available yet", lower_case(name)));
    } else if (same_word(name, "changed")) {
      changed(i, end);
    } else if (same_word(name, "remote_id")) {
      reference(i);
    } else if (same_word(name, "regexp")) {
      pattern(i + 2);
    } else if (is_one_of(date_functions, name)) {
      date_call(i, end);
    }
  }

  /// changed('COL'): the name must be a literal, so that it can be checked now.
  void changed(std::size_t i, std::size_t end) {
    if (end != i + 3 || tokens_[i + 2].kind != TokenKind::string) {
      return add("sql.arguments", tokens_[i].offset, "changed() takes one column name in single quotes",
                 "write changed('COLUMN')");
    }
    const std::string column = tokens_[i + 2].content();
    if (layout_.find(column)) return;
    add("sql.unknown_column", tokens_[i + 2].offset + 1, fmt::format("no such column: {}", column),
        did_you_mean(column, column_names(layout_)));
  }

  /// remote_id('PIPELINE', …): a literal, so that it is known beforehand who waits for whom.
  void reference(std::size_t i) {
    if (references_.parents == nullptr) {
      return add("sql.forbidden", tokens_[i].offset, "remote_id() stands only under `map:` and `associations:`",
                 "the id is known when the record's turn comes, not when the row is judged");
    }
    const bool is_literal = i + 3 < tokens_.size() && tokens_[i + 2].kind == TokenKind::string && tokens_[i + 3].is(",");
    if (!is_literal) {
      return add("sql.arguments", tokens_[i].offset, "remote_id() takes a pipeline's name in single quotes, then the key",
                 "write remote_id('PIPELINE', key)");
    }
    const std::string name = tokens_[i + 2].content();
    const auto& parents = *references_.parents;
    if (std::find(parents.begin(), parents.end(), name) != parents.end()) return;
    add("reference.unknown", tokens_[i + 2].offset + 1, fmt::format("'{}' does not stand under `depends_on:`", name),
        parents.empty() ? fmt::format("add depends_on: [{}]", name) : did_you_mean(name, parents));
  }

  void pattern(std::size_t i) {
    if (i >= tokens_.size() || tokens_[i].kind != TokenKind::string) return;
    std::string problem;
    if (compile_regex(tokens_[i].content(), &problem) == nullptr) {
      add("sql.regexp", tokens_[i].offset, fmt::format("{} is no regular expression ({})", tokens_[i].text, problem));
    }
  }

  void date_call(std::size_t i, std::size_t end) {
    const bool formats = same_word(tokens_[i].content(), "strftime");
    int commas = 0;
    int depth = 0;
    for (std::size_t k = i + 1; k < end; ++k) {
      if (tokens_[k].is("(")) ++depth;
      if (tokens_[k].is(")")) --depth;
      if (tokens_[k].is(",") && depth == 1) ++commas;
      if (tokens_[k].kind != TokenKind::string) continue;
      const std::string text = tokens_[k].content();
      const auto word = text.substr(0, text.find_last_not_of(' ') + 1);
      if (is_one_of(of_the_moment, word.substr(std::min(word.find_first_not_of(' '), word.size())))) {
        add("sql.forbidden", tokens_[k].offset,
            fmt::format("{} is refused: it depends on the machine and the moment, not on the change", tokens_[k].text),
            "use change_time()");
      }
    }
    // Without a time SQLite takes the present one.
    if (end == i + 2 || (formats && commas == 0)) {
      add("sql.forbidden", tokens_[i].offset,
          fmt::format("{}() without a time means the present moment, which is refused",
                      lower_case(tokens_[i].content())),
          "give a column or change_time()");
    }
  }

  const std::vector<Token>& tokens_;
  const model::Layout& layout_;
  AllowedReferences references_;
  Findings findings_;
};

}  // namespace

Findings check_shape(const std::vector<Token>& tokens, const model::Layout& layout, AllowedReferences references) {
  return Shape(tokens, layout, references).run();
}

std::vector<std::string> column_names(const model::Layout& layout) {
  std::vector<std::string> names;
  for (const model::Column& column : layout.columns) names.push_back(column.name);
  return names;
}

std::vector<std::string> all_column_names(const model::Layout& layout) {
  std::vector<std::string> names = column_names(layout);
  for (const NestedRows& nested : nested_rows_of(layout)) {
    for (std::string& name : column_names(nested.layout())) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> table_names(const model::Layout& layout) {
  std::vector<std::string> names;
  for (const NestedRows& nested : nested_rows_of(layout)) names.push_back(nested.name());
  return names;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  std::vector<std::string> lowered;
  for (const std::string& candidate : candidates) lowered.push_back(lower_case(candidate));
  const std::string best = settings::nearest(lower_case(name), lowered);
  const auto found = std::find(lowered.begin(), lowered.end(), best);
  if (best.empty() || found == lowered.end()) return {};
  return fmt::format("did you mean '{}'?", candidates[static_cast<std::size_t>(found - lowered.begin())]);
}

}  // namespace engine::map
