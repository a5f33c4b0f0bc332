#include "engine/cli/reference/man_page.h"

#include <fmt/format.h>

namespace engine::cli {

namespace {

/// As text of a page: no line of it can be taken for a request, and a hyphen can be searched and copied.
std::string escaped(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_begins = c == '\n';
  }
  return out;
}

std::string page_title(const DeclaredVerb& verb) {
  std::string title = verb.name;
  for (char& c : title) c = c == ' ' ? '-' : c;
  return title;
}

std::string synopsis(const DeclaredVerb& verb) {
  std::string line = ".B " + escaped(verb.name) + "\n";
  if (!verb.verbs.empty()) line += ".I VERB\n";
  line += "[\\fIOPTIONS\\fR]\n";
  for (const DeclaredOption& option : verb.options) {
    if (!option.positional) continue;
    const std::string name = "\\fI" + escaped(option.names.front()) + "\\fR";
    line += option.required ? name + "\n" : "[" + name + "]\n";
  }
  return line;
}

/// Name and value in front, all that is said of it below.
std::string option_text(const DeclaredOption& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + escaped(name);
  std::string text = fmt::format(".TP\n{}{}{}\n", option.positional ? "\\fI" : "\\fB", names, "\\fR");
  if (!option.value.empty() && !option.positional) {
    text.insert(text.size() - 1, fmt::format(" \\fI{}\\fR", escaped(option.value)));
  }
  text += escaped(option.about) + "\n";
  if (!option.choices.empty()) text += escaped(fmt::format("One of: {}.", fmt::join(option.choices, ", "))) + "\n";
  if (!option.fallback.empty()) text += escaped("Default: " + option.fallback + ".") + "\n";
  if (!option.environment.empty()) text += escaped("Also from the environment variable " + option.environment + ".") + "\n";
  return text;
}

std::string list_of_verbs(const DeclaredVerb& verb) {
  std::string text;
  for (const DeclaredVerb& below : verb.verbs) {
    text += fmt::format(".TP\n.BR {} (1)\n{}\n", escaped(page_title(below)), escaped(below.about));
  }
  return text;
}

std::string without_line_breaks(std::string text) {
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

}  // namespace

std::string man_page_name(const DeclaredVerb& verb) { return page_title(verb) + ".1"; }

/// Footers are laid out by hand, so their lines are kept.
std::string man_page(const DeclaredVerb& verb, const std::string& version) {
  std::string title = page_title(verb);
  std::string page = fmt::format(".TH \"{}\" 1 \"\" \"Datapicker {}\" \"User Commands\"\n", escaped(title), escaped(version));
  const std::string summary = verb.verbs.empty() ? without_line_breaks(verb.about) : "hand every changed row of a database to a web API";
  page += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}", escaped(title), escaped(summary), synopsis(verb));
  page += ".SH DESCRIPTION\n" + escaped(verb.about) + "\n";
  if (!verb.notes.empty()) page += ".PP\n.nf\n" + escaped(verb.notes) + "\n.fi\n";
  if (!verb.verbs.empty()) page += ".SH VERBS\n" + list_of_verbs(verb);
  page += ".SH OPTIONS\n";
  for (const DeclaredOption& option : verb.options) page += option_text(option);
  page += ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong configuration, 3 environment missing, 4 something was found.\n";
  if (verb.verbs.empty()) page += ".SH SEE ALSO\n.BR datapicker (1)\n";
  return page;
}

}  // namespace engine::cli
