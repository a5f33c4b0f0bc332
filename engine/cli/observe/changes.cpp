#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/story_text.h"
#include "engine/cli/terminal.h"
#include "engine/cli/verbs.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/story.h"

namespace engine::cli {

namespace {

struct ChangesOptions {
  std::string table;
  std::optional<std::int64_t> after;
  std::size_t limit = 20;
};

std::string difference_of(const model::Change& change, const operate::DocumentLayouts& layouts) {
  if (change.operation != model::Operation::update) return {};
  std::string text;
  for (const operate::ColumnChange& column : operate::columns_of(change, layouts)) {
    text += (text.empty() ? "" : ", ") + fmt::format("{} {} → {}", column.column, side_text(column.before), side_text(column.after));
  }
  return text;
}

int show_changes(const Invocation& invocation, const ChangesOptions& options) {
  const settings::Instance instance = operate::load_valid_instance(invocation.instance, false);
  journal::ReadOnlyJournal journal(instance.journal_path);
  const auto changes = operate::list_changes(*journal, options.table, options.after, options.limit);
  if (invocation.json) {
    for (const operate::ListedChange& each : changes) {
      fmt::print("{}\n", boost::json::serialize(operate::json_of(each.change, each.table)));
    }
    return done;
  }
  const operate::DocumentLayouts layouts = operate::document_layouts(*journal, changes);
  std::vector<std::vector<std::string>> rows{{"SEQ", "CAPTURED", "TABLE", "OPERATION", "KEY", "BY", "WHAT"}};
  for (const operate::ListedChange& each : changes) {
    rows.push_back({std::to_string(each.change.seq), local_time(each.change.captured_ms), each.table,
                    std::string(model::name_of(each.change.operation)), each.change.key, each.change.source_user.value_or(""), difference_of(each.change, layouts)});
  }
  fmt::print("{}", aligned(rows));
  return done;
}

}  // namespace

void add_changes(CLI::App& program, Invocation& invocation) {
  CLI::App* verb = program.add_subcommand("changes", "the newest changes in the journal, by column");
  add_common_options(*verb, invocation);
  auto options = std::make_shared<ChangesOptions>();
  verb->add_option("table", options->table, "only this table");
  verb->add_option("--after", options->after, "those after this sequence number");
  verb->add_option("--limit", options->limit, "how many at most")->capture_default_str()->check(CLI::Range(1, 100'000));
  verb->footer("With --json one object a line: pipe it to jq.");
  verb->callback([&invocation, options] { invocation.run = [&invocation, options] { return show_changes(invocation, *options); }; });
}

}  // namespace engine::cli
