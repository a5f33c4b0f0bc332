// What the command line declares, as plain values: manual pages and completions are made of them.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace engine::cli {

struct DeclaredOption {
  std::vector<std::string> names;  ///< "-i", "--instance"; of a positional its bare name
  std::string about;
  std::string value;                 ///< what it takes: "TEXT"; empty: a flag
  std::vector<std::string> choices;  ///< the values it may have, where they are few
  std::string fallback;
  std::string environment;
  bool positional = false;
  bool required = false;
  bool takes_folder = false;
};

/// A verb with those below it; the program itself is the first.
struct DeclaredVerb {
  std::string name;  ///< with those above it: "datapicker check"
  std::string about;
  std::string notes;
  std::vector<DeclaredOption> options;
  std::vector<DeclaredVerb> verbs;
};

/// Hidden verbs and options are left out.
DeclaredVerb declared(const CLI::App& program);

/// `verb` and all below it, in order.
std::vector<const DeclaredVerb*> with_all_below(const DeclaredVerb& verb);

/// The last word of its name.
std::string word_of(const DeclaredVerb& verb);

}  // namespace engine::cli
