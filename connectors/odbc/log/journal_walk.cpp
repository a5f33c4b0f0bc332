#include "connectors/odbc/log/journal_walk.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace connectors::odbc {

using engine::model::LogLost;

JournalPosition ReceiverChain::end() const {
  ENGINE_ASSERT(!receivers_.empty());
  const Receiver& last = receivers_.back();
  return {last.library, last.name, last.last};
}

JournalPosition ReceiverChain::before_end(std::int64_t entries) const {
  ENGINE_ASSERT(!receivers_.empty());
  std::size_t number = receivers_.size() - 1;
  while (true) {
    const Receiver& receiver = receivers_[number];
    const std::int64_t there = receiver.last - receiver.first + 1;
    const bool goes_on = entries > there && number > 0 && follows(number) && !is_reset(number) && receivers_[number - 1].readable;
    if (!goes_on) return {receiver.library, receiver.name, std::max(receiver.first, receiver.last - entries + 1)};
    entries -= there;
    --number;
  }
}

std::size_t ReceiverChain::number_of(const JournalPosition& position) const {
  for (std::size_t number = 0; number < receivers_.size(); ++number) {
    const Receiver& receiver = receivers_[number];
    if (receiver.library == position.library && receiver.name == position.receiver && receiver.readable) return number;
  }
  throw LogLost(fmt::format("the journal receiver {}/{} is gone before it was read to its end", position.library, position.receiver));
}

std::vector<Stretch> ReceiverChain::from(const JournalPosition& position) const {
  const std::size_t begin = number_of(position);
  std::vector<Stretch> stretches;
  for (std::size_t number = begin; number < receivers_.size(); ++number) {
    const Receiver& receiver = receivers_[number];
    if (number > begin && (!receiver.readable || !follows(number))) {
      throw LogLost(fmt::format("journal receivers are missing between {}/{} and {}/{}", receivers_[number - 1].library, receivers_[number - 1].name,
                                receiver.library, receiver.name));
    }
    for (std::int64_t first = number == begin ? position.sequence : receiver.first; first <= receiver.last; first += stretch_max) {
      stretches.push_back({number, first, std::min(receiver.last, first + stretch_max - 1)});
    }
  }
  return stretches;
}

ReceiverOutlook ReceiverChain::outlook(const JournalPosition& position) const {
  ReceiverOutlook outlook;
  for (const Stretch& stretch : from(position)) outlook.behind += stretch.last - stretch.first + 1;
  for (const Receiver& receiver : receivers_) {
    if (receiver.readable && receiver.detached_s) outlook.kept_s = std::max(outlook.kept_s.value_or(0), *receiver.detached_s);
  }
  if (outlook.kept_s) outlook.left_s = *outlook.kept_s - receivers_[number_of(position)].detached_s.value_or(0);
  return outlook;
}

std::vector<RowHint> one_a_place(std::vector<RowHint> hints) {
  std::map<std::int64_t, RowHint> by_place;
  for (RowHint& hint : hints) {
    const auto [found, is_first] = by_place.try_emplace(hint.place, hint);
    if (is_first) continue;
    RowHint& last = found->second;
    if (last.provenance.transaction != hint.provenance.transaction) last.earlier.push_back(std::move(last.provenance));
    last.provenance = std::move(hint.provenance);
  }
  std::vector<RowHint> once;
  for (auto& [place, hint] : by_place) once.push_back(std::move(hint));
  return once;
}

void OpenCycles::add(std::int64_t cycle, const JournalPosition& at, RowHint hint) {
  const auto [found, is_new] = cycles_.try_emplace(cycle, Cycle{added_, at, std::vector<RowHint>()});
  if (is_new) ++added_;
  auto& hints = found->second.hints;
  if (hints && hints->size() == hints_max) hints.reset();
  if (hints) hints->push_back(std::move(hint));
}

std::optional<std::vector<RowHint>> OpenCycles::close(std::int64_t cycle) {
  auto closed = cycles_.extract(cycle);
  if (closed.empty()) return std::vector<RowHint>();
  return std::move(closed.mapped().hints);
}

std::optional<JournalPosition> OpenCycles::oldest() const {
  const auto first = std::min_element(cycles_.begin(), cycles_.end(), [](const auto& a, const auto& b) { return a.second.order < b.second.order; });
  return first == cycles_.end() ? std::nullopt : std::optional(first->second.at);
}

}  // namespace connectors::odbc
