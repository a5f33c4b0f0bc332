#include "engine/pipeline/planning/effects.h"

#include <set>

namespace engine::pipeline {

namespace {

using journal::Delivery;

bool is_watched(const settings::MassChange& limits, const Delivery& delivery) {
  return delivery.present ? limits.watches(limits.inserts) || limits.watches(limits.updates) : limits.watches(limits.deletes);
}

/// Match values of rows that stand on one page, with the key of the one that came last: a row that got another key is an insert and a
/// delete, and its record stays.
using Comers = std::map<std::string, std::string, std::less<>>;

Comers comers_of(const std::vector<PlannedChange>& planned) {
  Comers comers;
  for (const PlannedChange& each : planned) {
    if (each.delivery && each.delivery->present) comers.insert_or_assign(each.delivery->match, each.delivery->key);
  }
  return comers;
}

bool is_taken_over(journal::Records& records, const Comers& comers, const Delivery& leaving, const std::string& match) {
  const auto comer = comers.find(match);
  if (comer != comers.end() && comer->second != leaving.key && match != "{}") return true;
  return records.deliveries.is_taken_over(leaving, match, true);
}

/// A row that gets another key takes its record along.
Effect effect_on_record(journal::Records& records, const Comers& comers, const PlannedChange& planned) {
  const Delivery& delivery = *planned.delivery;
  auto sent = records.deliveries.last_sent(delivery.pipeline_id, delivery.key);
  if (planned.moved_from && !(sent && sent->live)) sent = records.deliveries.last_sent(delivery.pipeline_id, *planned.moved_from);
  const bool live = sent && sent->live;
  if (live && planned.moved_away && sent->match != "{}") return Effect::none;
  if (!delivery.present) return live && !is_taken_over(records, comers, delivery, sent->match) ? Effect::remove : Effect::none;
  if (!live) return Effect::create;
  return records.deliveries.is_as_sent(delivery, sent) ? Effect::none : Effect::update;
}

Effect effect_of(journal::Records& records, const settings::MassChange& limits, const Comers& comers, const PlannedChange& planned,
                 const model::Change& change) {
  const Delivery& delivery = *planned.delivery;
  if (!is_open(delivery.state) || !is_watched(limits, delivery)) return Effect::none;
  const Effect effect = delivery.every_change ? (change.before ? Effect::update : Effect::create) : effect_on_record(records, comers, planned);
  switch (effect) {
    // Whoever has a table delivered from the start has announced all its rows.
    case Effect::create: return limits.watches(limits.inserts) && change.operation != model::Operation::snapshot ? effect : Effect::none;
    case Effect::update: return limits.watches(limits.updates) ? effect : Effect::none;
    default: return effect;
  }
}

}  // namespace

void add(journal::EffectCounts& counts, Effect effect, std::int64_t times) {
  switch (effect) {
    case Effect::none: break;
    case Effect::create: counts.inserts += times; break;
    case Effect::update: counts.updates += times; break;
    case Effect::remove: counts.deletes += times; break;
  }
}

bool may_have_effect(const settings::MassChange& limits, const PlannedChange& planned) {
  return planned.delivery && is_open(planned.delivery->state) && is_watched(limits, *planned.delivery);
}

std::vector<Effect> effects_of(journal::Records& records, const settings::MassChange& limits, const std::vector<model::Change>& changes,
                               const std::vector<PlannedChange>& planned, const std::vector<std::int64_t>& wanted) {
  std::vector<Effect> effects(planned.size(), Effect::none);
  Comers comers;
  bool has_comers = false;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    if (!planned[i].delivery || wanted[i] == 0) continue;
    if (!planned[i].delivery->present && !has_comers) {
      comers = comers_of(planned);
      has_comers = true;
    }
    effects[i] = effect_of(records, limits, comers, planned[i], changes[i]);
  }
  return effects;
}

}  // namespace engine::pipeline
