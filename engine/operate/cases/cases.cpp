#include "engine/operate/cases/cases.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <chrono>

#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "engine/operate/cases/case_run.h"
#include "engine/operate/cases/update.h"
#include "engine/operate/instance_access.h"
#include "engine/settings/read/case/case_definition.h"

namespace engine::operate {

namespace fs = std::filesystem;

namespace {

using Verdict = CaseResult::Verdict;

/// Journals of cases: in memory where the machine has it, since nobody needs them after a power cut.
class CaseFolder {
 public:
  CaseFolder() {
    // Memory first: each case makes a journal and syncs it.
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::vector<fs::path> bases{"/dev/shm"};
    if (runtime != nullptr) bases.emplace_back(runtime);
    bases.push_back(fs::temp_directory_path());
    for (const fs::path& base : bases) {
      std::string name = (base / "datapicker-test-XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) continue;
      path_ = name;
      return;
    }
    throw Error(ErrorCode::environment_missing, "no folder for the journals of cases can be made", {}, "set TMPDIR to a folder that can be written");
  }
  ~CaseFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

KnownLayouts known_layouts(const settings::Instance& instance) {
  KnownLayouts layouts;
  std::error_code unreadable;
  if (!fs::exists(instance.journal_path, unreadable)) return layouts;
  try {
    journal::ReadOnlyJournal journal(instance.journal_path);
    for (const auto& [name, table] : instance.tables) {
      if (auto layout = known_layout(*journal, name)) layouts.emplace(name, std::move(*layout));
    }
  } catch (const Error&) {
    // A journal that cannot be read here tells no types; cases do without.
  }
  return layouts;
}

std::vector<std::string> chosen_pipelines(const settings::Instance& instance, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const auto& [name, pipeline] : instance.pipelines) names.push_back(name);
  for (const std::string& name : wanted) {
    if (instance.pipelines.contains(name)) continue;
    throw Error(ErrorCode::config_invalid, fmt::format("there is no pipeline '{}'", name), {}, settings::did_you_mean(name, names));
  }
  return wanted.empty() ? names : wanted;
}

/// All are read before the first is run: problems of every file are told together.
std::vector<settings::CaseDefinition> read_cases(const settings::Instance& instance, const CasesOptions& options) {
  settings::Diagnostics diagnostics;
  std::vector<settings::CaseDefinition> cases;
  for (const std::string& pipeline : chosen_pipelines(instance, options.pipelines)) {
    for (const std::string& file : settings::case_files(instance.folder, pipeline)) {
      const auto root = settings::read_yaml_file(instance.folder / file, file, diagnostics);
      auto definition = root ? settings::read_case(*root, pipeline, diagnostics) : std::nullopt;
      if (!definition) continue;
      const bool is_wanted = definition->name.find(options.only) != std::string::npos || file.find(options.only) != std::string::npos;
      if (is_wanted) cases.push_back(std::move(*definition));
    }
  }
  if (!diagnostics.ok()) throw InvalidConfiguration(std::move(diagnostics));
  return cases;
}

CaseProblem problem_of(const Error& error, const settings::Origin& whole) {
  CaseProblem problem{.origin = whole, .message = error.what(), .expected = {}, .came = {}};
  if (!error.hint().empty()) problem.message += "; " + error.hint();
  for (const auto& [name, value] : error.context()) {
    if (name == "file") problem.message = value + ": " + problem.message;
  }
  return problem;
}

/// A case that cannot be run is broken, and the others go on; only a machine that lacks something ends them all.
CaseResult run_one(const settings::CaseDefinition& definition, const settings::Instance& instance, const KnownLayouts& known,
                   bool update) {
  CaseResult result{.pipeline = definition.pipeline, .file = definition.origin.file, .name = definition.name};
  const auto started = std::chrono::steady_clock::now();
  try {
    const CaseFolder folder;
    const CaseOutcome outcome = run_case(definition, instance, known, folder.path());
    result.problems = check_case(definition, outcome);
    if (!result.problems.empty()) result.verdict = Verdict::failed;
    if (update && !result.problems.empty() && definition.then.requests) {
      update_requests(instance.folder / result.file, outcome.requests);
      result.verdict = Verdict::updated;
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::environment_missing) throw;
    result.verdict = Verdict::broken;
    result.problems.push_back(problem_of(error, definition.origin));
  }
  result.took_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  return result;
}

}  // namespace

std::vector<CaseResult> run_cases(const CasesOptions& options) {
  const settings::Instance instance = load_valid_instance(options.instance, false);
  const std::vector<settings::CaseDefinition> cases = read_cases(instance, options);
  const KnownLayouts known = known_layouts(instance);
  std::vector<CaseResult> results;
  for (const settings::CaseDefinition& definition : cases) {
    results.push_back(run_one(definition, instance, known, options.update));
    if (options.on_result) options.on_result(results.back());
  }
  return results;
}

}  // namespace engine::operate
