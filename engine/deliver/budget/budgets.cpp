#include "engine/deliver/budget/budgets.h"
#include "engine/model/kept_json.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace engine::deliver {

namespace json = boost::json;
using settings::BudgetDefinition;

namespace {

constexpr std::int64_t first_pause_ms = 500;
constexpr std::int64_t pause_ms_max = 60'000;
constexpr std::int64_t kept_from_ms = 60'000;  ///< windows shorter than this are over before a restart matters

/// A size of 0 is none: so a connection takes away what its definition says.
std::unique_ptr<Budget> make_budget(const BudgetDefinition& definition) {
  auto budget = std::make_unique<Budget>();
  budget->definition = &definition;
  for (const auto& [key, allowance] : definition.allowances) {
    if (allowance.requests == 0) continue;
    if (definition.distinct.empty()) {
      budget->windows.emplace_back(allowance);
    } else {
      budget->distinct.emplace_back(allowance);
    }
  }
  return budget;
}

std::string value_in(const model::FieldMap& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : model::fields_json({*found});
}

/// Empty: the call has no such value, so the budget does not count it.
std::string value_of(const std::string& name, const Spending& call) {
  if (name == "remote_id") return call.remote_id.value_or("");
  if (name == "match") return call.match == "{}" ? "" : call.match;
  if (name.starts_with("match.")) return value_in(model::fields_from_json(call.match), name.substr(6));
  return value_in(call.fields, name.substr(6));
}

/// Empty: the call has none of them. One that is missing is a value, too: what was refused to a person without a template
/// must find a budget to wait for, and not the connection's own.
std::string values_of(const std::vector<std::string>& names, const Spending& call) {
  std::string all;
  bool has_any = false;
  for (const std::string& name : names) {
    const std::string value = value_of(name, call);
    has_any = has_any || !value.empty();
    all += value + '\n';
  }
  return has_any ? all : std::string();
}

bool counts_records(const BudgetDefinition& definition) { return !definition.per.empty() || !definition.distinct.empty(); }

bool counts_call(const BudgetDefinition& definition, const Spending& call) {
  if (definition.outside_window.value_or(false) && call.window_open) return false;
  const auto among = [](const auto& list, const auto& one) {
    return list.empty() || std::find(list.begin(), list.end(), one) != list.end();
  };
  return among(definition.objects, call.object) && among(definition.calls, call.kind);
}

std::int64_t length_ms(const settings::Allowance& allowance) {
  return allowance.in_ms * (allowance.kind == settings::WindowKind::steps ? allowance.requests : 1);
}

}  // namespace

bool Budget::has_room(const std::string& value, Moment now) {
  if (now.steady_ms < paused_until_ms) return false;
  return std::all_of(windows.begin(), windows.end(), [now](Window& window) { return window.room(now) > 0; }) &&
         std::all_of(distinct.begin(), distinct.end(), [&](DistinctValues& values) { return values.has_room(value, now); });
}

std::optional<std::int64_t> Budget::opens_ms(const std::string& value, Moment now) {
  std::int64_t latest = std::max(now.steady_ms, paused_until_ms);
  for (Window& window : windows) {
    const auto opens = window.opens_ms(now);
    if (!opens) return std::nullopt;
    latest = std::max(latest, *opens);
  }
  for (DistinctValues& values : distinct) {
    const auto opens = values.opens_ms(value, now);
    if (!opens) return std::nullopt;
    latest = std::max(latest, *opens);
  }
  return latest;
}

bool Budget::is_idle(Moment now) {
  if (held > 0 || now.steady_ms < paused_until_ms) return false;
  return std::all_of(windows.begin(), windows.end(), [now](Window& window) { return window.is_idle(now); });
}

/// The connection's own is the first, and always there: it is the one that waits when an answer names none.
Budgets::Budgets(const std::map<std::string, BudgetDefinition>& definitions) {
  const auto add = [this](const BudgetDefinition& definition) {
    groups_.push_back(std::make_unique<Group>(Group{.definition = definition}));
    Group& group = *groups_.back();
    if (definition.per.empty()) group.one = make_budget(group.definition);
    if (counts_records(definition)) return;
    for (const auto& [key, allowance] : definition.allowances) {
      keeps_use_ = keeps_use_ || (allowance.requests > 0 && length_ms(allowance) >= kept_from_ms);
    }
  };
  const auto own = definitions.find("");
  add(own == definitions.end() ? BudgetDefinition{} : own->second);
  own_ = groups_.front()->one.get();
  blocked_by_ = own_->definition;
  for (const auto& [name, definition] : definitions) {
    if (!name.empty()) add(definition);
  }
  counts_nothing_ = groups_.size() == 1 && own_->windows.empty();
}

