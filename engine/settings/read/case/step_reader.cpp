#include "engine/settings/read/case/step_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/read/case/cell_reader.h"
#include "engine/settings/map_reader.h"

namespace engine::settings {

namespace {

using Kind = CaseStep::Kind;

constexpr std::pair<const char*, Kind> kinds[] = {
    {"snapshot", Kind::snapshot}, {"capture", Kind::capture}, {"insert", Kind::insert},
    {"update", Kind::update},     {"delete", Kind::delete_},  {"truncate", Kind::truncate},
    {"answers", Kind::answers},   {"conditions", Kind::conditions}, {"wait", Kind::wait},
    {"restart", Kind::restart},   {"release", Kind::release}, {"reject", Kind::reject}};

std::optional<Kind> kind_of(const std::string& name, const Origin& origin, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const auto& [known, kind] : kinds) {
    if (name == known) return kind;
    names.emplace_back(known);
  }
  diagnostics.error("value.unknown", origin, fmt::format("'{}' is no step", name),
                    did_you_mean(name, names, "a step is " + listed(names)));
  return std::nullopt;
}

/// `503`, `lost`, `cut`, `unreachable`, `unanswered`.
bool read_short_answer(const YamlNode& value, CaseAnswer& answer) {
  const model::FieldScalar scalar = core_scalar(value);
  if (const auto* status = std::get_if<std::int64_t>(&scalar)) {
    answer.status = static_cast<int>(*status);
    return *status >= 100 && *status <= 599;
  }
  const std::string& word = value.text();
  if (word == "lost") answer.kind = CaseAnswer::Kind::lost;
  if (word == "cut") answer.kind = CaseAnswer::Kind::cut;
  if (word == "unreachable") answer.kind = CaseAnswer::Kind::unreachable;
  if (word == "unanswered") answer.kind = CaseAnswer::Kind::unanswered;
  return answer.kind != CaseAnswer::Kind::status;
}

/// Without a body the target says what its definition calls success.
CaseAnswer read_answer(const YamlNode& value, Diagnostics& diagnostics) {
  CaseAnswer answer{.origin = value.origin()};
  if (value.is_map()) {
    MapReader reader(value, case_answer_block(), "the answer", diagnostics);
    answer.status = static_cast<int>(reader.integer("status", 200, 100, 599));
    answer.headers = reader.text_map("headers");
    if (const YamlNode* body = reader.take("body")) answer.body = body->is_scalar() ? body->text() : json_of(*body);
    reader.finish();
  } else if (!value.is_scalar() || !read_short_answer(value, answer)) {
    diagnostics.error("value.unknown", value.origin(), fmt::format("'{}' is no answer", value.text()),
                      "an answer is a status (503), lost, cut, unreachable, unanswered, or {status: 200, body: {…}}");
  }
  return answer;
}

std::vector<CaseAnswer> read_answers(const YamlNode& value, Diagnostics& diagnostics) {
  if (!value.is_sequence()) return {read_answer(value, diagnostics)};
  std::vector<CaseAnswer> answers;
  for (const YamlNode& item : value.items()) answers.push_back(read_answer(item, diagnostics));
  return answers;
}

/// A list for the next requests that write, or, by kind of call, `{find: [503], create: [lost]}`.
void read_answers_step(const YamlNode& value, CaseStep& step, Diagnostics& diagnostics) {
  const bool is_one_answer = value.is_map() && (value.find("status") != nullptr || value.find("body") != nullptr);
  if (!value.is_map() || is_one_answer) {
    step.answers = read_answers(value, diagnostics);
    return;
  }
  for (const YamlEntry& entry : value.entries()) {
    const auto kind = model::call_kind_of(entry.key);
    if (kind) {
      step.answers_of[*kind] = read_answers(entry.value, diagnostics);
      continue;
    }
    diagnostics.error("value.unknown", entry.origin, fmt::format("'{}' is no call of a target", entry.key),
                      "find, create, update, upsert, delete, archive, resolve, comment, read_back or find_comment");
  }
}

/// `any_row`, `no_row`, `unreachable`, or the rows whose values it finds something for.
CaseCondition read_condition(const YamlEntry& entry, Diagnostics& diagnostics) {
  using Finds = CaseCondition::Finds;
  CaseCondition condition{.name = entry.key, .origin = entry.origin, .finds = Finds::any_row, .rows = {}};
  const YamlNode& value = entry.value;
  if (value.is_scalar()) {
    static const std::vector<std::string> words{"any_row", "no_row", "unreachable"};
    const auto word = std::find(words.begin(), words.end(), value.text());
    if (word != words.end()) {
      condition.finds = static_cast<Finds>(word - words.begin());
      return condition;
    }
    diagnostics.error("value.unknown", value.origin(), fmt::format("'{}' is nothing that the query of a condition finds", value.text()),
                      did_you_mean(value.text(), words, "it is any_row, no_row, unreachable, or the rows that it finds something for: [ { listino: B01 } ]"));
    return condition;
  }
  condition.rows = read_case_row_list(value, fmt::format("'{}' of conditions", entry.key), diagnostics);
  if (condition.rows.empty()) condition.finds = Finds::no_row;
  return condition;
}

std::vector<CaseCondition> read_conditions(const YamlNode& value, Diagnostics& diagnostics) {
  std::vector<CaseCondition> conditions;
  if (!value.is_map()) refuse_kind(value, "the step 'conditions'", "a map of names of hold_while", diagnostics);
  for (const YamlEntry& entry : value.entries()) conditions.push_back(read_condition(entry, diagnostics));
  return conditions;
}

/// None: all tables.
std::vector<std::string> read_names(const YamlNode& value, Diagnostics& diagnostics) {
  if (value.is_null()) return {};
  if (value.is_scalar()) return {value.text()};
  std::vector<std::string> names;
  if (value.is_map()) refuse_kind(value, "the step", "a table or a list of tables", diagnostics);
  for (const YamlNode& item : value.items()) names.push_back(item.text());
  return names;
}

void read_wait(const YamlNode& value, CaseStep& step, Diagnostics& diagnostics) {
  if (value.is_null()) return;
  step.wait_ms = duration_ms_of(value.text());
  if (step.wait_ms) return;
  diagnostics.error("value.duration", value.origin(), fmt::format("'{}' is not a duration", value.text()),
                    "write a whole number and its unit: 100ms, 5s, 10m or 1h; nothing waits until all is done");
}

/// `release`, or `release: mass_change`.
std::string read_kind(const YamlNode& value, Diagnostics& diagnostics) {
  if (!value.is_null() && !value.is_scalar()) refuse_kind(value, "the step", "the kind of an anomaly, or nothing", diagnostics);
  return value.is_null() ? std::string() : value.text();
}

/// `capture`, or `insert: { … }`: a word, or a map of one entry.
std::optional<CaseStep> read_step(const YamlNode& value, Diagnostics& diagnostics) {
  const bool has_argument = value.is_map() && value.entries().size() == 1;
  if (!has_argument && !value.is_scalar()) {
    refuse_kind(value, "a step", "one word, or one word with what it needs", diagnostics);
    return std::nullopt;
  }
  const std::string& name = has_argument ? value.entries()[0].key : value.text();
  const YamlNode argument = has_argument ? value.entries()[0].value : YamlNode();
  const auto kind = kind_of(name, value.origin(), diagnostics);
  if (!kind) return std::nullopt;
  CaseStep step{.kind = *kind, .origin = value.origin()};
  switch (*kind) {
    case Kind::insert:
    case Kind::update:
    case Kind::delete_: step.rows = read_case_rows(argument, "the step '" + name + "'", diagnostics); break;
    case Kind::answers: read_answers_step(argument, step, diagnostics); break;
    case Kind::conditions: step.conditions = read_conditions(argument, diagnostics); break;
    case Kind::wait: read_wait(argument, step, diagnostics); break;
    case Kind::restart: break;
    case Kind::release:
    case Kind::reject: step.anomaly = read_kind(argument, diagnostics); break;
    case Kind::snapshot:
    case Kind::capture:
    case Kind::truncate: step.tables = read_names(argument, diagnostics); break;
  }
  return step;
}

}  // namespace

std::vector<CaseStep> read_case_steps(const YamlNode& value, Diagnostics& diagnostics) {
  std::vector<CaseStep> steps;
  if (!value.is_sequence()) refuse_kind(value, "'when' of the case", "a list of steps", diagnostics);
  for (const YamlNode& item : value.items()) {
    auto step = read_step(item, diagnostics);
    if (step && step->kind == Kind::snapshot && !steps.empty()) {
      diagnostics.error("value.unknown", item.origin(), "'snapshot' is the first reading of a table: it can only be the first step",
                        "write 'capture'");
    }
    if (step) steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace engine::settings
