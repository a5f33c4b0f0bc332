#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct LinkOptions {
  ActingOptions acting;
  std::string pipeline;
};

void print_list(const char* heading, const json::value& list) {
  for (const json::value& each : list.as_array()) fmt::print("  {} {}\n", heading, std::string_view(each.as_string()));
}

/// Nothing is sent by it, so nobody is asked first.
int link(const Invocation& invocation, const LinkOptions& options) {
  const json::object request{{"verb", "link"}, {"pipeline", options.pipeline}};
  const json::object outcome =
      options.acting.dry_run ? try_act(invocation, request, options.acting) : act(invocation, request, options.acting);
  const auto number = [&outcome](const char* name) { return outcome.at(name).to_number<std::size_t>(); };
  if (invocation.json) {
    fmt::print("{}\n", json::serialize(outcome));
  } else {
    fmt::print("{}: {} looked at, {} {}, {} known before, {} not there, {} double, {} failed\n", options.pipeline,
               counted(number("looked_at"), "row"), number("linked"), options.acting.dry_run ? "would be linked" : "linked",
               number("known"), number("absent"), number("doubled"), number("failed"));
    print_list("not there:", outcome.at("absent_keys"));
    print_list("double:", outcome.at("doubled_keys"));
    print_list("failed:", outcome.at("failures"));
  }
  return number("doubled") + number("failed") > 0 ? differences_found : done;
}

}  // namespace

void add_link(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("link", "adopt a target that is already full: find the record of each row");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<LinkOptions>();
  verb->add_option("pipeline", options->pipeline, "which pipeline")->required();
  verb->add_flag("-n,--dry-run", options->acting.dry_run, "look, keep nothing");
  add_reason(*verb, options->acting);
  verb->footer("Each row is looked up at the target by its match value, and the record's id kept: its next change is an update, not a\n"
               "second record. Nothing is written at the target. Exit code 4 when some are double or could not be looked up.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return link(invocation, *options); }; });
}

}  // namespace engine::cli
