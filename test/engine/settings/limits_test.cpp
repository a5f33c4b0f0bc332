#include <doctest/doctest.h>

#include "engine/settings/target/limits_reader.h"
#include "engine/settings/yaml_node.h"

using namespace engine::settings;

namespace {

LimitsDefinition read(const std::string& text) {
  Diagnostics diagnostics;
  const auto root = parse_yaml(text, "f.yaml", diagnostics);
  LimitsDefinition limits = read_limits(*root, diagnostics);
  for (const Diagnostic& each : diagnostics.all()) FAIL_CHECK(each.message);
  return limits;
}

std::string problems(const std::string& text) {
  Diagnostics diagnostics;
  const auto root = parse_yaml(text, "f.yaml", diagnostics);
  read_limits(*root, diagnostics);
  std::string all;
  for (const Diagnostic& each : diagnostics.all()) all += each.code + ": " + each.message + "\n";
  return all;
}

const Allowance& own(const LimitsDefinition& limits, const char* key) { return limits.budgets.at("").allowances.at(key); }

}  // namespace

TEST_CASE("sizes are requests in a time, several at once, in any stretch or by the clock") {
  const LimitsDefinition limits = read("{per_second: 2.5, per_day: 250000, requests: 30, in: 10m, window: fixed}");
  CHECK(own(limits, "per_second") == Allowance{.requests = 3, .in_ms = 1'200, .kind = WindowKind::fixed});
  CHECK(own(limits, "per_day") == Allowance{.requests = 250'000, .in_ms = 86'400'000, .kind = WindowKind::fixed});
  CHECK(own(limits, "requests") == Allowance{.requests = 30, .in_ms = 600'000, .kind = WindowKind::fixed});
  CHECK(own(read("{per_minute: 0.5}"), "per_minute") == Allowance{.requests = 1, .in_ms = 120'000});
  CHECK(own(read("{every: 6s, burst: 45}"), "every") == Allowance{.requests = 45, .in_ms = 6'000, .kind = WindowKind::steps});
}

TEST_CASE("a budget counts some calls, per a value of theirs") {
  const LimitsDefinition limits =
      read("{in_flight: 4, budgets: {pair: {object: message, call: [create], per: \"{field.to}\", every: 6s}}}");
  CHECK(limits.requests_at_once() == 4);
  const BudgetDefinition& pair = limits.budgets.at("pair");
  CHECK(pair.objects == std::vector<std::string>{"message"});
  CHECK(pair.calls == std::vector{engine::model::CallKind::create});
  CHECK(pair.per == std::vector<std::string>{"field.to"});
  CHECK(problems("{budgets: {pair: {per: recipient}}}") ==
        "value.unknown: 'recipient' is nothing that a budget is kept per\n");
}

TEST_CASE("a budget counts different values, which leaves none to keep it per") {
  const LimitsDefinition limits = read("{budgets: {tier: {distinct: \"{field.to}\", outside_window: true, per_day: 250}}}");
  CHECK(limits.budgets.at("tier").distinct == "field.to");
  CHECK(limits.budgets.at("tier").outside_window == true);
  CHECK(read("{budgets: {many: {per: [field.to, field.name]}}}").budgets.at("many").per ==
        std::vector<std::string>{"field.to", "field.name"});
  CHECK(problems("{budgets: {tier: {distinct: field.to, per: field.to, per_day: 250}}}") ==
        "value.type: 'per' does not go with 'distinct'\n");
  CHECK(problems("{budgets: {tier: {distinct: remote_id, per_day: 250}}}") ==
        "value.unknown: 'remote_id' is nothing that a budget is kept per\n");
}

TEST_CASE("a connection's limits are laid over the definition's, key by key") {
  LimitsDefinition limits = read("{per_second: 10, per_day: 1000, budgets: {search: {call: find, per_second: 5}, other: {per_second: 1}}}");
  limits.lay_over(read("{per_second: 19, in_flight: 2, budgets: {search: {per_second: 4}}}"));
  CHECK(own(limits, "per_second").requests == 19);
  CHECK(own(limits, "per_day").requests == 1'000);
  CHECK(limits.budgets.at("search").allowances.at("per_second").requests == 4);
  CHECK(limits.budgets.at("search").calls == std::vector{engine::model::CallKind::find});
  CHECK(limits.budgets.contains("other"));
  CHECK(limits.requests_at_once() == 2);
  limits.lay_over(read("{per_day: 0}"));
  CHECK(own(limits, "per_day").requests == 0);
}

TEST_CASE("a connection tells the size of a budget, and of what it is") {
  LimitsDefinition limits = read("{budgets: {tier: {object: message, distinct: field.to, outside_window: true, per_day: 250}}}");
  limits.lay_over(read("{budgets: {tier: {per_day: 2000}}}"));
  CHECK(limits.budgets.at("tier").distinct == "field.to");
  CHECK(limits.budgets.at("tier").outside_window == true);
  CHECK(limits.budgets.at("tier").allowances.at("per_day").requests == 2'000);
  limits.lay_over(read("{budgets: {tier: {per: field.to, outside_window: false}}}"));
  CHECK(limits.budgets.at("tier").distinct.empty());
  CHECK(limits.budgets.at("tier").outside_window == false);
}

TEST_CASE("what says nothing by itself is told") {
  CHECK(problems("{requests: 30}") == "key.missing: 'requests' says nothing without 'in'\n");
  CHECK(problems("{burst: 30}") == "key.missing: 'burst' says nothing without 'every'\n");
  CHECK(problems("{learn: [{reset: {header: X}}]}") == "key.missing: nothing is learned here\n");
  CHECK(problems("{learn: [{remaining: {}}]}") == "key.missing: 'remaining' is read nowhere\n");
  CHECK(problems("{learn: [{used: {header: X}}]}") == "key.missing: 'used' says nothing without 'of'\n");
}
