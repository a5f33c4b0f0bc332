#include "engine/map/plan.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <functional>

#include "engine/model/row_json.h"

namespace engine::map {
namespace {

/// Raised whenever a function or the form of results changes its meaning: then old results no longer count as equal.
constexpr int mapping_version = 1;

PlannedExpression planned(const settings::Expression& expression, std::string subject) {
  std::string named = fmt::format("{} ({})", subject, expression.origin.text());
  return {&expression, std::move(subject), std::move(named), false};
}

/// `"name":value`
std::string member_of(const std::string& field, const model::FieldValue& value) {
  const std::string object = model::fields_json({{field, value}});
  return object.substr(1, object.size() - 2);
}

bool is_null(const model::FieldValue& value) {
  const auto* scalar = std::get_if<model::FieldScalar>(&value);
  return scalar != nullptr && std::holds_alternative<std::monostate>(*scalar);
}

Slot named_slot(const std::string& field, Slot::Kind kind) {
  Slot slot;
  slot.kind = kind;
  slot.field = field;
  model::append_json_string(field, slot.opening);
  slot.opening += ':';
  return slot;
}

Slot expression_slot(const settings::FieldExpression& field, std::string_view what) {
  Slot slot = named_slot(field.field, field.is_list ? Slot::Kind::list : Slot::Kind::expression);
  for (const settings::Expression& expression : field.expressions) {
    slot.expressions.push_back(planned(expression, fmt::format("{} '{}'", what, field.field)));
  }
  return slot;
}

Slot values_slot(const settings::ValuesDefinition& values, bool omit_nulls) {
  Slot slot = named_slot(values.field, Slot::Kind::values);
  const auto member = [&](const model::FieldScalar& value) {
    return omit_nulls && is_null(value) ? std::string{} : member_of(values.field, value);
  };
  slot.expressions.push_back(planned(values.of, fmt::format("field '{}'", values.field)));
  for (const auto& [code, value] : values.in) slot.members.emplace(code, member(value));
  slot.otherwise = values.otherwise;
  slot.otherwise_member =
      member(values.otherwise == settings::Otherwise::null ? model::FieldScalar{} : values.otherwise_value);
  return slot;
}

Slot constant_slot(const std::string& field, const model::FieldValue& value, bool omit_nulls) {
  Slot slot = named_slot(field, Slot::Kind::constant);
  if (!omit_nulls || !is_null(value)) slot.member = member_of(field, value);
  return slot;
}

std::vector<Slot> in_name_order(std::vector<Slot> slots, const settings::Origin& origin,
                                settings::Diagnostics& diagnostics) {
  std::stable_sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.field < b.field; });
  for (std::size_t i = 0; i < slots.size(); ++i) {
    for (std::size_t k = i + 1; k < slots.size(); ++k) {
      const std::string& outer = slots[i].field;
      const std::string& inner = slots[k].field;
      if (inner == outer)
        diagnostics.error("field.double", origin, fmt::format("the field '{}' is given twice", inner));
      if (inner.starts_with(outer + ".")) {
        diagnostics.error("field.double", origin,
                          fmt::format("the field '{}' cannot hold '{}' and a value of its own", outer, inner));
      }
    }
  }
  return slots;
}

void append_arguments(const std::vector<Slot>& slots, std::vector<std::string>& arguments) {
  for (const Slot& slot : slots) {
    for (const PlannedExpression& one : slot.expressions)
      arguments.push_back(fmt::format("(\n{}\n)", one.expression->sql));
  }
}

std::string head_call(const std::string& truth, const std::vector<Slot>& match) {
  std::vector<std::string> arguments{truth};
  append_arguments(match, arguments);
  return fmt::format("{}({})", Receivers::head, fmt::join(arguments, ", "));
}

}  // namespace

std::vector<const PlannedExpression*> Plan::expressions() const {
  std::vector<const PlannedExpression*> all;
  if (where) all.push_back(&*where);
  for (const auto* slots : {&match, &fields}) {
    for (const Slot& slot : *slots) {
      for (const PlannedExpression& one : slot.expressions) all.push_back(&one);
    }
  }
  for (const PlannedExpression& rule : rules) all.push_back(&rule);
  if (comment_when) all.push_back(&*comment_when);
  if (comment_text) all.push_back(&*comment_text);
  return all;
}

