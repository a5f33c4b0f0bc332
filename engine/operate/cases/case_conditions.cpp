#include "engine/operate/cases/case_conditions.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/key.h"
#include "engine/operate/cases/case_document.h"

namespace engine::operate {

using settings::CaseCondition;
using settings::HoldWhile;

namespace {

[[noreturn]] void refuse(const settings::Origin& origin, const std::string& message, std::string hint) {
  throw Error(ErrorCode::config_invalid, message, {{"file", origin.text()}}, std::move(hint));
}

constexpr std::string_view null_text = "NULL";

}  // namespace

void CaseConditions::say(const settings::CaseStep& step) {
  for (const CaseCondition& each : step.conditions) {
    const HoldWhile& condition = named(each);
    Said said{.finds = each.finds, .rows = {}};
    for (const settings::CaseRow& row : each.rows) said.rows.push_back(values_of(row, condition));
    said_.insert_or_assign(each.name, std::move(said));
  }
}

const HoldWhile& CaseConditions::named(const CaseCondition& said) const {
  const auto found = std::ranges::find(pipeline_.hold_while, said.name, &HoldWhile::name);
  if (found != pipeline_.hold_while.end()) return *found;
  std::vector<std::string> names;
  for (const HoldWhile& each : pipeline_.hold_while) names.push_back(each.name);
  refuse(said.origin, fmt::format("the pipeline '{}' has no condition '{}'", pipeline_.name, said.name),
         names.empty() ? "it has no 'hold_while' under 'guard'" : settings::did_you_mean(said.name, names, "it has " + settings::listed(names, "and")));
}

CaseConditions::Values CaseConditions::values_of(const settings::CaseRow& row, const HoldWhile& condition) const {
  std::vector<std::string> asked;
  for (const settings::QueryPart& part : condition.parts) {
    if (!part.column.empty()) asked.push_back(part.column);
  }
  Values values;
  for (const settings::CaseCell& cell : row.cells) {
    const auto at = layout_.find(cell.column);
    const bool is_asked = at && std::ranges::any_of(asked, [&](const std::string& column) { return layout_.find(column) == at; });
    if (!is_asked || cell.is_table) {
      refuse(cell.origin, fmt::format("the query of '{}' does not ask for '{}'", condition.name, cell.column),
             settings::did_you_mean(cell.column, asked, asked.empty() ? "it asks for no column: say any_row or no_row" : "it asks for " + settings::listed(asked, "and")));
    }
    const model::Column& column = layout_.columns[*at];
    std::optional<std::string> value = case_value(cell, column, padding_);
    if (value) value = model::source_key_part(column.type, *value);
    values.emplace(*at, std::move(value));
  }
  return values;
}

/// What a question was made of, by the text that the condition has around its columns; nullopt: it is of another condition.
std::optional<CaseConditions::Values> CaseConditions::values_of(const model::Question& question, const HoldWhile& condition) const {
  if (question.connection != condition.connection) return std::nullopt;
  Values values;
  std::string_view left = question.sql;
  auto value = question.values.begin();
  for (const settings::QueryPart& part : condition.parts) {
    if (!left.starts_with(part.text)) return std::nullopt;
    left.remove_prefix(part.text.size());
    if (part.column.empty()) continue;
    const bool is_bound = left.starts_with('?') && value != question.values.end();
    if (!is_bound && !left.starts_with(null_text)) return std::nullopt;
    left.remove_prefix(is_bound ? 1 : null_text.size());
    values.emplace(layout_.find(part.column).value(), is_bound ? std::optional((value++)->text) : std::nullopt);
  }
  return left.empty() ? std::optional(std::move(values)) : std::nullopt;
}

model::Reply CaseConditions::reply(const model::Question& question) const {
  for (const HoldWhile& condition : pipeline_.hold_while) {
    const auto said = said_.find(condition.name);
    const auto asked = said == said_.end() ? std::nullopt : values_of(question, condition);
    if (!asked) continue;
    const auto& [finds, rows] = said->second;
    if (finds == CaseCondition::Finds::unreachable) return {.problem = condition.connection + " is not reached"};
    const bool finds_it = rows.empty() || std::ranges::any_of(rows, [&asked](const Values& row) {
      return std::ranges::all_of(row, [&asked](const auto& cell) { return asked->at(cell.first) == cell.second; });
    });
    if (finds == CaseCondition::Finds::any_row && finds_it) return {.any_row = true};
  }
  return {};
}

std::int64_t CaseConditions::heard_after_ms() const {
  std::int64_t longest = 0;
  for (const HoldWhile& condition : pipeline_.hold_while) longest = std::max(longest, condition.every_ms);
  return longest;
}

}  // namespace engine::operate
