#include "engine/map/mapper.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/map/check/expression_check.h"
#include "engine/map/check/json_result.h"
#include "engine/map/check/lexer.h"
#include "engine/map/functions/arguments.h"
#include "engine/map/plan.h"
#include "engine/map/result_writer.h"
#include "engine/map/sandbox.h"

namespace engine::map {

struct Mapper::Compiled {
  Compiled(const settings::PipelineDefinition& given, const model::Layout& columns, settings::Diagnostics& diagnostics,
           const MapLimits& limits)
      : pipeline(given),
        layout(columns),
        plan(plan_of(pipeline, diagnostics)),
        state{.layout = &layout, .nested = nested_rows_of(layout)},
        sandbox(state, {limits.steps_max, limits.value_bytes_max}),
        match(plan.match, false, limits.value_bytes_max),
        fields(plan.fields, plan.omit_nulls, limits.value_bytes_max) {}

  // Copies: the plan points into the pipeline, the tables into the layout.
  const settings::PipelineDefinition pipeline;
  const model::Layout layout;
  Plan plan;
  FunctionState state;
  Sandbox sandbox;
  ResultWriter match;
  ResultWriter fields;
  Statement map_statement;
  Statement leave_statement;
  std::string fingerprint;

  // Of the row under way.
  bool is_mapped = false;
  std::optional<std::string> comment;
  std::optional<std::size_t> broken_rule;
  std::string failure;

  void compile(settings::Diagnostics& diagnostics);
  const model::Column* column_read(const std::string& name) const;
  std::string run(const Statement& statement, bool match_only);
  std::string culprit(const std::string& message, bool match_only);
  MapOutcome leave();
  MapOutcome map(const ChangedRow& change);

