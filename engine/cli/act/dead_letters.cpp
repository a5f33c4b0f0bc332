#include "engine/operate/dead_letters.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/story_text.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace {

namespace json = boost::json;

struct DeadLettersOptions {
  std::string pipeline;
  std::size_t limit = 100;
  std::vector<std::int64_t> ids;
  bool all = false;
  bool delivered = false;
  bool not_delivered = false;
  std::string reason;
};

/// Works without the daemon: the journal alone is read.
int list(const Invocation& invocation, const DeadLettersOptions& options) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  const auto letters = operate::list_dead_letters(*journal, options.pipeline, options.limit);
  if (invocation.json) {
    for (const operate::DeadLetter& each : letters) {
      const operate::DeliveryStory story{.delivery = each.delivery, .attempts = {}, .reports = {}, .together = operate::together_story(*journal, each.delivery)};
      fmt::print("{}\n", json::serialize(operate::json_of(story, each.pipeline)));
    }
    return letters.empty() ? done : differences_found;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "SINCE", "PIPELINE", "KEY", "STATE", "TRIES", "WHY"}};
  for (const auto& [delivery, pipeline] : letters) {
    const std::string state(journal::name_of(delivery.state));
    rows.push_back({std::to_string(delivery.id), local_time(delivery.updated_ms), pipeline, delivery.key,
                    coloured(state, colour_of_state(state)), std::to_string(delivery.tries), delivery.reason});
  }
  if (letters.empty()) {
    fmt::print("no dead letters, nothing uncertain\n");
    return done;
  }
  fmt::print("{}", aligned(rows));
  return differences_found;
}

int show(const Invocation& invocation, const DeadLettersOptions& options) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  for (const std::int64_t id : options.ids) {
    std::string pipeline;
    const operate::DeliveryStory story = operate::show_delivery(*journal, id, pipeline);
    if (invocation.json) {
      fmt::print("{}\n", json::serialize(operate::json_of(story, pipeline)));
      continue;
    }
    fmt::print("{}", delivery_text(story, pipeline, 0));
    fmt::print("  key {}, {} {} {}\n", story.delivery.key, story.delivery.connection, story.delivery.object, story.delivery.match);
    if (story.delivery.fields) fmt::print("  fields {}\n", *story.delivery.fields);
  }
  return done;
}

void print_decided(const std::vector<operate::Decided>& decided) {
  json::array list;
  for (const operate::Decided& each : decided) list.push_back(json::object{{"id", each.id}, {"done", each.done}, {"what", each.what}});
  fmt::print("{}\n", json::serialize(json::object{{"decided", std::move(list)}}));
}

/// Through the daemon where it runs. One that is refused makes the exit code 1; the others are decided all the same.
int decide(const Invocation& invocation, const DeadLettersOptions& options, operate::Decision::Action action) {
  operate::Decision decision{.action = action, .ids = options.ids, .reason = options.reason};
  if (options.delivered) decision.settled = operate::Decision::Settled::delivered;
  if (options.not_delivered) decision.settled = operate::Decision::Settled::not_delivered;
  // What comes in between is not decided: the list is made here, and the daemon is told ids.
  if (options.all) {
    journal::ReadOnlyJournal journal(operate::load_valid_instance(invocation.instance, false).journal_path);
    for (const auto& letter : operate::list_dead_letters(*journal, options.pipeline, 1'000'000)) {
      decision.ids.push_back(letter.delivery.id);
    }
  }
  if (decision.ids.empty() && !options.all) {
    throw Error(ErrorCode::config_invalid, "which ones?", {}, "give their ids, or --all (with --pipeline NAME for those of one)");
  }
  const auto decided = operate::decide_anywhere(invocation.instance, decision, system_clock());
  if (invocation.json) print_decided(decided);
  bool all_done = true;
  for (const operate::Decided& each : decided) {
    all_done = all_done && each.done;
    if (!invocation.json) {
      fmt::print("{} {}: {}\n", each.done ? coloured("done", Colour::green) : coloured("refused", Colour::red), each.id, each.what);
    }
  }
  return all_done ? done : failed;
}

/// What `retry` and `discard` have in common.
CLI::App* add_action(CLI::App& parent, Invocation& invocation, const std::shared_ptr<DeadLettersOptions>& options, const char* name,
                     const char* help, operate::Decision::Action action) {
  CLI::App* verb = parent.add_subcommand(name, help);
  add_common_options(*verb, invocation);
  verb->add_option("ids", options->ids, "which deliveries");
  verb->add_flag("--all", options->all, "all that `list` shows");
  verb->add_option("--pipeline", options->pipeline, "with --all: those of one pipeline");
  verb->add_option("--reason", options->reason, "why; kept with the decision");
  verb->callback([&invocation, options, action] {
    invocation.run = [&invocation, options, action] { return decide(invocation, *options, action); };
  });
  return verb;
}

}  // namespace

void add_dead_letters(CLI::App& program, Invocation& invocation) {
  CLI::App* parent = program.add_subcommand("dead-letters", "what was given up or is uncertain: list, show, retry, discard");
  parent->require_subcommand(1);
  // One for all four: only the verb that was chosen fills it.
  auto options = std::make_shared<DeadLettersOptions>();

  CLI::App* list_verb = parent->add_subcommand("list", "dead and uncertain deliveries; exit code 4 when there are some");
  add_common_options(*list_verb, invocation);
  list_verb->add_option("--pipeline", options->pipeline, "only those of one pipeline");
  list_verb->add_option("--limit", options->limit, "how many at most")->capture_default_str();
  list_verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return list(invocation, *options); }; });

  CLI::App* show_verb = parent->add_subcommand("show", "one delivery with every attempt");
  add_common_options(*show_verb, invocation);
  show_verb->add_option("ids", options->ids, "which deliveries")->required();
  show_verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return show(invocation, *options); }; });

  CLI::App* retry = add_action(*parent, invocation, options, "retry", "map the newest state again and send it", operate::Decision::Action::retry);
  CLI::Option* delivered = retry->add_flag("--delivered", options->delivered, "of uncertain ones: the target has it");
  retry->add_flag("--not-delivered", options->not_delivered, "of uncertain ones: the target does not have it; send it again")
      ->excludes(delivered);
  retry->footer("An uncertain delivery was sent and its answer lost. Look at the target first, then say what you found.");
  add_action(*parent, invocation, options, "discard", "give up for good: the delivery ends as rejected", operate::Decision::Action::discard);
}

}  // namespace engine::cli
