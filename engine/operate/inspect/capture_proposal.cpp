#include "engine/operate/inspect/capture_proposal.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/base/text/durations.h"
#include "engine/operate/inspect/yaml_text.h"

namespace engine::operate {

namespace {

/// A table may keep its database busy for this part of the time.
constexpr double busy_share = 0.05;
constexpr double quick_ms = 15'000;  ///< intervals beyond it are slow enough to look for another mode
constexpr std::int64_t steps[] = {second_ms,      2 * second_ms,  5 * second_ms,  10 * second_ms, 15 * second_ms, 30 * second_ms,
                                  minute_ms,      2 * minute_ms,  5 * minute_ms,  10 * minute_ms, 15 * minute_ms, 30 * minute_ms,
                                  hour_ms,        2 * hour_ms,    6 * hour_ms,    12 * hour_ms,   24 * hour_ms};

std::string measured(double ms) { return ms < 1'000 ? fmt::format("{:.{}f} ms", ms, ms < 10 ? 1 : 0) : fmt::format("{:.1f} s", ms / 1'000); }

/// What a table's cycle costs in which something changed.
struct Costs {
  std::uint64_t rows = 0;
  double whole_ms = 0;
  std::optional<double> checking_ms;
  double changed_ms() const { return checking_ms ? std::min(whole_ms, *checking_ms * 1.5) : whole_ms; }
};

Costs costs_of(const CaptureFacts& facts) {
  Costs costs{.rows = std::max<std::uint64_t>(facts.count.rows.value_or(0), facts.time.rows)};
  costs.whole_ms = facts.time.reading_ms(costs.rows);
  if (facts.key_is_indexed) costs.checking_ms = facts.time.checking_ms(costs.rows);
  return costs;
}

void tell_reading(const CaptureFacts& facts, const Costs& costs, std::vector<std::string>& reasons) {
  const ReadingTime& time = facts.time;
  if (time.rows == 0) {
    reasons.emplace_back("there are no rows to measure yet: look again when there are");
    return;
  }
  std::string text = fmt::format("{} rows were read in {}", time.rows, measured(time.rows_ms));
  if (!time.all_read && costs.rows > time.rows) {
    text += fmt::format(", so all {}{} take about {}", facts.count.estimated ? "about " : "", costs.rows, measured(costs.whole_ms));
  } else if (!time.all_read && !facts.count.rows) {
    text += "; how many there are took too long to count";
  }
  reasons.push_back(text);
}

void tell_help(const CaptureFacts& facts, const Costs& costs, std::vector<std::string>& reasons) {
  if (facts.time.probe_ms) {
    reasons.push_back(fmt::format("the database proves in {} that nothing was committed: then no row is read", measured(*facts.time.probe_ms)));
  }
  if (costs.checking_ms && costs.rows > facts.time.rows) {
    reasons.push_back(fmt::format("it computes checksums of all rows in about {}: only ranges that differ are read", measured(*costs.checking_ms)));
  }
}

const GrowthCandidate* best(const std::vector<GrowthCandidate>& candidates) {
  const auto usable = std::find_if(candidates.begin(), candidates.end(), [](const GrowthCandidate& each) {
    return each.growth != model::Growth::none && each.indexed && !each.has_nulls;
  });
  return usable == candidates.end() ? nullptr : &*usable;
}

std::string trust(const std::string& column) {
  return fmt::format("that every writer sets {} is yours to know: what does not is found when all rows are read, as are deletes", column);
}

/// All rows are still read now and then: deletes, and what did not set the column, show only there.
CaptureProposal by_column(const GrowthCandidate& column, const Costs& costs) {
  CaptureProposal proposal{.mode = "watermark", .every_ms = 2 * second_ms, .column = column.name};
  if (column.growth == model::Growth::moment) proposal.overlap_ms = 10 * minute_ms;
  proposal.full_every_ms = std::max(hour_ms, interval_step(costs.whole_ms / busy_share));
  proposal.reasons.push_back(fmt::format("{} looks like the time of the last change, and an index leads with it: a cycle reads what lies beyond its mark", column.name));
  if (column.growth == model::Growth::moment) {
    proposal.reasons.push_back("overlap: longer than the longest transaction that writes the table; 10m covers most, a nightly batch may ask for more");
  }
  proposal.reasons.push_back(trust(column.name));
  return proposal;
}

CaptureProposal by_diff(const CaptureFacts& facts, const Costs& costs) {
  const std::int64_t least = facts.time.probe_ms || costs.whole_ms < 10 ? second_ms : 2 * second_ms;
  CaptureProposal proposal{.mode = "diff", .every_ms = std::max(least, interval_step(costs.changed_ms() / busy_share))};
  // What was neither read to its end nor counted is large.
  if (!facts.time.all_read && !facts.count.rows) proposal.every_ms = std::max(proposal.every_ms, 5 * minute_ms);
  proposal.reasons.push_back(fmt::format("every {}: a cycle that finds changes takes about {}, which is at most {:.0f} % of the time",
                                         yaml_duration(proposal.every_ms), measured(costs.changed_ms()), busy_share * 100));
  if (!facts.key_is_indexed) proposal.reasons.emplace_back("no index leads with the key: each reading is one stream over the whole table");
  return proposal;
}

/// What else could be chosen, and what each asks for: the proposal is made of measurements, and people know more.
void tell_alternatives(const CaptureFacts& facts, const Costs& costs, CaptureProposal& proposal) {
  if (proposal.mode == "diff" && proposal.every_ms > second_ms) {
    for (const GrowthCandidate& each : facts.candidates) {
      if (each.growth == model::Growth::none) continue;
      const char* lacks = !each.indexed ? ", once an index leads with it" : each.has_nulls ? ", for rows in which it is not NULL" : "";
      proposal.alternatives.push_back(fmt::format("mode: watermark by {}{}: each cycle reads only what was stamped since; {}", each.name, lacks, trust(each.name)));
    }
  }
  if (proposal.mode == "watermark") {
    proposal.alternatives.push_back(fmt::format("mode: diff, every: {}: sees deletes and unstamped changes in each cycle",
                                                yaml_duration(interval_step(costs.changed_ms() / busy_share))));
  }
  if (facts.has_change_log) {
    proposal.alternatives.emplace_back("mode: tail: changes within a second, with who made them, at the cost of triggers in the source (datapicker change-log install --print)");
  }
}

}  // namespace

