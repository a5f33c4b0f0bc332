#include "engine/operate/acts/anomalies.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/base/clock.h"
#include "engine/cli/act/acting.h"
#include "engine/cli/terminal.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace {

namespace json = boost::json;

struct AnomaliesOptions {
  ActingOptions acting;
  std::vector<std::int64_t> ids;
  std::string pipeline;
  std::string until;
  bool all = false;
  std::size_t limit = 100;
};

Colour colour_of(journal::AnomalyState state) { return state == journal::AnomalyState::open ? Colour::yellow : Colour::dim; }

std::string state_text(const operate::ListedAnomaly& each) {
  const bool is_snoozed = each.snoozed_until_ms > system_clock().wall_ms();
  return coloured(journal::name_of(each.anomaly.state), colour_of(each.anomaly.state)) + (is_snoozed ? ", snoozed" : "");
}

int list(const Invocation& invocation, const AnomaliesOptions& options) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  const auto anomalies = operate::list_anomalies(*journal, options.pipeline, options.all, options.limit);
  const bool some_open = std::any_of(anomalies.begin(), anomalies.end(), [](const operate::ListedAnomaly& each) {
    return each.anomaly.state == journal::AnomalyState::open;
  });
  std::vector<std::vector<std::string>> rows{{"ID", "SINCE", "PIPELINE", "STATE", "HELD", "WHY"}};
  for (const operate::ListedAnomaly& each : anomalies) {
    if (invocation.json) fmt::print("{}\n", json::serialize(operate::json_of(each)));
    rows.push_back({std::to_string(each.anomaly.id), local_time(each.anomaly.opened_ms), each.pipeline,
                    state_text(each), std::to_string(each.held),
                    each.anomaly.text});
  }
  if (!invocation.json) fmt::print("{}", anomalies.empty() ? "no anomalies: nothing is held\n" : aligned(rows));
  return some_open ? differences_found : done;
}

std::string counts_text(const std::map<std::string, std::int64_t>& counts) {
  std::string text;
  for (const auto& [name, number] : counts) text += (text.empty() ? "" : ", ") + fmt::format("{} {}", number, name);
  return text;
}

std::string shown_value(const std::string& value) { return value.empty() ? "(none)" : value; }

void print_samples(const operate::AnomalyStory& story) {
  for (const operate::RecordSample& sample : story.samples) {
    fmt::print("    {} {}\n", sample.effect, sample.key);
    for (const operate::FieldSample& field : sample.fields) {
      const std::string there = field.there ? fmt::format("{}, which somebody entered there, → ", shown_value(*field.there)) : "";
      fmt::print("      {}: {} → {}{}\n", field.field, shown_value(field.before), there, shown_value(field.after));
    }
  }
}

std::string number_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_object()) return json::serialize(value);
  std::string text;
  for (const auto& [name, part] : value.get_object()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", std::string_view(name), number_text(part));
  }
  return text;
}

/// What was counted and what it was compared with, as it was stored with the verdict.
void print_numbers(const std::string& numbers) {
  std::vector<std::vector<std::string>> rows;
  const json::value stored = json::parse(numbers);
  for (const auto& [name, value] : stored.as_object()) rows.push_back({"   ", std::string(name), number_text(value)});
  fmt::print("{}", aligned(rows));
}

/// "12 update, 3 delete" of what is sent; empty: nothing is.
std::string sent_text(const operate::AnomalyStory& story) {
  std::map<std::string, std::int64_t> sent = story.effects;
  sent.erase("nothing");
  return counts_text(sent);
}

void print_choices(const operate::AnomalyStory& story) {
  const std::string sent = sent_text(story);
  const auto equal = story.effects.find("nothing");
  fmt::print("  release: {} {}{}\n", sent.empty() ? "nothing is sent to" : sent + " at", story.target,
             equal == story.effects.end() ? "" : fmt::format("; {} are as they were last sent and cost no call", equal->second));
  fmt::print("  reject:  {} keeps what it has; a later change that still brings these values is held again\n"
             "  Later changes of these records wait here, too, and the newest state is what leaves; all others go on.\n", story.target);
}

