#include "engine/cli/reference/completion.h"

#include <fmt/format.h>

namespace engine::cli {

namespace {

/// Within single quotes of a shell.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

/// What may stand next: verbs below, then options.
std::vector<std::string> words_after(const DeclaredVerb& verb) {
  std::vector<std::string> words;
  for (const DeclaredVerb& below : verb.verbs) words.push_back(word_of(below));
  for (const DeclaredOption& option : verb.options) {
    if (!option.positional) words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

std::string bash_value(const DeclaredOption& option) {
  if (option.takes_folder) return "compgen -d -- \"$word\"";
  return option.choices.empty() ? "true" : fmt::format("compgen -W {} -- \"$word\"", in_quotes(joined(option.choices)));
}

std::string zsh_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

/// One line a name: `-n` and `--dry-run` complete apart.
std::string zsh_argument(const DeclaredOption& option) {
  std::string value;
  if (option.takes_folder) {
    value = ":folder:_files -/";
  } else if (!option.choices.empty()) {
    value = fmt::format(":value:({})", fmt::join(option.choices, " "));
  } else if (!option.value.empty()) {
    value = ":value:";
  }
  std::string lines;
  for (const std::string& name : option.names) {
    lines += fmt::format("      {} \\\n", in_quotes(fmt::format("{}[{}]{}", name, zsh_escaped(option.about), value)));
  }
  return lines;
}

std::string fish_option(const std::string& condition, const DeclaredOption& option) {
  std::string line = fmt::format("complete -c datapicker -n {}", in_quotes(condition));
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_folder) {
    line += " -x -a '(__fish_complete_directories)'";
  } else if (!option.choices.empty()) {
    line += fmt::format(" -x -a {}", in_quotes(joined(option.choices)));
  } else if (!option.value.empty()) {
    line += " -x";
  }
  return line + " -d " + in_quotes(option.about) + "\n";
}

/// True in fish once every word of the verb was typed.
std::string fish_condition(const DeclaredVerb& verb) {
  std::string condition;
  for (std::size_t at = verb.name.find(' '); at != std::string::npos; at = verb.name.find(' ', at + 1)) {
    const std::size_t end = verb.name.find(' ', at + 1);
    condition += (condition.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") +
                 verb.name.substr(at + 1, end == std::string::npos ? end : end - at - 1);
  }
  return condition.empty() ? "__fish_use_subcommand" : condition;
}

}  // namespace

/// The words typed so far are followed down the verbs; the last one says whether a value is asked for.
std::string bash_completion(const DeclaredVerb& program) {
  std::string paths;
  std::string values;
  std::string words;
  for (const DeclaredVerb* verb : with_all_below(program)) {
    if (verb != &program) paths += (paths.empty() ? "" : " | ") + in_quotes(verb->name);
    words += fmt::format("    {}) words={} ;;\n", in_quotes(verb->name), in_quotes(joined(words_after(*verb))));
    for (const DeclaredOption& option : verb->options) {
      if (option.positional || option.value.empty()) continue;
      for (const std::string& name : option.names) {
        values += fmt::format("    {}) COMPREPLY=($({})); return ;;\n", in_quotes(verb->name + " " + name), bash_value(option));
      }
    }
  }
  return fmt::format(R"(# bash completion for datapicker, written by `datapicker reference`
_datapicker() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verb=datapicker words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$verb ${{COMP_WORDS[i]}}" in
      {}) verb="$verb ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$verb ${{COMP_WORDS[COMP_CWORD - 1]}}" in
{}  esac
  case $verb in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _datapicker datapicker
)",
                     paths, values, words);
}

std::string zsh_completion(const DeclaredVerb& program) {
  std::string verbs;
  std::string cases;
  for (const DeclaredVerb& verb : program.verbs) {
    verbs += fmt::format("    {}\n", in_quotes(word_of(verb) + ":" + zsh_escaped(verb.about)));
    std::string arguments;
    for (const DeclaredVerb* each : with_all_below(verb)) {
      if (each != &verb) arguments += fmt::format("      {} \\\n", in_quotes("::verb:(" + word_of(*each) + ")"));
      for (const DeclaredOption& option : each->options) {
        if (!option.positional) arguments += zsh_argument(option);
      }
    }
    cases += fmt::format("    {})\n      _arguments \\\n{}      '*::argument:_files' ;;\n", word_of(verb), arguments);
  }
  std::string own;
  for (const DeclaredOption& option : program.options) own += zsh_argument(option);
  return fmt::format(R"(#compdef datapicker
# zsh completion for datapicker, written by `datapicker reference`
_datapicker() {{
  local -a verbs
  verbs=(
{}  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    _arguments \
{}      '*:'
    return
  fi
  case $words[2] in
{}  esac
}}
_datapicker "$@"
)",
                     verbs, own, cases);
}

std::string fish_completion(const DeclaredVerb& program) {
  std::string text = "# fish completion for datapicker, written by `datapicker reference`\n";
  for (const DeclaredVerb* verb : with_all_below(program)) {
    const std::string condition = fish_condition(*verb);
    for (const DeclaredVerb& below : verb->verbs) {
      text += fmt::format("complete -c datapicker -f -n {} -a {} -d {}\n", in_quotes(condition), word_of(below), in_quotes(below.about));
    }
    for (const DeclaredOption& option : verb->options) {
      if (!option.positional) text += fish_option(condition, option);
    }
  }
  return text;
}

}  // namespace engine::cli
