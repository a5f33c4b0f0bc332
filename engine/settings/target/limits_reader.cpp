#include "engine/settings/target/limits_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/settings/target/answers_reader.h"

namespace engine::settings {
namespace {

constexpr std::pair<const char*, std::int64_t> rates[] = {{"per_second", 1'000},
                                                          {"per_10_seconds", 10'000},
                                                          {"per_minute", 60'000},
                                                          {"per_hour", 3'600'000},
                                                          {"per_day", 86'400'000}};

/// 2.5 a second are whole requests in a longer time: 3 in 1.2 s.
Allowance at_rate(double requests, std::int64_t in_ms, WindowKind kind) {
  if (requests <= 0) return {.requests = 0, .in_ms = in_ms, .kind = kind};
  const double whole = std::max(1.0, std::round(requests));
  return {.requests = static_cast<std::int64_t>(whole),
          .in_ms = static_cast<std::int64_t>(std::llround(static_cast<double>(in_ms) * whole / requests)),
          .kind = kind};
}

/// Two keys that say something only together.
void read_pair(MapReader& reader, const char* one, const char* other) {
  if (reader.has(one) == reader.has(other)) return;
  const char* there = reader.has(one) ? one : other;
  reader.diagnostics().error("key.missing", reader.node().find(there)->origin(),
                             fmt::format("'{}' says nothing without '{}'", there, there == one ? other : one));
}

/// By the key that said it, so that a connection can replace one size and leave the others.
std::map<std::string, Allowance> read_sizes(MapReader& reader) {
  std::map<std::string, Allowance> sizes;
  const WindowKind kind =
      reader.one_of("window", WindowKind::sliding, {{"sliding", WindowKind::sliding}, {"fixed", WindowKind::fixed}});
  for (const auto& [key, in_ms] : rates) {
    const double requests = reader.number(key, 0, 0, 1e9);
    if (reader.has(key)) sizes.emplace(key, at_rate(requests, in_ms, kind));
  }
  read_pair(reader, "requests", "in");
  const std::int64_t requests = reader.integer("requests", 0, 0, 1'000'000'000);
  const std::int64_t in_ms = reader.duration_ms("in", 0, 1);
  if (reader.has("requests")) sizes.emplace("requests", Allowance{requests, in_ms, kind});
  const std::int64_t every_ms = reader.duration_ms("every", 0, 1);
  const std::int64_t burst = reader.integer("burst", 1, 1, 100'000);
  if (reader.has("every")) sizes.emplace("every", Allowance{burst, every_ms, WindowKind::steps});
  if (reader.has("burst") && !reader.has("every")) read_pair(reader, "burst", "every");
  return sizes;
}

/// `field.to`, also written "{field.to}". Empty after a problem.
std::string read_value_name(std::string name, const char* key, bool with_remote_id, MapReader& reader) {
  if (name.starts_with('{') && name.ends_with('}')) name = name.substr(1, name.size() - 2);
  const bool known = name == "match" || (with_remote_id && name == "remote_id") ||
                     (name.starts_with("match.") && name.size() > 6) || (name.starts_with("field.") && name.size() > 6);
  if (known) return name;
  reader.diagnostics().error("value.unknown", reader.node().find(key)->origin(),
                             fmt::format("'{}' is nothing that a budget is kept per", name),
                             with_remote_id ? "write match, match.x, remote_id or field.x" : "write match, match.x or field.x");
  return {};
}

/// Which values a budget is kept per, or counts.
void read_values(MapReader& reader, BudgetDefinition& budget) {
  for (const std::string& name : reader.texts("per")) {
    if (auto known = read_value_name(name, "per", true, reader); !known.empty()) budget.per.push_back(std::move(known));
  }
  const std::string distinct = reader.text("distinct");
  if (!distinct.empty()) budget.distinct = read_value_name(distinct, "distinct", false, reader);
  const bool outside_window = reader.boolean("outside_window", false);
  if (reader.has("outside_window")) budget.outside_window = outside_window;
  if (distinct.empty()) return;
  for (const char* other : {"per", "every"}) {
    if (!reader.has(other)) continue;
    reader.diagnostics().error("value.type", reader.node().find(other)->origin(),
                               fmt::format("'{}' does not go with 'distinct'", other));
  }
}

/// `object` and `call` narrow down what it counts, `per` and `distinct` say by what.
BudgetDefinition read_budget(const YamlEntry& entry, Diagnostics& diagnostics) {
  MapReader reader(entry.value, budget_block(), fmt::format("the budget '{}'", entry.key), diagnostics);
  BudgetDefinition budget{.name = entry.key, .origin = entry.origin};
  budget.objects = reader.texts("object");
  for (const std::string& name : reader.texts("call")) {
    if (const auto kind = model::call_kind_of(name)) {
      budget.calls.push_back(*kind);
    } else {
      diagnostics.error("value.unknown", reader.node().find("call")->origin(), fmt::format("there is no call '{}'", name));
    }
  }
  read_values(reader, budget);
  budget.allowances = read_sizes(reader);
  reader.finish();
  return budget;
}

/// `learn:` tells what is left of a budget, or how long to wait; only that makes a rule worth asking.
UsageRule read_usage(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, usage_block(), "what is learned", diagnostics);
  UsageRule rule{.origin = map.origin(), .budget = reader.text("budget")};
  const auto value = [&](const char* key) -> std::optional<AnswerValue> {
    const YamlNode* node = reader.take(key);
    if (node == nullptr) return std::nullopt;
    return read_answer_value(*node, fmt::format("'{}'", key), diagnostics);
  };
  const auto after = [&](const char* key) -> std::optional<AfterRule> {
    const YamlNode* node = reader.take(key);
    if (node == nullptr) return std::nullopt;
    return read_after(*node, diagnostics);
  };
  rule.remaining = value("remaining");
  rule.used = value("used");
  rule.of = value("of");
  rule.reset = after("reset");
  rule.wait = after("wait");
  if (rule.used.has_value() != rule.of.has_value()) read_pair(reader, "used", "of");
  if (map.is_map() && !rule.remaining && !rule.used && !rule.wait) {
    diagnostics.error("key.missing", map.origin(), "nothing is learned here", "add remaining, used and of, or wait");
  }
  reader.finish();
  return rule;
}

}  // namespace

LimitsDefinition read_limits(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, limits_block(), "limits", diagnostics);
  LimitsDefinition limits;
  const auto in_flight = static_cast<int>(reader.integer("in_flight", 8, 1, 1'000));
  if (reader.has("in_flight")) limits.in_flight = in_flight;
  BudgetDefinition own{.origin = map.origin()};
  own.allowances = read_sizes(reader);
  if (!own.allowances.empty()) limits.budgets.emplace("", std::move(own));
  if (const YamlNode* budgets = reader.take("budgets")) {
    if (!budgets->is_map()) refuse_kind(*budgets, "'budgets'", "a map of names to budgets", diagnostics);
    for (const YamlEntry& entry : budgets->entries()) limits.budgets[entry.key] = read_budget(entry, diagnostics);
  }
  if (const YamlNode* learn = reader.take("learn")) {
    if (!learn->is_sequence()) refuse_kind(*learn, "'learn'", "a list", diagnostics);
    for (const YamlNode& item : learn->items()) limits.learn.push_back(read_usage(item, diagnostics));
  }
  reader.finish();
  return limits;
}

std::vector<const AnswerValue*> values_of(const UsageRule& rule) {
  std::vector<const AnswerValue*> values;
  for (const auto* value : {&rule.remaining, &rule.used, &rule.of}) {
    if (*value) values.push_back(&**value);
  }
  for (const auto* after : {&rule.reset, &rule.wait}) {
    if (*after) values.push_back(&(*after)->value);
  }
  return values;
}

void BudgetDefinition::lay_over(const BudgetDefinition& over) {
  origin = over.origin;
  if (!over.objects.empty()) objects = over.objects;
  if (!over.calls.empty()) calls = over.calls;
  // One excludes the other.
  if (!over.per.empty() || !over.distinct.empty()) {
    per = over.per;
    distinct = over.distinct;
  }
  if (over.outside_window) outside_window = over.outside_window;
  for (const auto& [key, allowance] : over.allowances) allowances[key] = allowance;
}

void LimitsDefinition::lay_over(const LimitsDefinition& over) {
  if (over.in_flight) in_flight = over.in_flight;
  for (const auto& [name, budget] : over.budgets) {
    const auto [place, is_new] = budgets.try_emplace(name, budget);
    if (!is_new) place->second.lay_over(budget);
  }
  if (!over.learn.empty()) learn = over.learn;
}

void check_budget_names(const std::vector<AnswerRule>& answers, const LimitsDefinition& limits, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const auto& [name, budget] : limits.budgets) known.push_back(name);
  const auto check = [&](const std::string& name, const Origin& origin) {
    if (name.empty() || limits.budgets.contains(name)) return;
    diagnostics.error("reference.unknown", origin, fmt::format("there is no budget '{}'", name), did_you_mean(name, known));
  };
  for (const AnswerRule& rule : answers) check(rule.budget, rule.origin);
  for (const UsageRule& rule : limits.learn) check(rule.budget, rule.origin);
}

}  // namespace engine::settings
