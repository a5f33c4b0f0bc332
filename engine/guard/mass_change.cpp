#include "engine/guard/mass_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "engine/base/text/characters.h"
#include "engine/base/text/durations.h"

namespace engine::guard {

namespace json = boost::json;

namespace {

using journal::EffectCounts;
using settings::EffectLimit;
using settings::MassChange;

/// One operation with its limit: what is said and done about each is the same.
struct Operation {
  const char* name;         ///< as in the configuration
  const char* noun;         ///< in numbers
  const char* participle;   ///< "made"
  EffectLimit MassChange::*limit;
  std::int64_t EffectCounts::*count;
};
constexpr Operation operations[] = {{"insert", "inserts", "made", &MassChange::inserts, &EffectCounts::inserts},
                                    {"update", "updates", "changed", &MassChange::updates, &EffectCounts::updates},
                                    {"delete", "deletes", "taken away", &MassChange::deletes, &EffectCounts::deletes}};

std::string percent_text(double percent) { return fmt::format("{:g} %", std::round(percent * 10) / 10); }

std::string limit_text(const EffectLimit& limit) {
  return limit.percent > 0 ? percent_text(limit.percent) : grouped(limit.count);
}

bool is_over(const MassChange& limits, const EffectLimit& limit, std::int64_t total, std::int64_t live) {
  if (total < limits.ignore_below) return false;
  return limit.percent > 0 ? static_cast<double>(total) * 100 > limit.percent * static_cast<double>(live) : total > limit.count;
}

/// A small table that is emptied is no smaller loss to whoever needs it.
bool empties(const Operation& operation, const Situation& situation) {
  return operation.count == &EffectCounts::deletes && situation.cycle.deletes >= emptied_min &&
         situation.cycle.deletes >= situation.live;
}

std::string reason_text(const MassChange& limits, const Operation& operation, const Situation& situation) {
  const EffectLimit& limit = limits.*operation.limit;
  const std::int64_t now = situation.cycle.*operation.count;
  const std::int64_t before = situation.window.*operation.count;
  std::string text = now == 1 ? "1 record" : grouped(now) + " records";
  text += fmt::format(" would be {}", operation.participle);
  if (before > 0) text += fmt::format(", {} with those of the last {}", grouped(now + before), span_text(limits.window_ms));
  if (empties(operation, situation)) return text + ": all that are at the target";
  if (limit.percent > 0) {
    text += situation.live == 0 ? std::string(", and none is at the target")
                                : fmt::format(": {} of the {} at the target",
                                              percent_text(100.0 * static_cast<double>(now + before) / static_cast<double>(situation.live)),
                                              grouped(situation.live));
  }
  return text + fmt::format("; up to {} may be without being asked", limit_text(limit));
}

std::string range_text(const Range& range, std::int64_t EffectCounts::*count) {
  if (range.high.*count == 0) return "none";
  return grouped(range.low.*count) + " to " + grouped(range.high.*count);
}

/// Empty: it is usual. Of what was done while nothing was read there is only this one cycle.
std::string unusual_text(const MassChange& limits, const Operation& operation, const Situation& situation) {
  const auto count = operation.count;
  const std::int64_t now = situation.cycle.*count;
  const Usual& usual = *situation.usual;
  if (now > allowed(limits, usual.cycle.high.*count, usual.cycle.busy.*count)) {
    std::string text = fmt::format("{} {} in this cycle", grouped(now), now == 1 ? operation.name : operation.noun);
    if (usual.covers_ms > 0) text += ", the first after " + span_text(usual.covers_ms);
    return text + fmt::format("; usual {}: {}", usual.covers_ms > 0 ? "in that time" : "at this hour", range_text(usual.cycle, count));
  }
  const std::int64_t all = now + situation.hour.*count;
  if (usual.covers_ms > 0 || all <= allowed(limits, usual.hour.high.*count, usual.hour.busy.*count)) return {};
  return fmt::format("{} {} in this hour, {} in this cycle; usual in this hour: {}", grouped(all), operation.noun, grouped(now),
                     range_text(usual.hour, count));
}

bool follows_rhythm(const MassChange& limits, const Operation& operation, const Situation& situation) {
  return situation.usual && limits.follows_rhythm(limits.*operation.limit);
}

json::object json_of(const EffectCounts& counts) {
  return {{"insert", counts.inserts}, {"update", counts.updates}, {"delete", counts.deletes}};
}

json::value json_of(const EffectLimit& limit) {
  if (!limit.is_set) return "off";
  if (limit.percent > 0) return json::value(fmt::format("{:g}%", limit.percent));
  return limit.count;
}

json::object json_of(const Range& range) {
  return {{"low", json_of(range.low)}, {"high", json_of(range.high)}, {"busy", json_of(range.busy)}};
}

std::string numbers_json(const MassChange& limits, const Situation& situation) {
  json::object numbers{{"cycle", json_of(situation.cycle)},
                       {"window_before", json_of(situation.window)},
                       {"live", situation.live},
                       {"limits", json::object{{"insert", json_of(limits.inserts)},
                                               {"update", json_of(limits.updates)},
                                               {"delete", json_of(limits.deletes)},
                                               {"ignore_below", limits.ignore_below},
                                               {"window_ms", limits.window_ms}}}};
  if (situation.usual) {
    numbers["hour_before"] = json_of(situation.hour);
    numbers["usual"] = json::object{{"cycle", json_of(situation.usual->cycle)},
                                    {"hour", json_of(situation.usual->hour)},
                                    {"covers_ms", situation.usual->covers_ms},
                                    {"times", limits.rhythm.times}};
  }
  return json::serialize(numbers);
}

}  // namespace

std::int64_t live_needed(const MassChange& limits, const Situation& situation) {
  std::int64_t needed = situation.cycle.deletes >= emptied_min ? situation.cycle.deletes + 1 : 0;
  for (const Operation& operation : operations) {
    const EffectLimit& limit = limits.*operation.limit;
    const std::int64_t total = situation.cycle.*operation.count + situation.window.*operation.count;
    if (!limit.is_set || limit.percent == 0 || situation.cycle.*operation.count == 0 || total < limits.ignore_below) continue;
    needed = std::max(needed, static_cast<std::int64_t>(std::ceil(static_cast<double>(total) * 100 / limit.percent)) + 1);
  }
  return needed;
}

std::int64_t allowed(const MassChange& limits, std::int64_t high, std::int64_t busy) {
  return std::max(static_cast<std::int64_t>(limits.rhythm.times * static_cast<double>(high)) + limits.ignore_below, busy);
}

Verdict judge(const MassChange& limits, const Situation& situation) {
  Verdict verdict;
  for (const Operation& operation : operations) {
    const EffectLimit& limit = limits.*operation.limit;
    const std::int64_t now = situation.cycle.*operation.count;
    if (now == 0) continue;
    const std::int64_t total = now + situation.window.*operation.count;
    const bool is_limited = limit.is_set && (is_over(limits, limit, total, situation.live) || empties(operation, situation));
    const std::string unusual = follows_rhythm(limits, operation, situation) ? unusual_text(limits, operation, situation) : std::string();
    if (!is_limited && unusual.empty()) continue;
    if (situation.expected.*operation.count >= now) {
      verdict.announced.*operation.count = now;
      continue;
    }
    verdict.held = true;
    // What is usual says more than a share of all.
    verdict.text += (verdict.text.empty() ? "" : "; ") + (unusual.empty() ? reason_text(limits, operation, situation) : unusual);
  }
  // What is held was not what had been announced.
  if (verdict.held) {
    verdict.announced = {};
    verdict.numbers = numbers_json(limits, situation);
  }
  return verdict;
}

}  // namespace engine::guard