  static void take_head(sqlite3_context* context, int count, sqlite3_value** values);
  static void take_fields(sqlite3_context* context, int count, sqlite3_value** values);
  static void take_rules(sqlite3_context* context, int count, sqlite3_value** values);
  static void take_comment(sqlite3_context* context, int count, sqlite3_value** values);
};

namespace {

/// Hands `values` to a writer; on a failure the statement ends.
bool take_all(ResultWriter& writer, sqlite3_context* context, int count, sqlite3_value** values, std::string& failure) {
  for (int i = 0; i < count; ++i) {
    failure = writer.take(values[i]);
    if (failure.empty()) continue;
    give_error(context, "the row fails");
    return false;
  }
  return true;
}

void remark_on_json(const Slot& slot, settings::Diagnostics& diagnostics) {
  const bool is_told = slot.as_json || slot.as_text || slot.kind != Slot::Kind::expression;
  if (is_told || !gives_json(slot.expressions.front().expression->sql)) return;
  diagnostics.warning("field.json_text", slot.expressions.front().expression->origin,
                      fmt::format("field '{}' would be sent as a text that holds JSON", slot.field),
                      fmt::format("write 'types: {{ {}: json }}' to send a list or an object, 'text' to send the text", slot.field));
}

}  // namespace

void Mapper::Compiled::take_head(sqlite3_context* context, int count, sqlite3_value** values) {
  auto& self = *static_cast<Compiled*>(sqlite3_user_data(context));
  self.match.begin();
  if (!take_all(self.match, context, count - 1, values + 1, self.failure)) return;
  const bool here = integer_of(values[0]) != 0;
  if (here && !self.match.missing().empty()) {
    self.failure = fmt::format("match {} is NULL or empty", self.match.missing());
    return give_error(context, "the row fails");
  }
  self.is_mapped = here;
  if (here) self.fields.begin();
  give_integer(context, here ? 1 : 0);
}

void Mapper::Compiled::take_fields(sqlite3_context* context, int count, sqlite3_value** values) {
  auto& self = *static_cast<Compiled*>(sqlite3_user_data(context));
  if (take_all(self.fields, context, count, values, self.failure)) give_integer(context, 1);
}

void Mapper::Compiled::take_rules(sqlite3_context* context, int count, sqlite3_value** values) {
  auto& self = *static_cast<Compiled*>(sqlite3_user_data(context));
  for (int i = 0; i < count && !self.broken_rule; ++i) {
    if (integer_of(values[i]) == 0) self.broken_rule = static_cast<std::size_t>(i);
  }
  give_integer(context, 1);
}

void Mapper::Compiled::take_comment(sqlite3_context* context, int, sqlite3_value** values) {
  auto& self = *static_cast<Compiled*>(sqlite3_user_data(context));
  if (!is_null(values[0])) self.comment = std::string(text_of(values[0]));
  give_integer(context, 1);
}

void Mapper::Compiled::compile(settings::Diagnostics& diagnostics) {
  ExpressionCheck check(sandbox, layout, pipeline.depends_on, diagnostics);
  bool usable = true;
  for (const PlannedExpression* one : plan.expressions())
    usable = check.check(*one->expression, one->subject, one->may_refer) && usable;
  for (const Slot& slot : plan.fields) remark_on_json(slot, diagnostics);
  if (!usable || !diagnostics.ok()) return;

  std::size_t match_values = 0;
  for (const Slot& slot : plan.match) match_values += slot.expressions.size();
  if (match_values >= Sandbox::arguments_max) {
    return diagnostics.error("sql.arguments", pipeline.target.origin, "the match has too many fields");
  }
  if (plan.rules.size() > Sandbox::arguments_max) {
    return diagnostics.error("sql.arguments", plan.rules.back().expression->origin, "the guard has too many rules");
  }
  sandbox.add_receiver(Receivers::head, take_head, this);
  sandbox.add_receiver(Receivers::fields, take_fields, this);
  sandbox.add_receiver(Receivers::rules, take_rules, this);
  sandbox.add_receiver(Receivers::comment, take_comment, this);
  for (const auto& [sql, statement] : {std::pair{plan.map_statement(Sandbox::arguments_max), &map_statement},
                                       std::pair{plan.leave_statement(), &leave_statement}}) {
    Sandbox::Prepared prepared = sandbox.prepare(sql, true);
    if (prepared.statement == nullptr) {
      return diagnostics.error("sql.syntax", pipeline.origin,
                               fmt::format("the expressions do not work together: {}", prepared.message));
    }
    *statement = std::move(prepared.statement);
  }
  std::vector<std::string> columns;
  for (const std::string& name : sandbox.columns_read()) {
    if (const model::Column* column = column_read(name)) columns.push_back(fmt::format("{} {}", name, model::name_of(column->type)));
  }
  fingerprint = fingerprint_of(pipeline, columns);
}

/// "ragsoc", or "lines.qta" of a nested table.
const model::Column* Mapper::Compiled::column_read(const std::string& name) const {
  if (const auto position = layout.find(name)) return &layout.columns[*position];
  for (const NestedRows& table : state.nested) {
    const std::string prefix = lower_case(table.name()) + ".";
    const auto position = name.starts_with(prefix) ? table.layout().find(name.substr(prefix.size())) : std::nullopt;
    if (position) return &table.layout().columns[*position];
  }
  return nullptr;
}

/// Empty, or why the row fails.
std::string Mapper::Compiled::run(const Statement& statement, bool match_only) {
  is_mapped = false;
  comment.reset();
  broken_rule.reset();
  failure.clear();
  const std::string message = sandbox.run(statement);
  if (message.empty()) return {};
  return failure.empty() ? culprit(message, match_only) : failure;
}

/// A function's failure does not say for which field it was called, so each expression is tried alone.
std::string Mapper::Compiled::culprit(const std::string& message, bool match_only) {
  const auto tried = [&](const PlannedExpression& one) {
    const Sandbox::Prepared prepared = sandbox.prepare(alone(one.expression->sql));
    const std::string alone_message =
        prepared.statement == nullptr ? prepared.message : sandbox.run(prepared.statement);
    return alone_message.empty() ? alone_message : fmt::format("{}: {}", one.named, alone_message);
  };
  for (const PlannedExpression* one : plan.expressions()) {
    const bool of_match = one->subject.starts_with("match field");
    if (match_only && !of_match) continue;
    if (std::string found = tried(*one); !found.empty()) return found;
  }
  return fmt::format("pipeline '{}': {}", pipeline.name, message);
}

/// The record is to go. A match that is NULL now may have been none before, when the record was written.
MapOutcome Mapper::Compiled::leave() {
  if (!match.missing().empty() && state.row.before) {
    state.row.after = state.row.before;
    ++state.row.number;
    if (std::string reason = run(leave_statement, true); !reason.empty()) return Failed{std::move(reason)};
  }
  return Left{match.missing().empty() ? match.finish() : "{}"};
}

MapOutcome Mapper::Compiled::map(const ChangedRow& change) {
  if (!change.after && !change.before) return Failed{"the change has neither a before nor an after image"};
  state.row = {change.after ? change.after : change.before, change.before, change.time_ms, state.row.number + 1};
  const bool is_delete = !change.after;
  std::string reason = run(is_delete ? leave_statement : map_statement, is_delete);
  if (!reason.empty()) return Failed{std::move(reason)};
  if (!is_mapped) return leave();
  return Mapped{match.finish(), fields.finish(), std::move(comment), broken_rule};
}

Mapper::Mapper(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Mapper::~Mapper() = default;

std::unique_ptr<Mapper> Mapper::compile(const settings::PipelineDefinition& pipeline, const model::Layout& layout,
                                        settings::Diagnostics& diagnostics, const MapLimits& limits) {
  // Problems of other files are theirs: this mapping is judged by its own.
  settings::Diagnostics own;
  std::unique_ptr<Compiled> compiled;
  try {
    compiled = std::make_unique<Compiled>(pipeline, layout, own, limits);
    compiled->compile(own);
  } catch (const Error& error) {
    own.error("sql.layout", pipeline.origin, error.what());
  }
  for (const settings::Diagnostic& one : own.all()) {
    const bool is_error = one.level == settings::Diagnostic::Level::error;
    is_error ? diagnostics.error(one.code, one.origin, one.message, one.suggestion)
             : diagnostics.warning(one.code, one.origin, one.message, one.suggestion);
  }
  if (!own.ok()) return nullptr;
  return std::unique_ptr<Mapper>(new Mapper(std::move(compiled)));
}

MapOutcome Mapper::map(const ChangedRow& change) { return compiled_->map(change); }

const std::string& Mapper::fingerprint() const { return compiled_->fingerprint; }

}  // namespace engine::map
