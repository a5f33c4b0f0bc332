#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/act/acting.h"
#include "engine/cli/act/resend_text.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct ReplayOptions {
  ActingOptions acting;
  std::string pipeline;
  std::vector<std::string> keys;
  std::string since;
  std::string until;
  std::optional<std::int64_t> from_seq;
  std::optional<std::int64_t> to_seq;
  bool all = false;
  bool every_change = false;
  bool comments = false;
};

void print_replayed(const json::object& outcome, bool dry_run) { fmt::print("{}", resend_text(outcome, dry_run)); }

json::object request_of(const ReplayOptions& options) {
  json::object request{{"verb", "replay"},       {"pipeline", options.pipeline}, {"all", options.all},
                       {"every_change", options.every_change}, {"comments", options.comments}};
  json::array keys;
  for (const std::string& key : options.keys) keys.emplace_back(key);
  request["keys"] = std::move(keys);
  if (!options.since.empty()) request["since_ms"] = time_typed(options.since, "--since");
  if (!options.until.empty()) request["until_ms"] = time_typed(options.until, "--until");
  if (options.from_seq) request["from_seq"] = *options.from_seq;
  if (options.to_seq) request["to_seq"] = *options.to_seq;
  return request;
}

}  // namespace

void add_replay(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("replay", "deliver again from the journal, mapped anew");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<ReplayOptions>();
  verb->add_option("pipeline", options->pipeline, "which pipeline")->required();
  verb->add_option("--key", options->keys, "only these keys; a key of several columns as JSON: '[\"A01\",7]'");
  verb->add_option("--since", options->since, "changes captured since: 2h, 3d, '2026-11-22 08:00'");
  verb->add_option("--until", options->until, "changes captured until");
  verb->add_option("--from-seq", options->from_seq, "changes from this number");
  verb->add_option("--to-seq", options->to_seq, "changes up to this number");
  verb->add_flag("--all", options->all, "everything the journal retains");
  verb->add_flag("--every-change", options->every_change, "each change by itself, in order: for messages and new targets");
  verb->add_flag("--comments", options->comments, "of records: write their comments again, too");
  add_acting_options(*verb, options->acting);
  verb->footer("Of records the newest state is sent once, whether or not it equals what was last sent. The journal retains a\n"
               "limited time; what is older is read again at the source by `datapicker backfill`.");
  verb->callback([&invocation, options] {
    invocation.run = [&invocation, options] {
      return act_after_question(invocation, request_of(*options), options->acting, print_replayed);
    };
  });
}

}  // namespace engine::cli
