#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/act/resend_text.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct RemapOptions {
  ActingOptions acting;
  std::vector<std::string> pipelines;
  bool live_only = false;
  bool force = false;
};

void print_remapped(const json::object& outcome, bool dry_run) {
  for (const json::value& each : outcome.at("pipelines").as_array()) fmt::print("{}", resend_text(each.as_object(), dry_run));
}

}  // namespace

void add_remap(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("remap", "map every row again and send what differs from what was last sent");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<RemapOptions>();
  verb->add_option("pipelines", options->pipelines, "which pipelines")->required();
  verb->add_flag("--live-only", options->live_only, "only records that are at the target by our hand");
  verb->add_flag("--force", options->force, "send what is equal, too: the target may have lost it");
  add_acting_options(*verb, options->acting);
  verb->footer("A changed mapping applies to future changes only; this brings the rows that do not change up to it. The rows are\n"
               "those last seen: the source is not asked. First try it:  datapicker remap customers_to_shop --dry-run");
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options] {
      json::array names;
      for (const std::string& name : options->pipelines) names.emplace_back(name);
      const json::object request{
          {"verb", "remap"}, {"pipelines", names}, {"live_only", options->live_only}, {"force", options->force}};
      return act_after_question(invocation, request, options->acting, print_remapped);
    };
  });
}

}  // namespace engine::cli
