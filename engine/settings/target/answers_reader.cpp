#include "engine/settings/target/answers_reader.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/settings/target/object_reader.h"

namespace engine::settings {
namespace {

std::optional<int> status_number(std::string_view text) {
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  return is_whole && status >= 100 && status <= 599 ? std::optional(status) : std::nullopt;
}

/// "404", "500-599", "5xx"
std::optional<std::pair<int, int>> status_range(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const int first = (text[0] - '0') * 100;
    return std::pair(first, first + 99);
  }
  const std::size_t dash = text.find('-');
  const auto first = status_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : status_number(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return std::pair(*first, *last);
}

void read_statuses(MapReader& reader, AnswerRule& rule) {
  for (const std::string& text : reader.texts("status")) {
    if (const auto range = status_range(text)) {
      rule.statuses.push_back(*range);
    } else {
      reader.diagnostics().error("value.type", reader.node().find("status")->origin(),
                                 fmt::format("'{}' is not a status: write 404, 500-599 or 5xx", text));
    }
  }
}

void read_calls(MapReader& reader, AnswerRule& rule) {
  for (const std::string& name : reader.texts("call")) {
    if (const auto kind = model::call_kind_of(name)) {
      rule.calls.push_back(*kind);
    } else {
      reader.diagnostics().error("value.unknown", reader.node().find("call")->origin(),
                                 fmt::format("there is no call '{}'", name));
    }
  }
}

AnswerValue take_answer_value(MapReader& reader) {
  AnswerValue value{.origin = reader.node().origin()};
  value.header = reader.text("header");
  value.json = take_pointer(reader, "json");
  value.matches = reader.text("matches");
  if (!value.header.empty() && !value.json.empty()) {
    reader.diagnostics().error("value.type", value.origin, "a value is read from a header or from JSON, not from both");
  }
  return value;
}

/// "1s", "1m": what a number stands for; `epoch`, `epoch_ms`: it counts from 1970.
void read_unit(MapReader& reader, AfterRule& after) {
  const std::string unit = reader.text("unit", "1s");
  if (unit == "epoch" || unit == "epoch_ms") {
    after.since_epoch = true;
    after.unit_ms = unit == "epoch" ? 1'000 : 1;
    return;
  }
  const auto ms = duration_ms_of(unit);
  if (ms && *ms > 0) {
    after.unit_ms = *ms;
  } else {
    reader.diagnostics().error("value.type", reader.node().find("unit")->origin(),
                               fmt::format("'{}' is no unit: write 1s, 1m, epoch or epoch_ms", unit));
  }
}

AnswerRule read_rule(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, answer_block(), "the answer rule", diagnostics);
  AnswerRule rule;
  rule.origin = map.origin();
  read_calls(reader, rule);
  read_statuses(reader, rule);
  rule.body_matches = reader.text("body_matches");
  rule.header = take_condition(reader, "header", "name", header_condition_block());
  rule.json = take_condition(reader, "json", "at", json_condition_block());
  rule.reason = reader.text("reason");
  rule.budget = reader.text("budget");
  if (!reader.has("class")) reader.require("class");
  rule.answer_class = reader.one_of("class", AnswerClass::permanent,
                                    {{"delivered", AnswerClass::delivered},
                                     {"duplicate", AnswerClass::duplicate},
                                     {"partial", AnswerClass::partial},
                                     {"retry", AnswerClass::retry},
                                     {"throttled", AnswerClass::throttled},
                                     {"permanent", AnswerClass::permanent},
                                     {"missing", AnswerClass::missing},
                                     {"exists", AnswerClass::exists},
                                     {"auth", AnswerClass::auth},
                                     {"uncertain", AnswerClass::uncertain},
                                     {"window_closed", AnswerClass::window_closed}});
  if (const YamlNode* after = reader.take("after")) rule.after = read_after(*after, diagnostics);
  if (!rule.budget.empty() && rule.answer_class != AnswerClass::throttled) {
    diagnostics.error("value.type", map.origin(), "'budget' belongs to 'class: throttled' alone");
  }
  const bool is_open = rule.calls.empty() && rule.statuses.empty() && rule.body_matches.empty() &&
                       rule.header.place.empty() && rule.json.place.empty();
  if (is_open) {
    diagnostics.error("value.missing", map.origin(), "this rule would take every answer",
                      "add status, call, header, json or body_matches");
  }
  reader.finish();
  return rule;
}

}  // namespace

AnswerCondition take_condition(MapReader& reader, const char* key, const char* place, const Block& block) {
  AnswerCondition condition;
  const YamlNode* map = reader.take(key);
  if (map == nullptr) return condition;
  MapReader own(*map, block, fmt::format("'{}'", key), reader.diagnostics());
  condition.place = own.required_text(place);
  condition.is = own.texts("is");
  condition.matches = own.text("matches");
  if (place == std::string_view("at") && !condition.place.empty() && condition.place.front() != '/') {
    reader.diagnostics().error("value.type", map->origin(),
                               fmt::format("'{}' is not a JSON pointer: it must begin with '/'", condition.place));
  }
  own.finish();
  return condition;
}

AfterRule read_after(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, after_block(), "'after'", diagnostics);
  AfterRule after;
  after.value = take_answer_value(reader);
  read_unit(reader, after);
  after.at_least_ms = reader.duration_ms("at_least", 0);
  reader.finish();
  return after;
}

AnswerValue read_answer_value(const YamlNode& map, const std::string& what, Diagnostics& diagnostics) {
  MapReader reader(map, answer_value_block(), what, diagnostics);
  AnswerValue value = take_answer_value(reader);
  if (map.is_map() && value.header.empty() && value.json.empty()) {
    diagnostics.error("key.missing", map.origin(), what + " is read nowhere", "add header or json");
  }
  reader.finish();
  return value;
}

std::vector<AnswerRule> read_answers(const YamlNode& list, Diagnostics& diagnostics) {
  std::vector<AnswerRule> rules;
  if (!list.is_sequence()) refuse_kind(list, "'answers'", "a list of rules", diagnostics);
  for (const YamlNode& item : list.items()) rules.push_back(read_rule(item, diagnostics));
  return rules;
}

}  // namespace engine::settings