Budget* Budgets::budget_for(Group& group, const Spending& call, Moment now) {
  if (!counts_call(group.definition, call)) return nullptr;
  if (group.one) return group.one.get();
  const std::string value = values_of(group.definition.per, call);
  if (value.empty()) return nullptr;
  std::unique_ptr<Budget>& budget = group.by_value[value];
  if (budget) return budget.get();
  budget = make_budget(group.definition);
  Budget* const made = budget.get();
  if (group.by_value.size() < group.sweep_at) return made;
  // Only those that nobody holds and that count nothing: permits point into the others.
  std::erase_if(group.by_value, [made, now](const auto& each) { return each.second.get() != made && each.second->is_idle(now); });
  group.sweep_at = std::max<std::size_t>(1'024, 2 * group.by_value.size());
  return made;
}

/// Remembered for whoever asks when to come again, and for people.
void Budgets::refuse(Budget& budget, const std::string& value, Moment now) {
  opens_ms_ = budget.opens_ms(value, now);
  blocked_by_ = budget.definition;
}

bool Budgets::is_open(Moment now) {
  if (is_free()) return true;
  if (own_->has_room({}, now)) return true;
  refuse(*own_, {}, now);
  return false;
}

Permit Budgets::budgets_for(const Spending& call, Counts counts, Moment now) {
  Permit all;
  for (const auto& group : groups_) {
    const BudgetDefinition& definition = group->definition;
    if (counts != Counts::all && counts_records(definition) != (counts == Counts::records)) continue;
    std::string value = definition.distinct.empty() ? std::string() : value_of(definition.distinct, call);
    if (value.empty() && !definition.distinct.empty()) continue;
    if (Budget* budget = budget_for(*group, call, now)) all.push_back({budget, std::move(value)});
  }
  return all;
}

/// All or none: a place in one budget must not be lost while another has no room.
bool Budgets::admit(const Spending& call, Counts counts, Permit& permit, Moment now) {
  if (counts_nothing_) return counts == Counts::records || is_open(now);
  const Permit wanted = budgets_for(call, counts, now);
  for (const auto& [budget, value] : wanted) {
    if (budget->has_room(value, now)) continue;
    refuse(*budget, value, now);
    return false;
  }
  take(wanted, permit);
  return true;
}

void Budgets::take_all_the_same(const Spending& call, Counts counts, Permit& permit, Moment now) {
  if (!counts_nothing_) take(budgets_for(call, counts, now), permit);
}

void Budgets::take(const Permit& wanted, Permit& permit) {
  for (const auto& [budget, value] : wanted) {
    ++budget->held;
    for (Window& window : budget->windows) window.take();
    for (DistinctValues& values : budget->distinct) values.take(value);
  }
  permit.insert(permit.end(), wanted.begin(), wanted.end());
}

void Budgets::answered(const Permit& permit, Moment now) {
  for (const auto& [budget, value] : permit) {
    --budget->held;
    for (Window& window : budget->windows) window.answered(now);
    for (DistinctValues& values : budget->distinct) values.answered(value, now);
  }
}

void Budgets::give_back(const Permit& permit) {
  for (const auto& [budget, value] : permit) {
    --budget->held;
    for (Window& window : budget->windows) window.give_back();
    for (DistinctValues& values : budget->distinct) values.give_back(value);
  }
}

/// Of budgets that are kept per value, the one that this request holds a place in.
Budget& Budgets::named(const std::string& name, const Permit& permit) {
  if (name.empty()) return *own_;
  for (const Place& place : permit) {
    if (place.budget->definition->name == name) return *place.budget;
  }
  for (const auto& group : groups_) {
    if (group->definition.name == name && group->one) return *group->one;
  }
  return *own_;
}

std::int64_t Budgets::refused(const std::string& name, const Permit& permit, std::optional<std::int64_t> after_ms,
                              Moment now) {
  Budget& budget = named(name, permit);
  std::int64_t wait_ms = after_ms.value_or(0);
  if (wait_ms == 0) {
    // Those that were under way together are refused together: that is one refusal.
    if (now.steady_ms >= budget.paused_until_ms) {
      const bool in_a_row = budget.paused_until_ms > 0 && now.steady_ms < budget.paused_until_ms + pause_ms_max;
      budget.refusals = in_a_row ? std::min(budget.refusals + 1, 10) : 0;
    }
    wait_ms = std::min(pause_ms_max, first_pause_ms << budget.refusals);
  }
  budget.paused_until_ms = std::max(budget.paused_until_ms, now.steady_ms + wait_ms);
  return wait_ms;
}

void Budgets::learn(const model::BudgetReading& reading, Moment now) {
  Budget& budget = named(reading.budget, {});
  const auto pause = [&](std::int64_t wait_ms) {
    budget.paused_until_ms = std::max(budget.paused_until_ms, now.steady_ms + wait_ms);
  };
  if (reading.wait_ms > 0) pause(reading.wait_ms);
  if (!reading.remaining) return;
  if (budget.windows.empty()) {
    if (*reading.remaining <= 0) pause(reading.reset_ms.value_or(pause_ms_max));
    return;
  }
  // Of several windows the reading speaks of the one whose size it names, else of the shortest.
  Window* window = &budget.windows.front();
  for (Window& each : budget.windows) {
    const bool is_named = reading.of && each.allowance().requests == *reading.of;
    if (is_named || each.allowance().in_ms < window->allowance().in_ms) window = &each;
    if (is_named) break;
  }
  const std::int64_t until_ms = reading.reset_ms ? now.steady_ms + *reading.reset_ms : 0;
  window->occupy(window->room(now) - std::max<std::int64_t>(0, *reading.remaining), until_ms, now);
}

std::string Budgets::kept(Moment now) {
  json::array all;
  for (const auto& group : groups_) {
    if (!group->one) continue;
    for (Window& window : group->one->windows) {
      if (length_ms(window.allowance()) < kept_from_ms || window.is_idle(now)) continue;
      json::array places;
      for (const auto& [wall_ms, requests] : window.kept(now)) places.push_back(json::array{wall_ms, requests});
      all.push_back(json::object{
          {"budget", group->definition.name}, {"in_ms", window.allowance().in_ms}, {"until", std::move(places)}});
    }
  }
  return json::serialize(all);
}

namespace {

void restore_use(const json::object& kept, Budget& budget, Moment now) {
  std::vector<std::pair<std::int64_t, std::int64_t>> places;
  for (const json::value& place : kept.at("until").as_array()) {
    places.emplace_back(place.at(0).to_number<std::int64_t>(), place.at(1).to_number<std::int64_t>());
  }
  for (Window& window : budget.windows) {
    if (window.allowance().in_ms == kept.at("in_ms").to_number<std::int64_t>()) window.restore(places, now);
  }
}

}  // namespace

/// What the configuration does not know any more is left out.
void Budgets::restore(const std::string& kept, Moment now) {
  model::read_kept(kept, "a use of budgets", [&](const json::value& all) {
    for (const json::value& item : all.as_array()) {
      const json::object& one = item.as_object();
      for (const auto& group : groups_) {
        if (group->one && one.at("budget").as_string() == group->definition.name) restore_use(one, *group->one, now);
      }
    }
  });
}

std::int64_t Budgets::recounts_ms() const {
  std::int64_t longest_ms = 0;
  for (const auto& group : groups_) {
    if (group->definition.distinct.empty()) continue;
    for (const auto& [key, allowance] : group->definition.allowances) longest_ms = std::max(longest_ms, allowance.in_ms);
  }
  return longest_ms;
}

void Budgets::recount(const Spending& call, std::int64_t wall_ms, Moment now) {
  for (const auto& [budget, value] : budgets_for(call, Counts::records, now)) {
    for (DistinctValues& values : budget->distinct) values.recount(value, wall_ms, now);
  }
}

}  // namespace engine::deliver
