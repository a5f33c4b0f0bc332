#include "engine/guard/flip_flop.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>

#include "engine/base/text/durations.h"
#include "engine/journal/delivery/guard/anomalies.h"
#include "engine/model/fields.h"

namespace engine::guard {

namespace {

using journal::Deliveries;

struct Course {
  std::vector<std::string> states;  ///< oldest first, each another than the one before
  int sent = 0;                     ///< within the window
  std::int64_t first_ms = 0;        ///< of these
};

Course course_of(const settings::FlipFlop& limits, const std::vector<Deliveries::SentState>& sent, std::int64_t since_ms) {
  std::size_t known = 0;
  while (known < sent.size()) {
    const Deliveries::SentState& each = sent[known++];
    if (each.sent_ms < since_ms || each.released) break;
  }
  Course course;
  for (std::size_t i = known; i-- > 0;) {
    std::string state = state_of(limits, sent[i].present, sent[i].match, sent[i].fields);
    const bool is_change = course.states.empty() || course.states.back() != state;
    if (is_change) course.states.push_back(std::move(state));
    if (!is_change || sent[i].sent_ms < since_ms) continue;
    if (course.sent++ == 0) course.first_ms = sent[i].sent_ms;
  }
  return course;
}

}  // namespace

std::string state_of(const settings::FlipFlop& limits, bool present, const std::string& match, const std::string& fields) {
  if (!present) return {};
  if (limits.ignore.empty()) return match + '\n' + fields;
  model::FieldMap told = model::fields_from_json(fields);
  for (const std::string& field : limits.ignore) told.erase(field);
  return match + '\n' + model::fields_json(told);
}

std::optional<journal::Objection> object_to_flip(const settings::FlipFlop& limits, const std::vector<Deliveries::SentState>& sent,
                                                 const journal::Delivery& next) {
  const std::int64_t now_ms = next.created_ms;
  Course course = course_of(limits, sent, now_ms - limits.within_ms);
  std::vector<std::string>& states = course.states;
  if (states.size() < 2) return std::nullopt;
  const std::string wanted = state_of(limits, next.present, next.match, next.fields.value_or(""));
  if (wanted == states.back() || std::find(states.begin(), states.end(), wanted) == states.end()) return std::nullopt;
  const auto changes = static_cast<int>(states.size());
  std::sort(states.begin(), states.end());
  const auto different = static_cast<int>(std::unique(states.begin(), states.end()) - states.begin());
  const int times_back = changes - different + 1;
  if (times_back < limits.times) return std::nullopt;
  const boost::json::object numbers{{"states", different}, {"sent", course.sent}, {"times_back", times_back}, {"span_ms", now_ms - course.first_ms},
                                    {"limits", boost::json::object{{"times", limits.times}, {"within_ms", limits.within_ms}}}};
  return journal::Objection{.kind = journal::flip_flop_kind,
                            .text = fmt::format("{} went between {} states {} times in {}, and would go back once more: {} times back within {} ask a person", next.key,
                                                different, course.sent, span_text(now_ms - course.first_ms), limits.times, span_text(limits.within_ms)),
                            .numbers = boost::json::serialize(numbers),
                            .stays_ms = limits.within_ms};
}

bool RecentStates::meet(const std::string& key, const std::string& state, std::int64_t now_ms, std::int64_t window_ms) {
  if (now_.empty() || now_ms >= since_ms_ + window_ms) {
    const bool follows = !now_.empty() && now_ms < since_ms_ + 2 * window_ms;
    // After a pause longer than that, the window before is known to be empty.
    before_ = follows ? std::move(now_) : std::vector<bool>(now_.empty() ? 0 : bits);
    now_.assign(bits, false);
    since_ms_ = now_ms;
  }
  const std::size_t at = (std::hash<std::string>{}(key) * 31 + std::hash<std::string>{}(state)) % bits;
  const bool known = now_[at] || before_.empty() || before_[at];
  now_[at] = true;
  return known;
}

void FlipWatch::look(journal::Deliveries& deliveries, journal::Delivery& planned) {
  if (!limits_.is_on() || planned.objection || !is_open(planned.state)) return;
  const std::string state = state_of(limits_, planned.present, planned.match, planned.fields.value_or(""));
  const bool may_return = recent_.meet(planned.key, state, planned.created_ms, limits_.within_ms);
  // The first time back may be to a state of before the window; later ones are to what was planned in it.
  if (!may_return && limits_.times > 1) return;
  const std::int64_t since_ms = planned.created_ms - limits_.within_ms;
  const auto sent = deliveries.last_sent(planned.pipeline_id, planned.key);
  if (!sent || sent->sent_ms < since_ms) return;
  planned.objection = object_to_flip(limits_, deliveries.sent_states(planned.pipeline_id, planned.key, since_ms, flips_looked_at), planned);
}

}  // namespace engine::guard
