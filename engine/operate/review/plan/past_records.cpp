#include "engine/operate/review/plan/past_records.h"

#include <algorithm>

#include "engine/guard/flip_flop.h"

namespace engine::operate {

PastRecords::PastRecords(const settings::PipelineDefinition* pipeline) {
  if (pipeline == nullptr) return;
  settle_ = pipeline->settle;
  flips_ = pipeline->flip_flop;
  flips_.ignore.clear();  // the numbers of states know nothing of those fields
}

void PastRecords::add(const model::Change& change, const PastMove& move) {
  const std::int64_t now_ms = change.captured_ms;
  forget_old(now_ms);
  const auto [entry, is_new] = records_.try_emplace(change.key);
  Record& record = entry->second;
  // As it was at the target before anything is known of it.
  if (is_new) record.sent.push_back({.fields = std::to_string(move.from)});
  record.touched_ms = now_ms;
  if (!settle_.is_on() || change.operation == model::Operation::snapshot) return send(record, move.to, now_ms);
  if (record.waits && now_ms < record.go_ms) {
    ++merged_;
  } else {
    if (record.waits) send(record, record.state, record.go_ms);
    record.waits = true;
    record.by_ms = now_ms + settle_.at_most_ms;
  }
  record.state = move.to;
  record.go_ms = std::min(now_ms + settle_.quiet_ms, record.by_ms);
}

void PastRecords::send(Record& record, std::uint64_t state, std::int64_t at_ms) {
  if (!flips_.is_on()) return;
  const journal::Delivery next{.match = {}, .fields = std::to_string(state), .created_ms = at_ms};
  if (guard::object_to_flip(flips_, record.sent, next)) {
    ++held_;
    return;
  }
  record.sent.insert(record.sent.begin(), {.sent_ms = at_ms, .fields = *next.fields});
  if (record.sent.size() > guard::flips_looked_at) record.sent.pop_back();
}

void PastRecords::finish() {
  for (auto& [key, record] : records_) {
    if (record.waits) send(record, record.state, record.go_ms);
    record.waits = false;
  }
}

void PastRecords::forget_old(std::int64_t now_ms) {
  if (records_.size() < sweep_at_) return;
  const std::int64_t kept_ms = std::max(settle_.at_most_ms, flips_.within_ms);
  for (auto& [key, record] : records_) {
    if (record.waits && record.go_ms <= now_ms) {
      send(record, record.state, record.go_ms);
      record.waits = false;
    }
  }
  std::erase_if(records_, [&](const auto& each) { return !each.second.waits && each.second.touched_ms < now_ms - kept_ms; });
  sweep_at_ = std::max<std::size_t>(10'000, 2 * records_.size());
}

}  // namespace engine::operate
