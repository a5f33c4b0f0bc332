#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "engine/cli/targets/verbs.h"
#include "engine/cli/terminal.h"
#include "engine/operate/targets/shelf.h"

namespace engine::cli {

namespace json = boost::json;

namespace {

std::string objects_of(const operate::ShelvedTarget& target) {
  std::string names;
  for (const auto& [name, object] : target.definition.objects) names += (names.empty() ? "" : ", ") + (name == "*" ? "any" : name);
  return names;
}

/// Whose definition it is: the instance's, the package's, or none but code.
std::string origin_of(const operate::ShelvedTarget& target) {
  if (target.is_own) return "own";
  return target.file.empty() ? "built in" : "shipped";
}

json::object json_of(const operate::ShelvedTarget& target) {
  json::array objects;
  for (const auto& [name, object] : target.definition.objects) objects.emplace_back(name);
  json::object proved;
  for (const auto& [name, value] : target.definition.proved) proved[name] = value;
  return {{"target", target.definition.name}, {"about", target.definition.about}, {"objects", objects},
          {"proved", proved},                 {"origin", origin_of(target)},      {"file", target.file.string()}};
}

}  // namespace

int list_targets(const Invocation& invocation) {
  settings::Diagnostics diagnostics;
  const auto targets = operate::TargetShelf(invocation.instance).take_all(diagnostics);
  if (invocation.json) {
    json::array all;
    for (const operate::ShelvedTarget& target : targets) all.push_back(json_of(target));
    fmt::print("{}\n", json::serialize(all));
  } else {
    std::vector<std::vector<std::string>> rows{{"TARGET", "", "OBJECTS", "ABOUT", "PROVED BY"}};
    for (const operate::ShelvedTarget& target : targets) {
      rows.push_back({target.definition.name, origin_of(target), objects_of(target), target.definition.about, operate::proof_of(target.definition)});
    }
    fmt::print("{}", aligned(rows));
  }
  if (!diagnostics.ok()) print_diagnostics(diagnostics);
  return diagnostics.ok() ? done : wrong_configuration;
}

void add_targets_list(CLI::App& parent, Invocation& invocation) {
  CLI::App* verb = parent.add_subcommand("list", "every target definition: those of the instance's targets/ folder, those shipped, those built in");
  add_common_options(*verb, invocation);
  verb->footer("A definition in the instance's targets/ goes before a shipped one of the same name. Exit code 2 when one of them\n"
               "cannot be used; the others are listed all the same.");
  verb->callback([&invocation] { invocation.run = [&invocation] { return list_targets(invocation); }; });
}

}  // namespace engine::cli