void print_story(const operate::AnomalyStory& story) {
  const journal::Anomaly& anomaly = story.listed.anomaly;
  fmt::print("anomaly {}, {}, pipeline {}, {} since {}\n", anomaly.id, anomaly.kind, story.listed.pipeline,
             coloured(journal::name_of(anomaly.state), colour_of(anomaly.state)), local_time(anomaly.opened_ms));
  fmt::print("  {}\n", anomaly.text);
  print_numbers(anomaly.numbers);
  if (story.listed.snoozed_until_ms > system_clock().wall_ms()) fmt::print("  no alert until {}\n", local_time(story.listed.snoozed_until_ms));
  if (anomaly.closed_ms) {
    fmt::print("  {} {}{}{}\n", journal::name_of(anomaly.state), local_time(*anomaly.closed_ms),
               anomaly.actor.empty() ? "" : " by " + anomaly.actor, anomaly.reason.empty() ? "" : ": " + anomaly.reason);
  }
  if (story.listed.held == 0) {
    fmt::print("  nothing is held\n");
    return;
  }
  fmt::print("  {} held for {}", counted(static_cast<std::size_t>(story.listed.held), "record"), story.target);
  if (story.looked_at < story.listed.held) fmt::print("; of the first {}", story.looked_at);
  fmt::print(": {}\n", counts_text(story.effects));
  if (!story.fields.empty()) fmt::print("  fields that differ: {}\n", counts_text(story.fields));
  print_samples(story);
  if (anomaly.state == journal::AnomalyState::open) print_choices(story);
}

int show(const Invocation& invocation, const AnomaliesOptions& options) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  for (const std::int64_t id : options.ids) {
    const operate::AnomalyStory story = operate::anomaly_story(*journal, id);
    if (invocation.json) {
      fmt::print("{}\n", json::serialize(operate::json_of(story)));
    } else {
      print_story(story);
    }
  }
  return done;
}

bool print_decided(const Invocation& invocation, const json::object& outcome, const char* verb, bool dry_run) {
  bool all_done = true;
  if (invocation.json) fmt::print("{}\n", json::serialize(outcome));
  for (const json::value& each : outcome.at("decided").as_array()) {
    const bool ok = each.at("done").as_bool();
    all_done = all_done && ok;
    if (invocation.json) continue;
    const auto id = each.at("id").to_number<std::int64_t>();
    const std::string_view what = each.at("what").as_string();
    if (!ok) {
      fmt::print("{} {}: {}\n", coloured("refused", Colour::red), id, what);
      continue;
    }
    const auto held = each.at("held").to_number<std::size_t>();
    fmt::print("{}anomaly {} of {}, {}: {}\n", dry_run ? fmt::format("would {}: ", verb) : "", id,
               std::string_view(each.at("pipeline").as_string()), counted(held, "delivery"), what);
  }
  return all_done;
}

json::object request_for(const AnomaliesOptions& options, const char* verb) {
  if (options.ids.empty() && !options.all && options.pipeline.empty()) {
    throw Error(ErrorCode::config_invalid, "which ones?", {}, "give their ids, or --pipeline NAME, or --all");
  }
  json::array ids;
  for (const std::int64_t id : options.ids) ids.push_back(id);
  return {{"verb", verb}, {"ids", std::move(ids)}, {"pipeline", options.pipeline}, {"all", options.all}};
}

/// Nothing leaves by it, so nothing is asked.
int snooze(const Invocation& invocation, const AnomaliesOptions& options) {
  json::object request = request_for(options, "snooze");
  request["until_ms"] = time_ahead(options.until, "--until");
  const json::object outcome = options.acting.dry_run ? try_act(invocation, request, options.acting) : act(invocation, request, options.acting);
  const bool all_done = print_decided(invocation, outcome, "snooze", options.acting.dry_run);
  if (!invocation.json) fmt::print("no alert until {}\n", local_time(outcome.at("until_ms").to_number<std::int64_t>()));
  return all_done ? done : failed;
}

