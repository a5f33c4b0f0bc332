#include "engine/pipeline/planning/planning.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/model/key.h"
#include "engine/model/row_json.h"
#include "engine/pipeline/planning/columns/column_use.h"

namespace engine::pipeline {

// A record that was never sent and has nothing under way can't be at the target by our hand: its leaving is no news.
bool Planning::may_be_at_target(journal::Records& records, const journal::Delivery& delivery) {
  const auto sent = records.deliveries.last_sent(delivery.pipeline_id, delivery.key);
  if (sent && sent->live) return true;
  journal::Delivery any_of_key = delivery;
  any_of_key.id = 0;
  return records.deliveries.waiting_behind(any_of_key).has_value();
}

std::string redirected(std::string fields, const model::FieldMap& redirect) {
  if (redirect.empty()) return fields;
  model::FieldMap values = model::fields_from_json(fields);
  for (const auto& [name, value] : redirect) {
    if (const auto field = values.find(name); field != values.end()) field->second = value;
  }
  return model::fields_json(values);
}

std::string not_met(const settings::GuardRule& rule) { return "the rule '" + rule.name + "' is not met"; }

namespace {

void keep_back(journal::Delivery& delivery, const settings::GuardRule& rule) {
  using Action = settings::GuardRule::Action;
  if (rule.action == Action::hold) {
    delivery.objection = {.kind = "rule: " + rule.name, .text = not_met(rule)};
    return;
  }
  delivery.state = rule.action == Action::drop ? journal::DeliveryState::dropped : journal::DeliveryState::dead;
  delivery.reason = not_met(rule);
}

}  // namespace

Planning::Planning(const settings::PipelineDefinition& pipeline, const model::Layout& layout,
                   std::unique_ptr<map::Mapper> mapper)
    : pipeline_(pipeline), layout_(layout), key_layout_(model::key_layout(layout)), mapper_(std::move(mapper)) {}

std::unique_ptr<Planning> Planning::compile(const settings::PipelineDefinition& pipeline, const model::Layout& layout,
                                            settings::Diagnostics& diagnostics) {
  std::unique_ptr<map::Mapper> mapper = map::Mapper::compile(pipeline, layout, diagnostics);
  if (!mapper) return nullptr;
  return std::unique_ptr<Planning>(new Planning(pipeline, layout, std::move(mapper)));
}

void Planning::learn(journal::Records& records, std::int64_t layout_id) {
  if (older_.contains(layout_id)) return;
  const auto layout = records.tables.layout(layout_id);
  if (!layout) throw Error(ErrorCode::journal_failed, "the journal holds a change of a layout that is not there");
  Older older{.layout = model::OlderLayout(*layout, layout_)};
  for (std::size_t column = 0; column < layout_.columns.size(); ++column) {
    if (!older.layout.has(column) && names_column(pipeline_, layout_.columns[column].name)) older.lacks = true;
  }
  older_.emplace(layout_id, std::move(older));
}

bool Planning::lacks_columns(std::int64_t layout_id) const {
  const auto older = older_.find(layout_id);
  return older != older_.end() && older->second.lacks;
}

Planning::Renewal Planning::renew(journal::Records& records, model::Change& change) {
  learn(records, change.layout_id);
  if (!lacks_columns(change.layout_id) || !change.after || pipeline_.deliver == settings::DeliverPolicy::every_change) return Renewal::done;
  const auto image = records.images.find(change.table_id, model::encoded_key_of(layout_, model::key_parts(change.key)));
  if (!image) return Renewal::moved;
  learn(records, image->layout_id);
  if (lacks_columns(image->layout_id)) return Renewal::wait;
  if (change.before) {
    before_.begin(layout_.columns.size());
    older_.at(change.layout_id).layout.append_row(*change.before, before_);
    change.before = model::row_json(layout_, before_.row(0));
  }
  change.after = image->image;
  change.layout_id = image->layout_id;
  return Renewal::done;
}

map::MapOutcome Planning::map_images(const std::optional<std::string>& after, const std::optional<std::string>& before,
                                     std::int64_t layout_id, std::int64_t time_ms) {
  map::ChangedRow row;
  row.time_ms = time_ms;
  const auto older = older_.find(layout_id);
  const auto read = [&](const std::optional<std::string>& image, model::RowBatch& batch) {
    batch.begin(layout_.columns.size());
    if (!image) return std::optional<model::RowView>{};
    older == older_.end() ? model::append_row_from_json(layout_, *image, batch) : older->second.layout.append_row(*image, batch);
    return std::optional(batch.row(0));
  };
  row.after = read(after, after_);
  row.before = read(before, before_);
  return mapper_->map(row);
}

void Planning::fill(journal::Delivery& delivery, map::MapOutcome outcome, std::int64_t captured_ms) const {
  delivery.connection = pipeline_.target.connection;
  delivery.object = pipeline_.target.object;
  delivery.every_change = pipeline_.deliver == settings::DeliverPolicy::every_change;
  delivery.mapping = mapper_->fingerprint();
  if (pipeline_.valid_for_ms > 0) delivery.expires_ms = captured_ms + pipeline_.valid_for_ms;
  if (auto* mapped = std::get_if<map::Mapped>(&outcome)) {
    delivery.match = std::move(mapped->match);
    delivery.fields = redirected(std::move(mapped->fields), pipeline_.target.redirect);
    delivery.comment = std::move(mapped->comment);
    if (mapped->broken_rule) keep_back(delivery, pipeline_.rules[*mapped->broken_rule]);
  } else if (auto* left = std::get_if<map::Left>(&outcome)) {
    delivery.match = std::move(left->match);
    delivery.present = false;
  } else {
    delivery.match = "{}";
    delivery.state = journal::DeliveryState::dead;
    delivery.reason = std::get<map::Failed>(outcome).reason;
  }
}

PlannedChange Planning::map_change(const journal::PipelineRow& row, const model::Change& change, const Clock& clock) {
  journal::Delivery delivery;
  delivery.pipeline_id = row.id;
  delivery.key = change.key;
  delivery.cycle_id = change.cycle_id;
  delivery.first_seq = delivery.last_seq = change.seq;
  delivery.created_ms = delivery.updated_ms = clock.wall_ms();
  const std::int64_t time_ms = change.source_time_ms.value_or(change.captured_ms);
  fill(delivery, map_images(change.after, change.before, change.layout_id, time_ms), change.captured_ms);
  // A message tells that something happened: a row that leaves has nothing to tell.
  if (delivery.every_change && !delivery.present) return {change.seq, std::nullopt};
  const bool moved_away = change.operation == model::Operation::delete_ && change.changed_columns != "[]";
  return {change.seq, std::move(delivery), key_before(change), moved_away};
}

/// Of an update that changed a column of the key.
std::optional<std::string> Planning::key_before(const model::Change& change) {
  if (change.operation != model::Operation::update || !change.before) return std::nullopt;
  std::string name;
  const auto is_named = [&](const model::Column& column) {
    name.clear();
    model::append_json_string(column.name, name);
    return change.changed_columns.find(name) != std::string::npos;
  };
  if (std::ranges::none_of(key_layout_.columns, is_named)) return std::nullopt;
  before_.begin(key_layout_.columns.size());
  model::append_row_from_json(key_layout_, *change.before, before_);
  return model::key_json(key_layout_, before_.row(0));
}

journal::Delivery Planning::map_image(const journal::PipelineRow& row, const journal::RowImage& image, const Clock& clock) {
  const std::int64_t now = clock.wall_ms();
  journal::Delivery delivery;
  delivery.pipeline_id = row.id;
  delivery.created_ms = delivery.updated_ms = now;
  fill(delivery, map_images(image.image, std::nullopt, image.layout_id, now), now);
  delivery.key = model::key_json(layout_, after_.row(0));
  return delivery;
}

bool Planning::is_news(journal::Records& records, const PlannedChange& planned) {
  if (!planned.delivery) return false;
  const bool dead = planned.delivery->state == journal::DeliveryState::dead;
  return dead || planned.delivery->present || may_be_at_target(records, *planned.delivery);
}

void Planning::store(journal::Records& records, std::span<const PlannedChange> planned, std::optional<std::int64_t> bundle_id) {
  for (const PlannedChange& change : planned) {
    if (!change.delivery) continue;
    journal::Delivery delivery = *change.delivery;
    // Where its record cannot follow, it is made anew, and the old one goes with the delete of the old key.
    if (change.moved_from && !delivery.every_change) records.deliveries.move_record(delivery.pipeline_id, *change.moved_from, delivery.key);
    if (change.moved_away && records.deliveries.is_moved_away(delivery.pipeline_id, delivery.key)) continue;
    if (!is_news(records, change)) continue;
    delivery.bundle_id = bundle_id;
    records.deliveries.plan(delivery);
  }
}

void Planning::hold_under_pauses(journal::Records& records, journal::Delivery& delivery) const {
  if (delivery.state != journal::DeliveryState::pending || !records.pauses.covers(pipeline_.name, pipeline_.target.connection)) return;
  delivery.state = journal::DeliveryState::held;
  delivery.reason = "paused";
}

std::int64_t Planning::plan_under_pauses(journal::Records& records, journal::Delivery& delivery) const {
  hold_under_pauses(records, delivery);
  const std::int64_t id = records.deliveries.plan(delivery);
  records.anomalies.close_healed(delivery.pipeline_id, delivery.created_ms);
  return id;
}

/// A dead one of a transaction that waits for it keeps its place, and shows what that transaction made of its row: behind a later one the two would wait for
/// each other. False: nothing has to be sent.
bool Planning::put_back(journal::Records& records, const journal::Delivery& old, const PlannedChange& planned) const {
  if (!is_news(records, planned)) return false;
  journal::Delivery anew = *planned.delivery;
  anew.id = old.id;
  anew.generation = old.generation + 1;
  hold_under_pauses(records, anew);
  records.deliveries.put_back(anew);
  return true;
}

std::optional<std::int64_t> Planning::plan_again(journal::Records& records, const journal::Delivery& old,
                                                 const Clock& clock) {
  const auto pipeline = records.pipelines.find(pipeline_.name);
  ENGINE_ASSERT(pipeline && pipeline->id == old.pipeline_id);
  const bool keeps_place = records.bundles.keeps_place(old);
  const std::int64_t seq_max = old.every_change || keeps_place ? old.last_seq : records.changes.last_seq();
  const auto newest = records.changes.of_key(pipeline->table_id, old.key, 1, seq_max);
  if (newest.empty()) {
    throw Error(ErrorCode::config_invalid, "the change behind delivery " + std::to_string(old.id) + " is no longer in the journal",
                {{"key", old.key}}, "older than the retention: read the row again at the source");
  }
  model::Change change = newest.front();
  if (renew(records, change) != Renewal::done) {
    throw Error(ErrorCode::config_invalid, "the columns of table " + pipeline_.table + " changed, and this row was not read since", {{"key", old.key}},
                "wait until the table was read again");
  }
  PlannedChange planned = map_change(*pipeline, change, clock);
  if (keeps_place && put_back(records, old, planned)) return old.id;
  journal::Delivery superseded = old;
  superseded.state = journal::DeliveryState::superseded;
  superseded.updated_ms = clock.wall_ms();
  std::optional<std::int64_t> id;
  if (planned.delivery && (planned.delivery->present || may_be_at_target(records, *planned.delivery))) {
    planned.delivery->first_seq = old.first_seq;
    planned.delivery->generation = old.generation + 1;
    id = plan_under_pauses(records, *planned.delivery);
    superseded.superseded_by = id;
  }
  superseded.reason = id ? "retried as delivery " + std::to_string(*id) : "retried: nothing is to be sent any more";
  records.deliveries.update(superseded);
  return id;
}

}  // namespace engine::pipeline
