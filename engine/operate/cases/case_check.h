// What a case expects against what became of it.
#pragma once

#include <string>
#include <vector>

#include "engine/operate/cases/case_run.h"
#include "engine/settings/read/case/case_definition.h"

namespace engine::operate {

/// One expectation that was not met. `expected` and `came` may be empty.
struct CaseProblem {
  settings::Origin origin;
  std::string message;
  std::string expected;
  std::string came;
};

/// Everything that differs, in the order of the file. Nothing: the case passed.
std::vector<CaseProblem> check_case(const settings::CaseDefinition& definition, const CaseOutcome& outcome);

}  // namespace engine::operate
