#include "engine/settings/target/answers_reader.h"

#include <fmt/format.h>

#include <charconv>

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

AnswerRule read_rule(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, answer_block(), "the answer rule", diagnostics);
  AnswerRule rule;
  rule.origin = map.origin();
  read_calls(reader, rule);
  read_statuses(reader, rule);
  rule.body_matches = reader.text("body_matches");
  if (!reader.has("class")) reader.require("class");
  rule.answer_class = reader.one_of("class", AnswerClass::permanent,
                                    {{"delivered", AnswerClass::delivered},
                                     {"duplicate", AnswerClass::duplicate},
                                     {"partial", AnswerClass::partial},
                                     {"retry", AnswerClass::retry},
                                     {"permanent", AnswerClass::permanent},
                                     {"missing", AnswerClass::missing},
                                     {"auth", AnswerClass::auth},
                                     {"uncertain", AnswerClass::uncertain}});
  if (const YamlNode* after = reader.take("after")) {
    MapReader after_reader(*after, after_block(), "'after'", diagnostics);
    rule.after_header = after_reader.required_text("header");
    rule.after_unit_ms = after_reader.duration_ms("unit", rule.after_unit_ms, 1);
    after_reader.finish();
  }
  if (rule.calls.empty() && rule.statuses.empty() && rule.body_matches.empty()) {
    diagnostics.error("value.missing", map.origin(), "this rule would take every answer",
                      "add status, call or body_matches");
  }
  reader.finish();
  return rule;
}

}  // namespace

std::vector<AnswerRule> read_answers(const YamlNode& list, Diagnostics& diagnostics) {
  std::vector<AnswerRule> rules;
  if (!list.is_sequence()) refuse_kind(list, "'answers'", "a list of rules", diagnostics);
  for (const YamlNode& item : list.items()) rules.push_back(read_rule(item, diagnostics));
  return rules;
}

}  // namespace engine::settings
