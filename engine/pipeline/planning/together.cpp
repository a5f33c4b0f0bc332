#include "engine/pipeline/planning/together.h"

#include <algorithm>
#include <map>
#include <span>

#include "engine/base/error.h"
#include "engine/journal/delivery/guard/holding.h"

namespace engine::pipeline {

namespace {

/// Transactions by name, and which of them are one.
class Transactions {
 public:
  /// Where the source did not tell for one of them, it may belong to any: then all are one.
  std::size_t number_of(std::string_view name) {
    has_unknown_ = has_unknown_ || name.empty();
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) return known->second;
    const std::size_t number = same_as_.size();
    names_.push_back(&numbers_.emplace(std::string(name), number).first->first);
    return same_as_.emplace_back(number);
  }
  void tie(const std::string& one, const std::string& other) { same_as_[group_of(number_of(one))] = group_of(number_of(other)); }
  std::size_t group_of(std::size_t number) {
    if (has_unknown_) return 0;
    while (same_as_[number] != number) number = same_as_[number] = same_as_[same_as_[number]];
    return number;
  }
  std::string group_name(std::size_t number) const { return has_unknown_ ? std::string() : *names_[number]; }

 private:
  std::map<std::string, std::size_t, std::less<>> numbers_;
  std::vector<const std::string*> names_;
  std::vector<std::size_t> same_as_;
  bool has_unknown_ = false;
};

std::size_t rest_of(std::size_t size, std::size_t planned) { return size - std::min(size, planned); }

}  // namespace

TogetherCycle::TogetherCycle(journal::Records& records, const journal::PipelineRow& row, std::int64_t cycle_id, std::size_t together_max)
    : cycle_id_(cycle_id), position_(row.position), last_seq_(row.position), together_max_(together_max) {
  gather(records, row);
  skip_planned(records, row);
}

/// A cycle may be one transaction of a hundred thousand rows: of each no more is kept than its number and its transaction's.
void TogetherCycle::gather(journal::Records& records, const journal::PipelineRow& row) {
  Transactions transactions;
  struct Outline {
    std::int64_t seq;
    std::size_t transaction;
  };
  std::deque<Outline> changes;
  records.changes.outline(row.table_id, row.position, [&](std::int64_t seq, std::string_view name) { changes.push_back({seq, transactions.number_of(name)}); });
  for (const auto& [one, other] : records.cycles.ties(cycle_id_)) transactions.tie(one, other);
  std::map<std::size_t, std::size_t> places;
  for (const Outline& change : changes) {
    const auto [place, is_new] = places.try_emplace(transactions.group_of(change.transaction), groups_.size());
    if (is_new) groups_.push_back({.transaction = transactions.group_name(change.transaction)});
    groups_[place->second].seqs.push_back(change.seq);
    last_seq_ = change.seq;
  }
}

void TogetherCycle::skip_planned(journal::Records& records, const journal::PipelineRow& row) {
  for (const journal::Bundle& bundle : records.bundles.of_cycle(row.id, cycle_id_)) {
    is_begun_ = true;
    const auto group = std::ranges::find(groups_, bundle.source_transaction, &Group::transaction);
    if (group == groups_.end()) continue;
    group->planned = static_cast<std::size_t>(bundle.changes);
    group->bundle_id = bundle.id;
  }
  std::erase_if(groups_, [](const Group& group) { return rest_of(group.seqs.size(), group.planned) == 0; });
}

/// A cycle that was cut off again and again has several changes of a row: the newest is what is sent.
bool TogetherCycle::is_too_large(journal::Records& records, const Group& group) const {
  if (group.seqs.size() <= together_max_) return false;
  std::set<std::string> rows;
  for (const std::int64_t seq : group.seqs) {
    if (const auto change = records.changes.find(seq)) rows.insert(change->key);
    if (rows.size() > together_max_) return true;
  }
  return false;
}

