#include <CLI/CLI.hpp>
#include <fstream>

#include "engine/base/log.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/cases/cases.h"

namespace engine::cli {

namespace {

using operate::CaseResult;
using Verdict = CaseResult::Verdict;

struct TestOptions {
  operate::CasesOptions cases;
  std::string junit;
};

void print_problem(const operate::CaseProblem& problem) {
  fmt::print("  {}: {}\n", problem.origin.text(), problem.message);
  if (!problem.expected.empty()) fmt::print("    {} {}\n", coloured("expected", Colour::green), problem.expected);
  if (!problem.came.empty()) fmt::print("    {}     {}\n", coloured("came", Colour::red), problem.came);
}

std::string verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return coloured("passed ", Colour::green);
    case Verdict::failed: return coloured("FAILED ", Colour::red);
    case Verdict::broken: return coloured("BROKEN ", Colour::red);
    case Verdict::updated: break;
  }
  return coloured("updated", Colour::yellow);
}

void print_result(const CaseResult& result) {
  fmt::print("{} {}: {} {}\n", verdict_text(result.verdict), result.pipeline, result.name,
             coloured(fmt::format("({:.0f} ms)", result.took_ms), Colour::dim));
  for (const operate::CaseProblem& problem : result.problems) print_problem(problem);
  std::fflush(stdout);
}

void print_sum(const std::vector<CaseResult>& results) {
  std::size_t passed = 0;
  double took_ms = 0;
  for (const CaseResult& result : results) {
    passed += result.verdict == Verdict::passed ? 1 : 0;
    took_ms += result.took_ms;
  }
  fmt::print("{}, {} passed, {:.0f} ms\n", counted(results.size(), "case"), passed, took_ms);
}

void write_junit(const std::string& path, const std::vector<CaseResult>& results) {
  std::ofstream file(path);
  file << operate::junit_of(results);
  if (!file.flush()) throw Error(ErrorCode::environment_missing, "the file " + path + " cannot be written");
}

int run_tests(const Invocation& invocation, TestOptions options) {
  // What the engine says about its work is not what a tester asked for.
  set_log_level(LogLevel::error);
  options.cases.instance = invocation.instance;
  if (invocation.json) {
    options.cases.on_result = [](const CaseResult& result) { fmt::print("{}\n", operate::json_of(result)); };
  } else {
    options.cases.on_result = print_result;
  }
  const std::vector<CaseResult> results = operate::run_cases(options.cases);
  if (!options.junit.empty()) write_junit(options.junit, results);
  if (!invocation.json) print_sum(results);
  const auto is_bad = [](const CaseResult& result) { return result.verdict == Verdict::failed || result.verdict == Verdict::broken; };
  return std::any_of(results.begin(), results.end(), is_bad) ? failed : done;
}

}  // namespace

void add_test(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("test", "run the cases beside the pipelines: nothing leaves this machine, no secret is needed");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<TestOptions>();
  verb->add_option("pipeline", options->cases.pipelines, "only the cases of these pipelines");
  verb->add_option("--only", options->cases.only, "only cases whose name or file holds this text");
  verb->add_option("--junit", options->junit, "write the results as JUnit XML, too");
  verb->add_flag("--update", options->cases.update, "rewrite the expected requests of failed cases with what came");
  verb->footer("A case is a file pipelines/NAME/cases/*.yaml; docs/cases.md describes it. With --json one object a case.\n"
               "Exit code 1 when a case failed, 2 when one cannot be read.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return run_tests(invocation, *options); }; });
}

}  // namespace engine::cli
