#include "test/support/scripted_driver/answer.h"

#include <algorithm>

#include <sql.h>

namespace scripted {

namespace {

const Relation& relation_meant(const Script& script, const Question& question) {
  const Relation* meant = nullptr;
  for (const Relation& relation : script.relations) {
    const bool all = std::all_of(relation.of.begin(), relation.of.end(), [&](const std::string& word) { return question.words.contains(word); });
    if (all && (meant == nullptr || relation.of.size() > meant->of.size())) meant = &relation;
  }
  if (meant == nullptr) throw Refusal("42S02", 208, "Invalid object name");
  return *meant;
}

/// What one item of the select list is: a column, a literal, the number of rows.
struct Selected {
  std::vector<Column> columns;
  std::vector<std::size_t> positions;  ///< in the relation; `nowhere`: `literal`
  Cell literal;
  bool counts = false;
};
constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

Selected selected(const Relation& relation, const std::vector<Token>& item) {
  Selected result;
  const bool all = !item.empty() && item.back().text == "*";
  result.counts = !item.empty() && item.front().text == "COUNT";
  if (all && !result.counts) {
    result.columns = relation.columns;
    for (std::size_t i = 0; i < relation.columns.size(); ++i) result.positions.push_back(i);
    return result;
  }
  for (const Token& token : item) {
    const std::string name = token.text.substr(token.text.rfind('.') + 1);
    const Column* column = token.kind == Token::Kind::name ? relation.find(name) : nullptr;
    if (column == nullptr || result.counts) continue;
    result.columns = {*column};
    result.positions = {static_cast<std::size_t>(column - relation.columns.data())};
    return result;
  }
  const bool is_literal = result.counts || (!item.empty() && (item.front().kind == Token::Kind::number || item.front().kind == Token::Kind::text));
  const bool is_null = std::any_of(item.begin(), item.end(), [](const Token& token) { return token.text == "NULL"; });
  if (!is_literal && !is_null) throw Refusal("42S22", 207, "Invalid column name '" + (item.empty() ? std::string() : item.front().text) + "'");
  result.columns = {Column{"", "varchar", SQL_VARCHAR, 40, 0, true}};
  result.positions = {nowhere};
  if (is_literal) result.literal = item.front().text;
  return result;
}

struct Filter {
  std::size_t column;
  std::string by;
  std::vector<std::string> values;
};

/// Values of one name with "=" are alternatives.
std::vector<Filter> filters_of(const Relation& relation, const Question& question, const std::vector<Cell>& values) {
  std::vector<Filter> filters;
  for (std::size_t i = 0; i < question.bounds.size(); ++i) {
    const Bound& bound = question.bounds[i];
    const auto argument = relation.arguments.find(bound.name);
    const std::string column_name = argument == relation.arguments.end() ? bound.name.substr(bound.name.rfind('.') + 1) : argument->second.column;
    const std::string by = argument == relation.arguments.end() || argument->second.by == "between" ? bound.by : argument->second.by;
    const Column* column = relation.find(column_name);
    if (column == nullptr) throw Refusal("42S22", 207, "nobody waits for a value of '" + bound.name + "'");
    const auto position = static_cast<std::size_t>(column - relation.columns.data());
    const auto same = std::find_if(filters.begin(), filters.end(), [&](const Filter& each) { return each.column == position && each.by == by && by == "="; });
    const std::string value = values[i].value_or("");
    same == filters.end() ? filters.push_back({position, by, {value}}) : same->values.push_back(value);
  }
  return filters;
}

void refuse_if_scripted(const Relation& relation, const Question& question, const std::vector<Cell>& values) {
  if (!relation.fails) return;
  const Failure& failure = *relation.fails;
  bool meant = failure.name.empty();
  for (std::size_t i = 0; i < question.bounds.size() && !meant; ++i) {
    meant = question.bounds[i].name == failure.name && question.bounds[i].by != "<=" && matches(values[i].value_or(""), failure.by, failure.values);
  }
  if (meant) throw Refusal(failure.state, failure.native, failure.message);
}

void sort_rows(const Relation& relation, const Question& question, std::vector<const std::vector<Cell>*>& rows) {
  for (auto order = question.order.rbegin(); order != question.order.rend(); ++order) {
    const Column* column = relation.find(order->column);
    if (column == nullptr) continue;
    const auto position = static_cast<std::size_t>(column - relation.columns.data());
    std::stable_sort(rows.begin(), rows.end(), [&](const auto* left, const auto* right) {
      const std::string one = (*left)[position].value_or(""), other = (*right)[position].value_or("");
      return compares(one, order->descending ? ">" : "<", other);
    });
  }
}

}  // namespace

bool matches(const std::string& value, const std::string& by, const std::vector<std::string>& against) {
  const bool negated = by.starts_with("not ");
  const std::string sign = by == "in" || negated ? "=" : by;
  const bool any = std::any_of(against.begin(), against.end(), [&](const std::string& each) { return compares(value, sign, each); });
  return any != negated;
}

ResultSet answer(const Script& script, const Question& question, const std::vector<Cell>* values) {
  ResultSet result;
  if (question.items.empty()) return result;
  const Relation& relation = relation_meant(script, question);
  std::vector<Selected> items;
  bool counts = false;
  for (const std::vector<Token>& item : question.items) {
    items.push_back(selected(relation, item));
    result.columns.insert(result.columns.end(), items.back().columns.begin(), items.back().columns.end());
    counts = counts || items.back().counts;
  }
  if (values == nullptr) return result;
  refuse_if_scripted(relation, question, *values);
  const std::vector<Filter> filters = filters_of(relation, question, *values);
  std::vector<const std::vector<Cell>*> rows;
  for (const std::vector<Cell>& row : relation.rows) {
    const bool wanted = std::all_of(filters.begin(), filters.end(), [&](const Filter& filter) {
      return row[filter.column] && matches(*row[filter.column], filter.by, filter.values);
    });
    if (wanted && !question.gives_no_rows) rows.push_back(&row);
  }
  sort_rows(relation, question, rows);
  if (counts) {
    result.rows.push_back(std::vector<Cell>(result.columns.size(), std::to_string(rows.size())));
    return result;
  }
  const std::size_t end = std::min(rows.size(), question.limit ? question.offset + *question.limit : rows.size());
  for (std::size_t i = question.offset; i < end; ++i) {
    std::vector<Cell>& cells = result.rows.emplace_back();
    for (const Selected& item : items) {
      for (const std::size_t position : item.positions) cells.push_back(position == nowhere ? item.literal : (*rows[i])[position]);
    }
  }
  return result;
}

}  // namespace scripted