std::int64_t interval_step(double ms) {
  const auto* step = std::lower_bound(std::begin(steps), std::end(steps), ms, [](std::int64_t each, double wanted) { return static_cast<double>(each) < wanted; });
  return step == std::end(steps) ? *std::prev(std::end(steps)) : *step;
}

/// The plain comparison, unless that is slow and a column can be trusted to grow.
CaptureProposal propose_capture(const CaptureFacts& facts) {
  const Costs costs = costs_of(facts);
  if (facts.is_file) {
    return {.mode = "diff", .every_ms = 10 * second_ms, .diff_every_ms = 10 * second_ms, .reasons = {"a file is read when it has changed and rests: looking at it costs nothing"}};
  }
  CaptureProposal proposal = by_diff(facts, costs);
  const std::int64_t diff_every_ms = proposal.every_ms;
  const GrowthCandidate* column = best(facts.candidates);
  if (static_cast<double>(proposal.every_ms) > quick_ms && column != nullptr) proposal = by_column(*column, costs);
  proposal.diff_every_ms = diff_every_ms;
  proposal.cycle_ms = costs.changed_ms();
  std::vector<std::string> reasons;
  tell_reading(facts, costs, reasons);
  if (proposal.mode == "diff") tell_help(facts, costs, reasons);
  proposal.reasons.insert(proposal.reasons.begin(), reasons.begin(), reasons.end());
  tell_alternatives(facts, costs, proposal);
  return proposal;
}

std::string capture_yaml(const CaptureProposal& proposal) {
  std::string text = fmt::format("{{ mode: {}, ", proposal.mode);
  if (!proposal.column.empty()) text += fmt::format("column: {}, ", yaml_scalar(proposal.column));
  if (proposal.overlap_ms > 0) text += fmt::format("overlap: {}, ", yaml_duration(proposal.overlap_ms));
  text += fmt::format("every: {}", yaml_duration(proposal.every_ms));
  if (proposal.full_every_ms > 0) text += fmt::format(", full_every: {}", yaml_duration(proposal.full_every_ms));
  return text + " }";
}

}  // namespace engine::operate
