#include "engine/operate/review/plan/plan.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/base/log.h"
#include "engine/cli/observe/plan_text.h"
#include "engine/cli/progress_line.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"

namespace engine::cli {

namespace {

struct PlanOptions {
  operate::PlanOptions plan;
  bool markdown = false;
};

int show_plan(const Invocation& invocation, PlanOptions options) {
  set_log_level(LogLevel::error);
  options.plan.instance = invocation.instance;
  options.plan.edited.environment = invocation.instance.environment;
  operate::Plan plan;
  {
    ProgressLine line;
    options.plan.tell = [&line](std::int64_t done, std::int64_t total) { line.tell(done, total); };
    plan = operate::plan(options.plan);
  }
  if (invocation.json) {
    fmt::print("{}\n", boost::json::serialize(operate::json_of(plan)));
  } else {
    fmt::print("{}", options.markdown ? plan_markdown(plan) : plan_text(plan));
  }
  return plan.differs() ? differences_found : done;
}

}  // namespace

void add_plan(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("plan", "which calls an edited folder would have made of what changed lately; sends nothing");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<PlanOptions>();
  verb->add_option("DIR", options->plan.edited.path, "the edited folder, which holds datapicker.yaml")->required();
  verb->add_option("--days", options->plan.days, "changes of so many days")->capture_default_str()->check(CLI::Range(1, 3'650));
  verb->add_option("--pipeline", options->plan.pipeline, "only this pipeline");
  verb->add_option("--samples", options->plan.samples, "how many differences of each kind to show, a pipeline")->capture_default_str()->check(CLI::Range(0, 1'000));
  verb->add_flag("--markdown", options->markdown, "as Markdown, for a pull request");
  verb->footer("Recorded changes go through today's folder (-i) and through DIR, and the calls that each would have made are compared.\n"
               "Each change is looked at by itself, over a target that holds what the same folder sent before it; look-ups at the\n"
               "target have no say. What records at the target get by the edited mapping is `datapicker remap --dry-run`'s to tell.\n"
               "Example:  git worktree add /tmp/edited my-branch && datapicker plan /tmp/edited -i /etc/datapicker/acme --markdown\n"
               "Exit code 4 when something would differ.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return show_plan(invocation, *options); }; });
}

}  // namespace engine::cli
