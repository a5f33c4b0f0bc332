// Results of cases for programs: JUnit's XML and JSON.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "engine/operate/cases/cases.h"

namespace engine::operate {

namespace {

using Verdict = CaseResult::Verdict;

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      // XML 1.0 has no way to write the other control characters.
      default: out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

std::string problem_text(const CaseProblem& problem) {
  std::string text = problem.origin.text() + ": " + problem.message;
  if (!problem.expected.empty()) text += "\n  expected " + problem.expected;
  if (!problem.came.empty()) text += "\n  came     " + problem.came;
  return text;
}

/// "failure" is an expectation that was not met, "error" a case that could not be run: CI servers count them apart.
std::string testcase(const CaseResult& result) {
  std::string xml = fmt::format(R"(    <testcase classname="{}" name="{}" file="{}" time="{:.6f}")", xml_text(result.pipeline),
                                xml_text(result.name), xml_text(result.file), result.took_ms / 1000);
  if (result.verdict == Verdict::passed || result.verdict == Verdict::updated) return xml + "/>\n";
  std::string text;
  for (const CaseProblem& problem : result.problems) text += problem_text(problem) + "\n";
  const char* element = result.verdict == Verdict::failed ? "failure" : "error";
  return xml + fmt::format(">\n      <{0} message=\"{1}\">{2}</{0}>\n    </testcase>\n", element,
                           xml_text(result.problems.front().message), xml_text(text));
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::broken: return "broken";
    case Verdict::updated: break;
  }
  return "updated";
}

}  // namespace

std::string junit_of(const std::vector<CaseResult>& results) {
  std::string cases;
  int failures = 0;
  int errors = 0;
  double took_ms = 0;
  for (const CaseResult& result : results) {
    cases += testcase(result);
    failures += result.verdict == Verdict::failed ? 1 : 0;
    errors += result.verdict == Verdict::broken ? 1 : 0;
    took_ms += result.took_ms;
  }
  const std::string counts =
      fmt::format(R"(tests="{}" failures="{}" errors="{}" time="{:.6f}")", results.size(), failures, errors, took_ms / 1000);
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {0}>\n  <testsuite name=\"datapicker\" {0}>\n{1}  "
                     "</testsuite>\n</testsuites>\n",
                     counts, cases);
}

std::string json_of(const CaseResult& result) {
  boost::json::array problems;
  for (const CaseProblem& problem : result.problems) {
    problems.push_back(boost::json::object{{"file", problem.origin.file},
                                           {"line", problem.origin.line},
                                           {"column", problem.origin.column},
                                           {"message", problem.message},
                                           {"expected", problem.expected},
                                           {"came", problem.came}});
  }
  return boost::json::serialize(boost::json::object{{"pipeline", result.pipeline},
                                                    {"file", result.file},
                                                    {"case", result.name},
                                                    {"verdict", name_of(result.verdict)},
                                                    {"took_ms", result.took_ms},
                                                    {"problems", problems}});
}

}  // namespace engine::operate
