// `test`: the cases that stand beside the pipelines of an instance.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/operate/cases/case_check.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// One case that was run, or could not be.
struct CaseResult {
  enum class Verdict : std::uint8_t { passed, failed, broken, updated };
  std::string pipeline;
  std::string file;
  std::string name;
  Verdict verdict = Verdict::passed;
  std::vector<CaseProblem> problems;  ///< failed: what differs; broken: why the case cannot be run
  double took_ms = 0;
};

struct CasesOptions {
  settings::InstancePlace instance{"."};
  std::vector<std::string> pipelines;  ///< empty: all
  std::string only;                    ///< cases whose name or file holds this text; empty: all
  /// Writes what came into the `requests:` of failed cases.
  bool update = false;
  std::function<void(const CaseResult&)> on_result;
};

/// Throws InvalidConfiguration when the instance or a case cannot be read (every problem at once), config_invalid for an unknown
/// pipeline, with the nearest name.
std::vector<CaseResult> run_cases(const CasesOptions& options);

/// JUnit's XML, as CI servers read it.
std::string junit_of(const std::vector<CaseResult>& results);
std::string json_of(const CaseResult& result);

}  // namespace engine::operate
