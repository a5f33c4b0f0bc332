#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/targets/verbs.h"
#include "engine/cli/terminal.h"
#include "engine/operate/targets/page.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

int show(const Invocation& invocation, const std::string& name) {
  const operate::ShelvedTarget target = operate::TargetShelf(invocation.instance).take(name);
  const std::string page = operate::target_page(target);
  if (!invocation.json) {
    fmt::print("{}", page);
    return done;
  }
  const json::value definition = target.root ? json::parse(settings::json_of(*target.root)) : json::value(nullptr);
  fmt::print("{}\n", json::serialize(json::object{{"target", name},
                                                  {"own", target.is_own},
                                                  {"file", target.file.string()},
                                                  {"definition", definition},
                                                  {"page", page}}));
  return done;
}

}  // namespace

void add_targets_show(CLI::App& parent, Invocation& invocation) {
  CLI::App* verb = parent.add_subcommand("show", "the reference page of a definition, as Markdown");
  add_common_options(*verb, invocation);
  auto name = std::make_shared<std::string>();
  verb->add_option("name", *name, "the definition, as `targets list` names it")->required();
  verb->footer("The page says how the API is entered, what each call sends, what answers mean, and what all of that was proved by.\n"
               "It begins with a connection and ends with a pipeline to be copied. Those of the shipped definitions: docs/targets.");
  verb->callback([&invocation, name] { invocation.run = [&invocation, name] { return show(invocation, *name); }; });
}

}  // namespace engine::cli