PlanningPage TogetherCycle::next(journal::Records& records, std::size_t limit) const {
  PlanningPage page{.position = position_, .cycle_id = cycle_id_};
  std::size_t changes = 0;
  auto group = groups_.begin();
  for (; group != groups_.end() && changes < limit; ++group) {
    const std::size_t rest = rest_of(group->seqs.size(), group->planned);
    // One that was begun apart goes on so, whatever is said by now.
    const bool apart = group->planned > 0 || is_too_large(records, *group);
    const std::size_t count = apart ? std::min(rest, limit - changes) : rest;
    page.groups.push_back({group->transaction, group->seqs.size(), group->planned, count, apart, group->bundle_id});
    for (std::size_t i = 0; i < count; ++i) {
      auto change = records.changes.find(group->seqs[group->planned + i]);
      if (!change) throw Error(ErrorCode::journal_failed, "a change that no pipeline has planned is gone from the journal");
      page.changes.push_back(*std::move(change));
    }
    changes += count;
    if (count < rest) break;
  }
  page.is_last = false;
  page.ends_cycle = group == groups_.end();
  page.is_whole_cycle = page.ends_cycle && !is_begun_;
  if (page.ends_cycle) page.position = last_seq_;
  return page;
}

void TogetherCycle::advance(const PlanningPage& page, std::optional<std::int64_t> bundle_id) {
  is_begun_ = true;
  for (const TogetherGroup& done : page.groups) {
    Group& group = groups_.front();
    group.planned = done.planned + done.count;
    group.bundle_id = bundle_id;
    if (rest_of(group.seqs.size(), group.planned) > 0) return;
    groups_.pop_front();
  }
}

namespace {

std::size_t news_among(journal::Records& records, std::span<const PlannedChange> planned) {
  return static_cast<std::size_t>(std::count_if(planned.begin(), planned.end(), [&](const PlannedChange& each) { return Planning::is_news(records, each); }));
}

/// The row by which a group is known; none where nobody will ask: one delivery has nobody to wait for, and the cycle is planned as a whole.
std::optional<std::int64_t> note_group(journal::Records& records, journal::Bundle bundle, const TogetherGroup& group, bool together, bool more) {
  bundle.source_transaction = group.transaction;
  bundle.state = group.apart ? journal::BundleState::apart : together ? journal::BundleState::waiting : journal::BundleState::begun;
  bundle.changes = static_cast<std::int64_t>(group.planned + group.count);
  if (!group.bundle_id) return together || group.apart || more ? std::optional(records.bundles.add(bundle)) : std::nullopt;
  records.bundles.set_changes(*group.bundle_id, bundle.changes);
  return group.bundle_id;
}

bool is_mass_change_held(journal::Records& records, std::int64_t pipeline_id) {
  return records.anomalies.open_of(pipeline_id, journal::mass_change_kind).has_value();
}

/// The rest of a transaction of which an earlier cycle brought the beginning.
void hold_with_its_beginning(journal::Records& records, std::int64_t pipeline_id, const TogetherGroup& group, std::span<PlannedChange> part) {
  const auto holder = group.transaction.empty() ? std::nullopt : records.anomalies.holder_of(pipeline_id, group.transaction);
  if (!holder) return;
  for (PlannedChange& each : part) {
    if (each.delivery && journal::is_open(each.delivery->state)) journal::hold_under(*each.delivery, *holder);
  }
}

std::vector<std::string> keys_of(std::span<const PlannedChange> part) {
  std::vector<std::string> keys;
  for (const PlannedChange& each : part) {
    if (each.delivery) keys.push_back(each.delivery->key);
  }
  return keys;
}

}  // namespace

std::optional<std::int64_t> store_together(journal::Records& records, const journal::PipelineRow& row, PlanningPage& page, std::int64_t now_ms) {
  const journal::Bundle bundle{.pipeline_id = row.id, .cycle_id = page.cycle_id, .created_ms = now_ms};
  std::span<PlannedChange> left(page.planned);
  std::optional<std::int64_t> id;
  const bool was_held = is_mass_change_held(records, row.id);
  for (const TogetherGroup& group : page.groups) {
    const auto part = left.first(group.count);
    left = left.subspan(group.count);
    if (was_held) hold_with_its_beginning(records, row.id, group, part);
    const bool together = !group.apart && news_among(records, part) > 1;
    id = note_group(records, bundle, group, together, !page.ends_cycle);
    Planning::store(records, part, together ? id : std::nullopt);
    // A rejected value that comes again opens its anomaly again.
    if (!is_mass_change_held(records, row.id)) continue;
    if (together) records.anomalies.hold_whole(*id);
    records.anomalies.heal_undone(row.id, keys_of(part), now_ms);
  }
  return id;
}

}  // namespace engine::pipeline
