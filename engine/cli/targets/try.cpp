#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/base/log.h"
#include "engine/cli/act/acting.h"
#include "engine/cli/targets/verbs.h"
#include "engine/cli/terminal.h"
#include "engine/model/fields.h"
#include "engine/operate/targets/trial.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

struct TryOptions {
  operate::TrialOptions trial;
  std::vector<std::string> set;
  std::vector<std::string> match;
  std::string call;
  std::string remote_id;
  ActingOptions acting;
};

/// "name=Rossi" is a text, "credit:=1000" is JSON.
model::FieldMap typed_fields(const std::vector<std::string>& words, const std::string& option) {
  model::FieldMap fields;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const bool is_json = equals != std::string::npos && equals > 0 && word[equals - 1] == ':';
    if (equals == std::string::npos || equals == (is_json ? 1U : 0U)) {
      throw Error(ErrorCode::config_invalid, fmt::format("'{}' is no field with a value", word), {},
                  fmt::format("write {} name=text, or name:=JSON for a number, a truth value, null or a list", option));
    }
    if (!is_json) {
      fields[word.substr(0, equals)] = model::FieldScalar(word.substr(equals + 1));
      continue;
    }
    const std::string name = word.substr(0, equals - 1);
    boost::system::error_code error;
    const json::value value = json::parse(word.substr(equals + 1), error);
    if (error || value.is_object()) {
      throw Error(ErrorCode::config_invalid, fmt::format("'{}' is no value of a field", word.substr(equals + 1)), {},
                  "behind := stands a number, true, false, null, a text in double quotes, or a list of them");
    }
    fields[name] = model::fields_from_json(fmt::format("{}:{}}}", "{" + json::serialize(json::string(name)), word.substr(equals + 1))).at(name);
  }
  return fields;
}

Colour colour_of(const std::string& outcome) {
  if (outcome == "delivered" || outcome == "duplicate") return Colour::green;
  return outcome == "retry" || outcome == "throttled" || outcome == "uncertain" || outcome == "partial" ? Colour::yellow : Colour::red;
}

void print_request(const operate::TrialStep& step) {
  fmt::print("{}\n", coloured(step.method.empty() ? std::string(name_of(step.call)) : fmt::format("{}: {} {}", name_of(step.call), step.method, step.url),
                              Colour::bold));
  for (const std::string& header : step.headers) fmt::print("  {}\n", coloured(header, Colour::dim));
  if (!step.body.empty()) fmt::print("  {}\n", step.body);
}

void print_answer(const operate::TrialStep& step) {
  for (const std::string& before : step.before) fmt::print("  {}\n", coloured("first: " + before, Colour::dim));
  std::vector<std::vector<std::string>> rows;
  if (step.sent) {
    const std::string answer = step.status == 0 ? step.reason : fmt::format("{} {}", step.status, step.answer);
    rows.push_back({"  answer", fmt::format("{} ({} ms)", answer, step.duration_ms)});
    rows.push_back({"  means", coloured(step.outcome, colour_of(step.outcome))});
    if (!step.because.empty()) rows.push_back({"  because of", step.because});
  }
  if (!step.remote_id.empty()) rows.push_back({"  id", step.remote_id});
  if (!step.found.empty()) rows.push_back({"  found", fmt::format("{}", fmt::join(step.found, ", "))});
  if (!step.not_as_sent.empty()) rows.push_back({"  not as sent", fmt::format("{}", fmt::join(step.not_as_sent, ", "))});
  if (!step.next.empty()) rows.push_back({"  then", step.next});
  fmt::print("{}", aligned(rows));
}

/// For one trial: it refers to the options.
operate::TrialTalk talk_of(const Invocation& invocation, const TryOptions& options) {
  operate::TrialTalk talk;
  const bool shows = !invocation.json;
  talk.may_send = [&options, shows](const operate::TrialStep& step) {
    if (shows && !options.acting.yes) print_request(step);
    return may_go_on(options.acting, "send this?");
  };
  if (!shows) return talk;
  talk.shown = [&options](const operate::TrialStep& step) {
    const bool was_shown = step.sent && !options.acting.yes && step.call != model::CallKind::find && step.call != model::CallKind::read_back;
    if (!was_shown) print_request(step);
    print_answer(step);
  };
  return talk;
}

/// By value: the trial is completed here from what was typed.
int try_it(const Invocation& invocation, TryOptions options) {
  set_log_level(LogLevel::error);
  options.trial.instance = invocation.instance;
  options.trial.dry_run = options.acting.dry_run;
  options.trial.fields = typed_fields(options.set, "--set");
  options.trial.match = typed_fields(options.match, "--match");
  if (!options.remote_id.empty()) options.trial.remote_id = options.remote_id;
  if (!options.call.empty()) {
    options.trial.call = model::call_kind_of(options.call);
    if (!options.trial.call) throw Error(ErrorCode::config_invalid, fmt::format("there is no call '{}'", options.call));
  }
  const operate::Trial trial = operate::try_target(options.trial, talk_of(invocation, options));
  if (invocation.json) fmt::print("{}\n", json::serialize(operate::json_of(trial)));
  return trial.ended_well ? done : differences_found;
}

}  // namespace

void add_targets_try(CLI::App& parent, Invocation& invocation) {
  CLI::App* verb = parent.add_subcommand("try", "send one record from a connection, and explain what came back");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<TryOptions>();
  verb->add_option("target", options->trial.target, "a connection, or a definition that one connection uses")->required();
  verb->add_option("--object", options->trial.object, "the object, as a pipeline names it")->required();
  verb->add_option("--set", options->set, "a field: name=text or name:=JSON; as often as there are fields")->allow_extra_args(false);
  verb->add_option("--match", options->match, "the value by which the record is found: name=text")->allow_extra_args(false);
  verb->add_option("--call", options->call, "which call; without it what the daemon would choose")->type_name("NAME");
  verb->add_option("--remote-id", options->remote_id, "the id the record has at the target")->type_name("ID");
  verb->add_option("--comment", options->trial.comment, "the text of `--call comment`");
  verb->add_flag("-n,--dry-run", options->acting.dry_run, "show the requests, send nothing");
  verb->add_flag("-y,--yes", options->acting.yes, "do not ask before a request that changes something");
  verb->footer("Without --call it does as the daemon would: an upsert where the API has one, else a look-up by --match and then an\n"
               "update or a create. Each request is shown with its secrets masked, and each answer with what it means, which rule of\n"
               "the definition says so, and what the daemon would do next. Nothing is journaled: the daemon does not know of it.\n\n"
               "  datapicker targets try crm --object contacts --match email=a@example.com --set firstname=Ada --dry-run\n"
               "  datapicker targets try desk --object ticket --call comment --remote-id 42 --comment 'Hello'\n\n"
               "Exit code 4 when the target did not take the record.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return try_it(invocation, *options); }; });
}

}  // namespace engine::cli