int decide(const Invocation& invocation, const AnomaliesOptions& options, const char* verb) {
  json::object request = request_for(options, verb);
  if (options.acting.dry_run || !options.acting.yes) {
    const json::object would = try_act(invocation, request, options.acting);
    if (options.acting.dry_run || !invocation.json) print_decided(invocation, would, verb, true);
    if (options.acting.dry_run) return done;
    if (options.acting.reason.empty()) throw Error(ErrorCode::config_invalid, "why?", {}, "say it with --reason: it is kept with the decision");
    if (!may_go_on(options.acting, "Go on?")) return failed;
    json::object seen;
    for (const json::value& each : would.at("decided").as_array()) {
      seen[std::to_string(each.at("id").to_number<std::int64_t>())] = each.at("held");
    }
    request["seen"] = std::move(seen);
  }
  return print_decided(invocation, act(invocation, request, options.acting), verb, false) ? done : failed;
}

CLI::App* add_choice(CLI::App& parent, Invocation& invocation, const std::shared_ptr<AnomaliesOptions>& options, const char* name, const char* help,
                     const char* footer) {
  CLI::App* verb = parent.add_subcommand(name, help);
  add_common_options(*verb, invocation);
  verb->add_option("ids", options->ids, "which anomalies");
  verb->add_option("--pipeline", options->pipeline, "the open ones of one pipeline");
  verb->add_flag("--all", options->all, "all that are open");
  add_acting_options(*verb, options->acting);
  verb->footer(footer);
  return verb;
}

void add_decision(CLI::App& parent, Invocation& invocation, const std::shared_ptr<AnomaliesOptions>& options, const char* name, const char* help,
                  const char* footer) {
  CLI::App* verb = add_choice(parent, invocation, options, name, help, footer);
  verb->callback([&invocation, options, name] {
    invocation.run = [&invocation, options, name] { return decide(invocation, *options, name); };
  });
}

}  // namespace

void add_anomalies(CLI::App& program, Invocation& invocation) {
  CLI::App* parent = program.add_subcommand("anomalies", "what guards hold until a person decides: list, show, release, reject, snooze");
  parent->require_subcommand(1);
  auto options = std::make_shared<AnomaliesOptions>();

  CLI::App* list_verb = parent->add_subcommand("list", "what is held and why; exit code 4 when there is something");
  add_common_options(*list_verb, invocation);
  list_verb->add_option("--pipeline", options->pipeline, "only those of one pipeline");
  list_verb->add_flag("--all", options->all, "those that are decided or healed, too");
  list_verb->add_option("--limit", options->limit, "with --all: how many at most")->capture_default_str();
  list_verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return list(invocation, *options); }; });

  CLI::App* show_verb = parent->add_subcommand("show", "what one holds, by field and with samples, and what a decision would do");
  add_common_options(*show_verb, invocation);
  show_verb->add_option("ids", options->ids, "which anomalies")->required();
  show_verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return show(invocation, *options); }; });

  add_decision(*parent, invocation, options, "release", "let go what is held",
               "The newest state of each held record is sent. A reason is required; it is kept with who said it.");
  add_decision(*parent, invocation, options, "reject", "throw away what is held",
               "What is held ends as rejected, and the target keeps what it has. A later change of such a record that still brings a\n"
               "rejected value is held again. A reason is required; it is kept with who said it.");
  CLI::App* snooze_verb = add_choice(*parent, invocation, options, "snooze", "be alerted about it later; what is held stays held",
                                     "Alerts about it fall silent until then, and begin anew if it is still open. A reason is required; it is kept in the\n"
                                     "audit with who said it. Example:  datapicker anomalies snooze 7 --until 12h --reason \"asked purchasing\"");
  snooze_verb->add_option("--until,--for", options->until, "when it ends: 2h from now, or 2026-11-30 06:00")->required();
  snooze_verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return snooze(invocation, *options); }; });
}

}  // namespace engine::cli
