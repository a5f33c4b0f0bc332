#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace {

namespace json = boost::json;

struct ExpectOptions {
  ActingOptions acting;
  std::string pipeline;
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
  std::string until;
};

int run(const Invocation& invocation, const ExpectOptions& options) {
  const json::object request{{"verb", "expect"},           {"pipeline", options.pipeline}, {"inserts", options.inserts},
                             {"updates", options.updates}, {"deletes", options.deletes},   {"until_ms", time_ahead(options.until, "--until")}};
  const json::object outcome = act(invocation, request, options.acting);
  if (invocation.json) {
    fmt::print("{}\n", json::serialize(outcome));
    return done;
  }
  fmt::print("{} may make {}, change {} and take away {} records until {}, beyond its limits\n", options.pipeline, options.inserts,
             options.updates, options.deletes, local_time(outcome.at("until_ms").to_number<std::int64_t>()));
  return done;
}

}  // namespace

void add_expect(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("expect", "announce a mass change of a pipeline, so that it is not held");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<ExpectOptions>();
  verb->add_option("pipeline", options->pipeline, "which pipeline")->required();
  verb->add_option("--inserts", options->inserts, "how many records may be made")->check(CLI::NonNegativeNumber);
  verb->add_option("--updates", options->updates, "how many may be changed")->check(CLI::NonNegativeNumber);
  verb->add_option("--deletes", options->deletes, "how many may be taken away")->check(CLI::NonNegativeNumber);
  verb->add_option("--until", options->until, "when it ends: 2h from now, or 2026-11-30 06:00")->required();
  add_reason(*verb, options->acting);
  verb->footer("A cycle passes its limits as long as what it does was announced and has not come yet. What exceeds it is held as a whole.\n"
               "What is held already is not let go by it: `datapicker anomalies release` does that. A reason is required.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace engine::cli
