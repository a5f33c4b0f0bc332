#include "engine/operate/review/plan/comparison.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/fields.h"
#include "engine/pipeline/planning/columns/column_use.h"

namespace engine::operate {

namespace {

using pipeline::Forecast;

bool equal(const map::MapOutcome& one, const map::MapOutcome& other) {
  if (one.index() != other.index()) return false;
  if (const auto* mapped = std::get_if<map::Mapped>(&one)) {
    const auto& second = std::get<map::Mapped>(other);
    return mapped->match == second.match && mapped->fields == second.fields && mapped->comment == second.comment;
  }
  if (const auto* left = std::get_if<map::Left>(&one)) return left->match == std::get<map::Left>(other).match;
  return true;
}

bool equal(const std::optional<map::MapOutcome>& one, const std::optional<map::MapOutcome>& other) {
  return one.has_value() == other.has_value() && (!one || equal(*one, *other));
}

bool alike(const settings::GuardRule* one, const settings::GuardRule* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->name == other->name && one->action == other->action;
}

bool equal_cells(const model::RowView& one, const model::RowView& other, std::size_t column) {
  return one.is_null(column) == other.is_null(column) && one.text(column) == other.text(column);
}

/// As it stands in JSON, digits kept.
std::string value_text(const model::FieldMap& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : model::value_json(found->second);
}

PastSaid said(const PastSide& side, PastCall call, const Forecast& forecast) {
  PastSaid said{.call = call};
  if (!is_call(call)) said.reason = forecast.reason;
  if (is_call(call) && forecast.request) said.request = shown_request(side.connection(), forecast.request->request);
  return said;
}

}  // namespace

std::string_view name_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::added: return "added";
    case DifferenceKind::removed: return "removed";
    case DifferenceKind::different: break;
  }
  return "different";
}

Comparison::Comparison(std::unique_ptr<PastSide> now, std::unique_ptr<PastSide> then, const model::Layout& layout, bool same_sending)
    : now_(std::move(now)), then_(std::move(then)), same_sending_(same_sending) {
  asks_for_the_moment_ = (now_ && now_->asks_for_the_moment()) || (then_ && then_->asks_for_the_moment());
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    const std::string& name = layout.columns[column].name;
    const bool is_read = (now_ && pipeline::names_column(now_->definition(), name)) || (then_ && pipeline::names_column(then_->definition(), name));
    if (is_read) columns_read_.push_back(column);
  }
}

bool Comparison::reads_a_change(const PastRow& row) const {
  if (!row.after || !row.before || asks_for_the_moment_) return true;
  return std::ranges::any_of(columns_read_, [&](std::size_t column) { return !equal_cells(*row.after, *row.before, column); });
}

// Where no column that is read has changed, the row maps as it did before, and is not mapped twice.
std::optional<Comparison::Half> Comparison::mapped(PastSide* side, const PastRow& row, bool reads_a_change) const {
  if (side == nullptr) return std::nullopt;
  Half half{.outcome = {.is = side->map_after(row), .was = std::nullopt}};
  if (reads_a_change) {
    half.outcome.was = side->map_before(row);
  } else if (!side->is_every_change()) {
    half.outcome.was = half.outcome.is;
  }
  half.call = side->call_of(half.outcome);
  return half;
}

bool Comparison::maps_alike(const Half& now, const Half& then) const {
  return equal(now.outcome.is, then.outcome.is) && equal(now.outcome.was, then.outcome.was) &&
         alike(now_->broken_rule(now.outcome), then_->broken_rule(then.outcome));
}

Comparison::Halves Comparison::mapped(const PastRow& row) const {
  const bool reads = reads_a_change(row);
  return {mapped(now_.get(), row, reads), mapped(then_.get(), row, reads)};
}

Compared Comparison::compare(const PastRow& row) {
  Halves halves = mapped(row);
  auto& [now, then] = halves;
  Compared compared;
  if (now) compared.effect_now = now_->effect_of(row, now->outcome);
  if (then) compared.effect_then = then_->effect_of(row, then->outcome);
  const bool nothing = (!now || now->call == PastCall::none) && (!then || then->call == PastCall::none);
  const bool known_alike = same_sending_ && now && then && maps_alike(*now, *then);
  if (!nothing && !known_alike) compared.difference = look_closer(row, halves);
  if (now) compared.now = now->call;
  if (then) compared.then = then->call;
  if (is_call(compared.now)) compared.move_now = now_->move_of(now->outcome);
  if (is_call(compared.then)) compared.move_then = then_->move_of(then->outcome);
  if (compared.now == PastCall::kept_back) compared.rule_now = now_->broken_rule(now->outcome);
  if (compared.then == PastCall::kept_back) compared.rule_then = then_->broken_rule(then->outcome);
  if (compared.difference == DifferenceKind::different) {
    for (const auto& [name, value] : model::differing_fields(then->forecast.fields, now->forecast.fields)) compared.fields.push_back(name);
  }
  return compared;
}

/// The requests themselves are made and compared.
std::optional<DifferenceKind> Comparison::look_closer(const PastRow& row, Halves& halves) {
  const auto calls = [&row](PastSide* side, std::optional<Half>& half) {
    if (!half) return false;
    half->forecast = side->forecast(row, half->outcome);
    half->call = side->call_of(half->outcome, half->forecast);
    return is_call(half->call);
  };
  const bool calls_now = calls(now_.get(), halves.now);
  const bool calls_then = calls(then_.get(), halves.then);
  if (!calls_now && !calls_then) return std::nullopt;
  if (!calls_now) return DifferenceKind::added;
  if (!calls_then) return DifferenceKind::removed;
  const Forecast& now = halves.now->forecast;
  const Forecast& then = halves.then->forecast;
  const bool equal = now_->connection().url == then_->connection().url && now.call == then.call && now.request->request == then.request->request;
  return equal ? std::nullopt : std::optional(DifferenceKind::different);
}

CallDifference Comparison::explain(const PastRow& row) {
  Halves halves = mapped(row);
  const auto kind = look_closer(row, halves);
  ENGINE_ASSERT(kind);
  CallDifference difference{.kind = *kind, .seq = row.change.seq, .at_ms = row.change.captured_ms, .key = row.change.key};
  if (halves.now) difference.now = said(*now_, halves.now->call, halves.now->forecast);
  if (halves.then) difference.then = said(*then_, halves.then->call, halves.then->forecast);
  const auto called = [](const std::optional<Half>& half) { return half && is_call(half->call) ? half->forecast.fields : model::FieldMap(); };
  const model::FieldMap fields_now = called(halves.now);
  const model::FieldMap fields_then = called(halves.then);
  for (const auto& [name, value] : model::differing_fields(fields_then, fields_now)) {
    difference.fields.push_back({name, value_text(fields_now, name), value_text(fields_then, name)});
  }
  return difference;
}

}  // namespace engine::operate
