#include "engine/map/check/expression_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text/characters.h"
#include "engine/map/check/comparisons.h"
#include "engine/map/check/lexer.h"
#include "engine/map/check/shape.h"
#include "engine/map/functions/catalog.h"

namespace engine::map {
namespace {

constexpr std::size_t expression_bytes_max = 100'000;
constexpr std::array<std::string_view, 8> aggregates{"sum",          "avg",              "count",             "total",
                                                     "group_concat", "json_group_array", "json_group_object", "dec_sum"};

/// In a WHERE clause an aggregate is an error; in a list of results it would silently mean the one row.
constexpr std::string_view before_checked = "SELECT 1 FROM old WHERE (SELECT 1 FROM new WHERE (\n";
constexpr std::string_view after_checked = "\n))";

/// What stands in `message` behind `start`, up to a '(' of a call; empty when it does not begin so.
std::string name_after(std::string_view message, std::string_view start) {
  if (!message.starts_with(start)) return {};
  const std::string_view rest = message.substr(start.size());
  return std::string(rest.substr(0, rest.find('(')));
}

}  // namespace

settings::Origin place_in(const settings::Expression& expression, std::size_t offset) {
  settings::Origin place = expression.origin;
  const std::string_view before = std::string_view(expression.sql).substr(0, offset);
  const std::size_t line_start = before.find_last_of('\n');
  const bool later_line = line_start != std::string_view::npos;
  if (later_line) place.line += static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  if (later_line) place.column = std::max(expression.literal_indent, 0) + 1;
  // A column of a text file is a character, not a byte.
  for (const char c : later_line ? before.substr(line_start + 1) : before) place.column += (c & 0xC0) != 0x80 ? 1 : 0;
  return place;
}

std::string alone(std::string_view sql) { return fmt::format("SELECT (SELECT (\n{}\n) FROM new) FROM old", sql); }

bool ExpressionCheck::check(const settings::Expression& expression, std::string_view subject, bool may_refer) {
  bool usable = true;
  for (Finding& finding : findings(expression.sql, may_refer)) {
    settings::Origin place = place_in(expression, finding.offset);
    std::string message = fmt::format("{}: {}", subject, finding.message);
    if (finding.is_error) {
      usable = false;
      diagnostics_.error(std::move(finding.code), std::move(place), std::move(message), std::move(finding.suggestion));
    } else {
      diagnostics_.warning(std::move(finding.code), std::move(place), std::move(message),
                           std::move(finding.suggestion));
    }
  }
  return usable;
}

Findings ExpressionCheck::findings(std::string_view sql, bool may_refer) {
  if (sql.size() > expression_bytes_max) return {{true, "sql.syntax", 0, "the expression is too long", {}}};
  const Lexed lexed = lex(sql);
  if (lexed.problem) return {{true, "sql.syntax", lexed.problem->offset, lexed.problem->message, {}}};
  Findings shape = check_shape(lexed.tokens, layout_, {may_refer ? &parents_ : nullptr});
  if (!shape.empty()) return shape;
  const std::string text = fmt::format("{}{}{}", before_checked, sql, after_checked);
  const Sandbox::Prepared prepared = sandbox_.prepare(text);
  if (prepared.statement == nullptr) {
    return {refused(sql, prepared, prepared.offset - static_cast<int>(before_checked.size()))};
  }
  return check_comparisons(lexed.tokens, layout_);
}

Finding ExpressionCheck::refused(std::string_view sql, const Sandbox::Prepared& prepared, int offset) const {
  const std::string& message = prepared.message;
  const std::string column = name_after(message, "no such column: ");
  const std::string function = name_after(message, "no such function: ");
  const std::string table = name_after(message, "no such table: ");
  const std::vector<std::string> tables = table_names(layout_);
  std::string name = prepared.denied;
  if (name.empty()) name = column.empty() ? function : column.substr(column.find_last_of('.') + 1);

  Finding finding{true, "sql.syntax", 0, message, {}};
  if (offset >= static_cast<int>(sql.size())) {
    // SQLite stumbled over what was put behind the expression.
    return {true, "sql.syntax", sql.size(), "the expression is not complete", {}};
  }
  if (offset >= 0) {
    finding.offset = static_cast<std::size_t>(offset);
  } else if (!name.empty()) {
    const std::size_t found = lower_case(sql).find(lower_case(name));
    if (found != std::string::npos) finding.offset = found;
  }
  if (std::find(aggregates.begin(), aggregates.end(), prepared.denied) != aggregates.end() ||
      message.starts_with("misuse of aggregate")) {
    finding.code = "sql.aggregate";
    if (!prepared.denied.empty()) finding.message = fmt::format("{}() is an aggregate", prepared.denied);
    finding.suggestion = tables.empty() ? "a mapping sees one row; min() and max() take at least two arguments"
                                        : fmt::format("the rows of a nested table stand in a subselect: (SELECT … FROM {})", tables.front());
  } else if (!prepared.denied.empty()) {
    finding.code = "sql.forbidden";
    finding.message = fmt::format("the function {}() is not allowed", prepared.denied);
    finding.suggestion = did_you_mean(prepared.denied, function_names());
  } else if (!column.empty()) {
    finding.code = "sql.unknown_column";
    finding.suggestion = did_you_mean(name, all_column_names(layout_));
  } else if (!function.empty()) {
    finding.code = "sql.unknown_function";
    finding.suggestion = did_you_mean(name, function_names());
  } else if (message.starts_with("wrong number of arguments")) {
    finding.code = "sql.arguments";
  } else if (message.starts_with("no such table") || message.starts_with("not authorized") ||
             message.ends_with("is prohibited")) {
    finding.code = "sql.forbidden";
    finding.suggestion = tables.empty() ? "an expression sees its row only" : fmt::format("an expression sees its row and {}", settings::listed(tables, "and"));
    if (const std::string near = did_you_mean(table.substr(table.find_last_of('.') + 1), tables); !near.empty()) finding.suggestion = near;
  }
  return finding;
}

}  // namespace engine::map