std::string Plan::map_statement(std::size_t arguments_max) const {
  std::vector<std::string> arguments;
  append_arguments(fields, arguments);
  // Receivers nest in CASEs, because only CASE promises the order and that nothing behind a false condition is
  // computed.
  std::string inner = "1";
  if (comment_text) {
    inner = fmt::format("{}(CASE WHEN (\n{}\n) THEN (\n{}\n) END)", Receivers::comment, comment_when->expression->sql,
                        comment_text->expression->sql);
  }
  if (!rules.empty()) {
    std::vector<std::string> truths;
    for (const PlannedExpression& rule : rules) truths.push_back(fmt::format("(\n{}\n) IS TRUE", rule.expression->sql));
    inner = fmt::format("CASE WHEN {}({}) THEN {} END", Receivers::rules, fmt::join(truths, ", "), inner);
  }
  const std::size_t chunks = (arguments.size() + arguments_max - 1) / arguments_max;
  for (std::size_t chunk = chunks; chunk-- > 0;) {
    const auto begin = arguments.begin() + static_cast<std::ptrdiff_t>(chunk * arguments_max);
    const auto end =
        arguments.begin() + static_cast<std::ptrdiff_t>(std::min(arguments.size(), (chunk + 1) * arguments_max));
    inner = fmt::format("CASE WHEN {}({}) THEN {} END", Receivers::fields, fmt::join(begin, end, ", "), inner);
  }
  const std::string truth = where ? fmt::format("(\n{}\n) IS TRUE", where->expression->sql) : "1";
  return fmt::format("SELECT (SELECT CASE WHEN {} THEN {} END FROM new) FROM old", head_call(truth, match), inner);
}

std::string Plan::leave_statement() const {
  return fmt::format("SELECT (SELECT {} FROM new) FROM old", head_call("0", match));
}

Plan plan_of(const settings::PipelineDefinition& pipeline, settings::Diagnostics& diagnostics) {
  Plan plan;
  plan.omit_nulls = pipeline.omit_nulls;
  if (pipeline.where) plan.where = planned(*pipeline.where, "where");
  for (const settings::FieldExpression& field : pipeline.target.match) {
    plan.match.push_back(expression_slot(field, "match field"));
    plan.match.back().required = true;
  }
  for (const settings::FieldExpression& field : pipeline.map) {
    plan.fields.push_back(expression_slot(field, "field"));
    plan.fields.back().as_number = pipeline.number_fields.contains(field.field);
    plan.fields.back().as_json = pipeline.json_fields.contains(field.field);
    plan.fields.back().as_text = pipeline.text_fields.contains(field.field);
  }
  for (const settings::FieldExpression& one : pipeline.target.associations) {
    plan.fields.push_back(expression_slot(one, "association"));
    Slot& slot = plan.fields.back();
    slot.field.insert(0, model::association_prefix);
    slot.opening = named_slot(slot.field, slot.kind).opening;
  }
  for (Slot& slot : plan.fields) {
    for (PlannedExpression& expression : slot.expressions) expression.may_refer = true;
  }
  for (const settings::ValuesDefinition& values : pipeline.values)
    plan.fields.push_back(values_slot(values, pipeline.omit_nulls));
  for (const auto& [field, value] : pipeline.set)
    plan.fields.push_back(constant_slot(field, value, pipeline.omit_nulls));
  plan.match = in_name_order(std::move(plan.match), pipeline.target.origin, diagnostics);
  plan.fields = in_name_order(std::move(plan.fields), pipeline.origin, diagnostics);
  for (const settings::GuardRule& rule : pipeline.rules) plan.rules.push_back(planned(rule.check, fmt::format("rule '{}'", rule.name)));
  if (pipeline.target.comment) {
    plan.comment_when = planned(pipeline.target.comment->when, "comment when");
    plan.comment_text = planned(pipeline.target.comment->text, "comment text");
  }
  return plan;
}

std::string fingerprint_of(const settings::PipelineDefinition& pipeline, const std::vector<std::string>& columns) {
  std::string all = fmt::format("map {}\n", mapping_version);
  // Each part with its size in front, so that no two mappings read the same.
  const auto add = [&](std::string_view part) { all += fmt::format("{}:{}\n", part.size(), part); };
  const auto add_fields = [&](std::string_view what, const std::vector<settings::FieldExpression>& fields) {
    add(what);
    for (const settings::FieldExpression& field : fields) {
      add(field.field);
      add(field.is_list ? "list" : pipeline.number_fields.contains(field.field) ? "number" : pipeline.json_fields.contains(field.field) ? "json" : "value");
      for (const settings::Expression& expression : field.expressions) add(expression.sql);
    }
  };
  add(pipeline.where ? "where" : "all");
  if (pipeline.where) add(pipeline.where->sql);
  add_fields("match", pipeline.target.match);
  add_fields("map", pipeline.map);
  if (!pipeline.target.associations.empty()) add_fields("associations", pipeline.target.associations);
  add(model::fields_json(pipeline.set));
  for (const settings::ValuesDefinition& values : pipeline.values) {
    add(values.field);
    add(values.of.sql);
    for (const auto& [code, value] : values.in) {
      add(code);
      add(member_of("", value));
    }
    add(fmt::format("otherwise {} {}", static_cast<int>(values.otherwise), member_of("", values.otherwise_value)));
  }
  add(pipeline.omit_nulls ? "nulls omitted" : "nulls kept");
  if (pipeline.target.comment) {
    add(pipeline.target.comment->when.sql);
    add(pipeline.target.comment->text.sql);
  }
  for (const std::string& column : columns) add(column);
  const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace engine::map
