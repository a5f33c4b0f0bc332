#include "engine/cli/reference/declared.h"

#include <CLI/CLI.hpp>

namespace engine::cli {

namespace {

// CLI11 shows a choice as "TEXT:{debug,info}".
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

DeclaredOption declared_option(const CLI::Option& option) {
  DeclaredOption one;
  one.positional = option.get_positional();
  if (one.positional) {
    one.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) one.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) one.names.push_back("--" + name);
  }
  one.about = option.get_description();
  const std::string type = option.get_type_size() == 0 ? "" : option.get_type_name();
  one.choices = choices_in(type);
  one.value = type.substr(0, type.find_first_of(": "));
  one.fallback = option.get_default_str();
  one.environment = option.get_envname();
  one.required = option.get_required();
  one.takes_folder = one.names.back() == "--instance" || one.names.back() == "--folder";
  return one;
}

/// What has no group is hidden.
DeclaredVerb declared_verb(const CLI::App& app, const std::string& above) {
  DeclaredVerb verb;
  verb.name = above + app.get_name();
  verb.about = app.get_description();
  verb.notes = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) verb.options.push_back(declared_option(*option));
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); })) {
    verb.verbs.push_back(declared_verb(*below, verb.name + " "));
  }
  return verb;
}

}  // namespace

DeclaredVerb declared(const CLI::App& program) { return declared_verb(program, ""); }

std::vector<const DeclaredVerb*> with_all_below(const DeclaredVerb& verb) {
  std::vector<const DeclaredVerb*> all{&verb};
  for (const DeclaredVerb& below : verb.verbs) {
    const auto more = with_all_below(below);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::string word_of(const DeclaredVerb& verb) { return verb.name.substr(verb.name.rfind(' ') + 1); }

}  // namespace engine::cli
