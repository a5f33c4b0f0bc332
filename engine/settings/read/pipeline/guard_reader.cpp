// Reads `guard:` of a pipeline.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <set>

#include "engine/base/text/durations.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"
#include "engine/settings/read/sql_text.h"

namespace engine::settings {
namespace {

constexpr std::int64_t quiet_ms_min = 100;
constexpr std::int64_t flips_max = 20;  ///< of a hundred deliveries of a record, which are looked at
constexpr std::int64_t at_most_times = 10;  ///< so often `quiet` a burst may go on, where nothing else is said
constexpr std::int64_t rhythm_learn_ms_min = 7 * day_ms;  ///< an hour of the week comes once in that

/// "20%", "0.5%", "300"; nullopt for anything else.
std::optional<EffectLimit> limit_of(const std::string& text) {
  const bool is_share = text.ends_with('%');
  const std::string digits = is_share ? text.substr(0, text.size() - 1) : text;
  EffectLimit limit{.is_set = true};
  const char* end = digits.data() + digits.size();
  if (is_share) {
    const auto [at, error] = std::from_chars(digits.data(), end, limit.percent, std::chars_format::fixed);
    if (error != std::errc() || at != end || !(limit.percent > 0) || limit.percent > 100) return std::nullopt;
  } else {
    const auto [at, error] = std::from_chars(digits.data(), end, limit.count);
    if (error != std::errc() || at != end || limit.count < 1) return std::nullopt;
  }
  return limit;
}

void read_limit(MapReader& reader, const char* key, EffectLimit& limit) {
  const YamlNode* value = reader.take(key);
  if (value == nullptr) return;
  if (value->is_scalar() && value->text() == "off") {
    limit = {.is_own = true};
  } else if (const auto read = value->is_scalar() ? limit_of(value->text()) : std::nullopt) {
    limit = *read;
    limit.is_own = true;
  } else {
    reader.diagnostics().error("value.unknown", value->origin(), fmt::format("{} is no limit", reader.named(key)),
                               "write a share of the records at the target (5%), a number of records (300), or off");
  }
}

void read_rhythm(const YamlNode& value, RhythmLimits& rhythm, Diagnostics& diagnostics) {
  if (value.is_scalar() && value.text() == "off") {
    rhythm.is_on = false;
    return;
  }
  MapReader reader(value, rhythm_block(), "the rhythm", diagnostics);
  rhythm.times = reader.number("times", rhythm.times, 1, 100);
  rhythm.learn_ms = reader.duration_ms("learn", rhythm.learn_ms, rhythm_learn_ms_min);
  reader.finish();
}

std::vector<GuardRule> read_rules(const YamlNode& value, Diagnostics& diagnostics) {
  std::vector<GuardRule> rules;
  if (!value.is_sequence()) {
    refuse_kind(value, "'rules' of the guard", "a list of rules", diagnostics);
    return rules;
  }
  std::set<std::string> names;
  for (const YamlNode& item : value.items()) {
    MapReader reader(item, rule_block(), "a rule", diagnostics);
    GuardRule rule;
    rule.name = reader.required_text("name");
    if (const YamlNode* check = reader.require("check")) {
      if (auto expression = read_expression(*check, reader.named("check"), diagnostics)) rule.check = std::move(*expression);
    }
    using enum GuardRule::Action;
    rule.action = reader.one_of("action", hold, {{"hold", hold}, {"drop", drop}, {"dead_letter", dead_letter}});
    reader.finish();
    if (!names.insert(rule.name).second) {
      diagnostics.error("name.duplicate", item.origin(), fmt::format("two rules are called '{}'", rule.name), "a person tells them apart by their names");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// It merges changes of a record, and lets the last one wait: not each way to deliver can do with that.
void refuse_settle(const YamlNode& value, const PipelineDefinition& definition, Diagnostics& diagnostics) {
  const auto refuse = [&](const std::string& why, const char* suggestion) { diagnostics.error("key.conflict", value.origin(), why, suggestion); };
  if (definition.deliver == DeliverPolicy::every_change) {
    refuse("'settle' would swallow changes, and 'deliver: every_change' sends each", "remove it, or use 'deliver: latest'");
  } else if (definition.deliver == DeliverPolicy::together) {
    refuse("'settle' has no meaning with 'deliver: together': of a transaction all parts arrive, so nothing is merged", "remove it, or use 'deliver: latest'");
  } else if (definition.valid_for_ms > 0 && definition.valid_for_ms <= definition.settle.at_most_ms) {
    refuse("what settles may expire while it waits: 'at_most' of settle is not shorter than 'valid_for'", "make 'valid_for' longer, or 'at_most' shorter");
  }
}

/// `settle: 30s` or `settle: { quiet: 30s, at_most: 5m }`.
void read_settle(const YamlNode& value, PipelineDefinition& definition, Diagnostics& diagnostics) {
  if (value.is_scalar() && value.text() == "off") return;
  Settle& settle = definition.settle;
  if (value.is_scalar()) {
    settle.quiet_ms = duration_ms_of(value.text()).value_or(0);
    settle.at_most_ms = settle.quiet_ms * at_most_times;
    if (settle.quiet_ms < quiet_ms_min) {
      diagnostics.error("value.duration", value.origin(), fmt::format("'settle' of the guard is '{}', which is no duration of at least {}ms", value.text(), quiet_ms_min),
                        "write 'settle: 30s', 'settle: { quiet: 30s, at_most: 5m }', or off");
    }
  } else {
    MapReader reader(value, settle_block(), "settle", diagnostics);
    if (!reader.has("quiet")) reader.require("quiet");
    settle.quiet_ms = reader.duration_ms("quiet", 0, quiet_ms_min);
    settle.at_most_ms = reader.duration_ms("at_most", settle.quiet_ms * at_most_times, settle.quiet_ms);
    reader.finish();
  }
  refuse_settle(value, definition, diagnostics);
}

void require_field(const std::string& field, const Origin& origin, const ReadPipeline& pipeline, Diagnostics& diagnostics) {
  if (pipeline.fields.contains(field)) return;
  std::vector<std::string> written;
  for (const auto& [name, place] : pipeline.fields) written.push_back(name);
  diagnostics.error("reference.unknown", origin, fmt::format("the pipeline writes no field '{}'", field), did_you_mean(field, written));
}

/// `flip_flop: 3` or `flip_flop: { times: 3, within: 1h, ignore: [changed_at] }`.
void read_flip_flop(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics) {
  if (value.is_scalar() && value.text() == "off") return;
  PipelineDefinition& definition = pipeline.definition;
  FlipFlop& limits = definition.flip_flop;
  limits = {.times = 3, .within_ms = 3'600'000};
  if (value.is_scalar()) {
    const std::string& text = value.text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limits.times);
    if (error != std::errc() || end != text.data() + text.size() || limits.times < 1 || limits.times > flips_max) {
      diagnostics.error("value.unknown", value.origin(), fmt::format("'flip_flop' of the guard is '{}', which is no number from 1 to {}", text, flips_max),
                        "write how often a record may come back ('flip_flop: 3'), 'flip_flop: { times: 3, within: 1h }', or off");
    }
  } else {
    MapReader reader(value, flip_flop_block(), "flip_flop", diagnostics);
    limits.times = static_cast<int>(reader.integer("times", limits.times, 1, flips_max));
    limits.within_ms = reader.duration_ms("within", limits.within_ms, 1'000);
    for (const std::string& field : reader.texts("ignore")) {
      limits.ignore.insert(field);
      require_field(field, value.find("ignore")->origin(), pipeline, diagnostics);
    }
    reader.finish();
  }
  if (definition.deliver == DeliverPolicy::every_change) {
    diagnostics.error("key.conflict", value.origin(), "'flip_flop' has no meaning with 'deliver: every_change': each message tells of something that happened",
                      "remove it, or use 'deliver: latest'");
  }
}

/// A name with the place it is written at.
std::string named_at(MapReader& reader, const char* key, Origin& origin) {
  if (const YamlNode* value = reader.node().find(key)) origin = value->origin();
  return reader.required_text(key);
}

HoldWhile read_condition(const YamlNode& item, Diagnostics& diagnostics) {
  MapReader reader(item, hold_while_block(), "a condition of hold_while", diagnostics);
  HoldWhile condition;
  condition.name = reader.required_text("name");
  condition.connection = named_at(reader, "connection", condition.connection_origin);
  if (const YamlNode* query = reader.require("query")) {
    if (auto expression = read_expression(*query, reader.named("query"), diagnostics)) condition.query = std::move(*expression);
  }
  condition.parts = query_parts(condition.query);
  reader.require("at_most");
  condition.at_most_ms = reader.duration_ms("at_most", 0, 1'000);
  using enum HoldWhile::Then;
  condition.then = reader.one_of("then", hold, {{"hold", hold}, {"send", send}});
  condition.every_ms = reader.duration_ms("every", condition.every_ms, 1'000);
  reader.finish();
  return condition;
}

std::vector<HoldWhile> read_conditions(const YamlNode& value, Diagnostics& diagnostics) {
  std::vector<HoldWhile> conditions;
  if (!value.is_sequence()) {
    refuse_kind(value, "'hold_while' of the guard", "a list of conditions", diagnostics);
    return conditions;
  }
  std::set<std::string> names;
  for (const YamlNode& item : value.items()) {
    conditions.push_back(read_condition(item, diagnostics));
    const std::string& name = conditions.back().name;
    if (!names.insert(name).second) {
      diagnostics.error("name.duplicate", item.origin(), fmt::format("two conditions are called '{}'", name), "a record that waits names the one it waits for");
    }
  }
  return conditions;
}

/// `drift: { phone: keep, email: hold }`.
void read_drift(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics) {
  static const std::map<std::string, OnDrift, std::less<>> choices{{"overwrite", OnDrift::overwrite}, {"keep", OnDrift::keep}, {"hold", OnDrift::hold}};
  if (!value.is_map()) return refuse_kind(value, "'drift' of the guard", "a map of fields to overwrite, keep or hold", diagnostics);
  PipelineDefinition& definition = pipeline.definition;
  for (const YamlEntry& entry : value.entries()) {
    require_field(entry.key, entry.origin, pipeline, diagnostics);
    const auto choice = entry.value.is_scalar() ? choices.find(entry.value.text()) : choices.end();
    if (choice == choices.end()) {
      diagnostics.error("value.unknown", entry.value.origin(), fmt::format("'{}' of drift must be overwrite, keep or hold", entry.key),
                        entry.value.is_scalar() ? did_you_mean(entry.value.text(), std::vector<std::string>{"overwrite", "keep", "hold"}) : "");
      continue;
    }
    definition.drift.emplace(entry.key, choice->second);
    if (choice->second != OnDrift::overwrite) pipeline.drift.emplace(entry.key, entry.origin);
  }
  if (definition.deliver == DeliverPolicy::every_change) {
    diagnostics.error("key.conflict", value.origin(), "'drift' has no meaning with 'deliver: every_change': a message is never overwritten",
                      "remove it, or use 'deliver: latest'");
  }
}

void read_mass_change(const YamlNode& value, MassChange& limits, Diagnostics& diagnostics) {
  if (value.is_scalar() && value.text() == "off") {
    limits.deletes = {};
    limits.rhythm.is_on = false;
    return;
  }
  MapReader reader(value, mass_change_block(), "mass_change", diagnostics);
  read_limit(reader, "insert", limits.inserts);
  read_limit(reader, "update", limits.updates);
  read_limit(reader, "delete", limits.deletes);
  limits.ignore_below = reader.integer("ignore_below", limits.ignore_below, 0, 1'000'000'000);
  limits.window_ms = reader.duration_ms("window", limits.window_ms, 10'000);
  if (const YamlNode* rhythm = reader.take("rhythm")) read_rhythm(*rhythm, limits.rhythm, diagnostics);
  reader.finish();
}

}  // namespace

void read_guard(const YamlNode& value, ReadPipeline& pipeline, Diagnostics& diagnostics) {
  PipelineDefinition& definition = pipeline.definition;
  MapReader reader(value, guard_block(), "the guard", diagnostics);
  if (const YamlNode* mass_change = reader.take("mass_change")) read_mass_change(*mass_change, definition.mass_change, diagnostics);
  if (const YamlNode* rules = reader.take("rules")) definition.rules = read_rules(*rules, diagnostics);
  if (const YamlNode* conditions = reader.take("hold_while")) definition.hold_while = read_conditions(*conditions, diagnostics);
  if (const YamlNode* settle = reader.take("settle")) read_settle(*settle, definition, diagnostics);
  if (const YamlNode* flip_flop = reader.take("flip_flop")) read_flip_flop(*flip_flop, pipeline, diagnostics);
  if (const YamlNode* drift = reader.take("drift")) read_drift(*drift, pipeline, diagnostics);
  reader.finish();
}

}  // namespace engine::settings
