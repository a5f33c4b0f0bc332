#include "engine/operate/story.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/story_text.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"

namespace engine::cli {

namespace {

struct StoryOptions {
  std::string table;
  std::vector<std::string> key;
};

int show_story(const Invocation& invocation, const StoryOptions& options) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  const operate::Story story = operate::story_of(*journal, options.table, options.key);
  if (invocation.json) {
    fmt::print("{}\n", boost::json::serialize(operate::json_of(story)));
    return done;
  }
  fmt::print("{}", story_text(story));
  const bool known = story.image || !story.changes.empty();
  if (!known) fmt::print("the journal knows nothing of this key\n");
  return known ? done : failed;
}

}  // namespace

void add_story(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("story", "everything about one key: what changed, what was sent, what was answered");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<StoryOptions>();
  verb->add_option("table", options->table, "the table")->required();
  verb->add_option("key", options->key, "the key, one word a column")->required()->expected(1, 32);
  verb->footer("Example:  datapicker story anacli C001");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return show_story(invocation, *options); }; });
}

}  // namespace engine::cli
