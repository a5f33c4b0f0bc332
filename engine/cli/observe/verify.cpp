#include "engine/operate/review/verify/verify.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/base/log.h"
#include "engine/cli/act/acting.h"
#include "engine/cli/progress_line.h"
#include "engine/cli/terminal.h"

namespace engine::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t repaired_at_once = 200;

struct VerifyOptions {
  operate::VerifyOptions verify;
  ActingOptions acting;
  bool only_source = false;
  bool only_target = false;
  bool repair = false;
  bool extra = false;
};

std::string counts_text(const operate::VerifiedSide& side) {
  std::string text = fmt::format("{} looked at, {} equal", side.looked_at, side.equal);
  for (const auto& [number, name] : {std::pair{side.missing, "missing"}, {side.different, "different"}, {side.extra, "extra"},
                                     {side.under_way, "under way"}, {side.never_sent, "never sent"}, {side.failed, "not answered"}}) {
    if (number > 0) text += fmt::format(", {} {}", number, name);
  }
  if (side.extra_ours > 0) text += fmt::format("; {} of the extra made by this pipeline", side.extra_ours);
  return text;
}

void print_side(const std::string& heading, const operate::VerifiedSide& side) {
  if (!side.unable.empty()) {
    fmt::print("{}: {}\n", coloured(heading, Colour::bold), side.unable);
    return;
  }
  fmt::print("{}: {}\n", coloured(heading, Colour::bold), counts_text(side));
  for (const std::string& note : side.notes) fmt::print("  {} {}\n", coloured("note:", Colour::yellow), note);
  for (const operate::Mismatch& mismatch : side.samples) {
    fmt::print("  {} {}\n", coloured(name_of(mismatch.kind), Colour::red), mismatch.key);
    for (const operate::ValueMismatch& value : mismatch.values) {
      fmt::print("    {}: {}, and there {}\n", value.name, value.wanted.empty() ? "(none)" : value.wanted, value.there.empty() ? "(none)" : value.there);
    }
  }
}

void print(const operate::Verification& verification) {
  print_side(fmt::format("journal beside the source {} ({})", verification.source, verification.table), verification.journal);
  print_side(fmt::format("target {} beside the journal ({})", verification.connection, verification.pipeline), verification.target);
}

/// Rows are read again and sent through the daemon, some at a time, so that each act stays small in the audit.
json::array repair(const Invocation& invocation, const operate::Verification& verification, const VerifyOptions& options) {
  const std::vector<std::string> keys = verification.keys(options.extra);
  json::array outcomes;
  for (std::size_t begin = 0; begin < keys.size(); begin += repaired_at_once) {
    json::array part;
    for (std::size_t i = begin; i < std::min(begin + repaired_at_once, keys.size()); ++i) part.emplace_back(keys[i]);
    const json::object request{{"verb", "backfill"}, {"table", verification.table}, {"keys", std::move(part)}, {"pipelines", json::array{json::value(verification.pipeline)}}};
    outcomes.push_back(act(invocation, request, options.acting));
  }
  return outcomes;
}

int repair_after_question(const Invocation& invocation, const operate::Verification& verification, const VerifyOptions& options, json::object& shown) {
  const std::size_t keys = verification.keys(options.extra).size();
  if (keys == 0) return verification.differs() ? differences_found : done;
  if (options.acting.reason.empty()) throw Error(ErrorCode::config_invalid, "why?", {}, "say it with --reason: it is kept with the decision");
  if (!may_go_on(options.acting, fmt::format("Read {} again and send them?", counted(keys, "row")))) return failed;
  shown["repaired"] = repair(invocation, verification, options);
  const char* rest = options.extra ? "what is extra and not made by this pipeline is left for a person" : "what is extra is left for a person";
  if (!invocation.json) fmt::print("{} read again at the source and planned; {}\n", counted(keys, "row"), rest);
  return differences_found;
}

int run(const Invocation& invocation, VerifyOptions options) {
  set_log_level(LogLevel::error);
  options.verify.instance = invocation.instance;
  options.verify.source = !options.only_target;
  options.verify.target = !options.only_source;
  operate::Verification verification;
  {
    ProgressLine line;
    options.verify.tell = [&line](const char* what, std::int64_t did, std::int64_t total) { line.tell(did, total, what); };
    verification = operate::verify(options.verify);
  }
  json::object shown = operate::json_of(verification);
  if (!invocation.json) print(verification);
  const int code = options.repair ? repair_after_question(invocation, verification, options, shown) : verification.differs() ? differences_found : done;
  if (invocation.json) fmt::print("{}\n", json::serialize(shown));
  return code;
}

}  // namespace

void add_verify(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("verify", "compare source, journal and target of a pipeline by key and field");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<VerifyOptions>();
  verb->add_option("pipeline", options->verify.pipeline, "the pipeline")->required();
  CLI::Option* only_source = verb->add_flag("--only-source", options->only_source, "only the journal beside the source");
  verb->add_flag("--only-target", options->only_target, "only the target beside the journal")->excludes(only_source);
  verb->add_option("--samples", options->verify.samples, "how many mismatches of each kind to show")->capture_default_str()->check(CLI::Range(0, 10'000));
  CLI::Option* repair = verb->add_flag("--repair", options->repair, "read what is missing or different again at the source, and send it");
  verb->add_flag("--extra", options->extra, "with --repair: also take away what is extra, if this pipeline made it and its row is not wanted there any more")->needs(repair);
  verb->add_flag("-y,--yes", options->acting.yes, "do not ask");
  add_reason(*verb, options->acting);
  verb->footer("Reads all rows at the source, and at the target what it can tell: a database is read whole, a target with ids or a look-up is\n"
               "asked record by record; files, streams and messages cannot be. What is on its way is no mismatch. A repair is a backfill of\n"
               "those keys through the daemon, with its guards, and needs a reason. With --extra it also takes away what this pipeline made and\n"
               "`where` does not want any more; what somebody else made is never touched. A target that throttles is asked again after its wait.\n"
               "Exit code 4 when something differs.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace engine::cli
