#include "engine/operate/review/plan/past_guard.h"

#include <algorithm>

namespace engine::operate {

using pipeline::Effect;

namespace {

constexpr std::size_t holds_max = 20;

}  // namespace

bool PastGuard::belongs(const model::Change& change) const {
  return follows_log_ ? change.captured_ms < unit_->first_ms + guard::Unit::log_ms : change.cycle_id == unit_->cycle_id;
}

bool PastGuard::is_limited(Effect effect) const {
  switch (effect) {
    case Effect::create: return limits_.inserts.is_set;
    case Effect::update: return limits_.updates.is_set;
    case Effect::remove: return limits_.deletes.is_set;
    default: return false;
  }
}

void PastGuard::add(const model::Change& change, Effect effect) {
  if (unit_ && !belongs(change)) judge();
  if (!is_limited(effect)) return;
  if (!unit_) unit_ = Unit{.first_seq = change.seq, .first_ms = change.captured_ms, .cycle_id = change.cycle_id};
  unit_->last_seq = change.seq;
  unit_->last_ms = change.captured_ms;
  pipeline::add(unit_->effects, effect);
}

void PastGuard::finish() {
  if (unit_) judge();
}

void PastGuard::judge() {
  const std::int64_t since = unit_->last_ms - limits_.window_ms;
  while (!window_.empty() && window_.front().at_ms < since) window_.pop_front();
  guard::Situation situation{.cycle = unit_->effects};
  for (const Slot& slot : window_) situation.window += slot.effects;
  situation.live = live_;
  guard::Verdict verdict = guard::judge(limits_, situation);
  if (verdict.held && situation.cycle.updates > 0 && situation.window.updates > 0) {
    // A record that changes often is one record.
    situation.window.updates = std::min(situation.window.updates, count_rows_(window_.front().first_seq, unit_->first_seq - 1));
    verdict = guard::judge(limits_, situation);
  }
  if (verdict.held) {
    ++number_;
    if (holds_.size() < holds_max) holds_.push_back({unit_->last_ms, unit_->cycle_id, std::move(verdict.text)});
  }
  remember();
  unit_.reset();
}

void PastGuard::remember() {
  const std::int64_t slot = unit_->last_ms - unit_->last_ms % journal::Guarding::slot_ms;
  if (window_.empty() || window_.back().at_ms != slot) window_.push_back({.at_ms = slot, .first_seq = unit_->first_seq});
  window_.back().effects += unit_->effects;
}

}  // namespace engine::operate
