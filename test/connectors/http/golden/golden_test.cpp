// Every shipped definition against its goldens (test/golden/targets/NAME): what leaves, and what is made of the answers.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "connectors/http/answer/judge.h"
#include "connectors/http/prepare.h"
#include "connectors/http/request/prepared_request.h"
#include "test/connectors/http/golden/golden_file.h"
#include "test/connectors/http/golden/golden_run.h"

using namespace connectors::http;
using namespace engine::model;
using namespace test_http;

namespace {

std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SOURCE_DIR) + "/connectors/targets")) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::filesystem::path folder_of(const std::string& name) {
  return std::string(SOURCE_DIR) + "/test/golden/targets/" + name;
}

std::string expectation_of(const TargetPlan& plan, const std::vector<Call>& calls) {
  const PreparedCall prepared = prepare_calls(plan, calls);
  return dynamic_cast<const ReadyHttpRequest&>(*prepared.ready).request.expect;
}

/// What a definition offers and says, and no golden shows.
class Coverage {
 public:
  void add(const GoldenRun& run, const PlayedRun& played) {
    const TargetPlan plan(run.connection);
    for (const auto& [object, calls] : run.connection.target.objects) offer(object, plan.of(object).traits);
    for (const auto& rule : run.connection.target.answers) rules_.insert(rule.origin.text());
    const Call& call = run.calls.front();
    const bool is_named = plan.objects.contains(call.object);
    seen_.insert(named(is_named ? call.object : "*", call.kind, run.calls.size() > 1));
    const std::string expectation = expectation_of(plan, run.calls);
    for (const RawAnswer& raw : played.answers) {
      const Question question{plan, plan.of(call.object), call.kind, run.calls.size(), run.calls.size() > 1, expectation};
      for (const auto* rule : deciding_rules(question, raw)) spoken_.insert(rule->origin.text());
    }
  }

  std::vector<std::string> missing() const {
    std::vector<std::string> all;
    std::set_difference(offered_.begin(), offered_.end(), seen_.begin(), seen_.end(), std::back_inserter(all));
    std::set_difference(rules_.begin(), rules_.end(), spoken_.begin(), spoken_.end(), std::back_inserter(all));
    return all;
  }

 private:
  static std::string named(const std::string& object, CallKind kind, bool batch) {
    return object + ": " + std::string(name_of(kind)) + (batch ? " of several records" : "");
  }

  void offer(const std::string& object, const ObjectTraits& traits) {
    for (const auto& [kind, call] : traits.calls) {
      if (kind == CallKind::poll) continue;  // its request comes out of an answer: job_test.cpp
      offered_.insert(named(object, kind, false));
      if (call.records_max > 1) offered_.insert(named(object, kind, true));
    }
  }

  std::set<std::string> offered_;
  std::set<std::string> seen_;
  std::set<std::string> rules_;
  std::set<std::string> spoken_;
};

/// Only this definition, when the environment names one.
bool is_asked_for(const std::string& name) {
  const char* only = std::getenv("GOLDEN_TARGET");
  return only == nullptr || name == only;
}

}  // namespace

TEST_CASE("every shipped definition sends the requests of its goldens and makes of each recorded answer what they say") {
  for (const std::string& name : shipped()) {
    if (!is_asked_for(name)) continue;
    INFO("definition " << name);
    REQUIRE_MESSAGE(std::filesystem::exists(folder_of(name)), "there are no goldens for '" << name << "'");
    Coverage coverage;
    for (const GoldenRun& run : golden_runs(folder_of(name))) {
      INFO(name << "/" << run.origin.text() << ": " << run.name);
      const PlayedRun played = play(run);
      for (const auto& [expected, actual] : played.expected_and_actual) {
        const std::string differing = difference(expected, actual);
        CHECK_MESSAGE(differing.empty(), "- expected, + actual:\n" << differing);
      }
      coverage.add(run, played);
    }
    for (const std::string& missing : coverage.missing()) FAIL_CHECK("no golden shows " << missing);
  }
}

TEST_CASE("a golden that does not fit fails, and shows the line that differs") {
  GoldenRun run = golden_runs(folder_of("webhook")).front();
  for (const auto& [expected, actual] : play(run).expected_and_actual) REQUIRE(expected == actual);
  run.exchanges.back().request.method = "TRACE";
  run.outcomes = {{.outcome = "auth"}};
  const PlayedRun played = play(run);
  std::string shown;
  for (const auto& [expected, actual] : played.expected_and_actual) shown += difference(expected, actual);
  CHECK(shown.find("  - TRACE ") != std::string::npos);
  CHECK(shown.find("  - auth\n") != std::string::npos);
}
