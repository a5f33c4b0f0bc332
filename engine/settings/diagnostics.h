// Problems of a configuration, all at once, each with its place and a suggestion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/settings/origin.h"

namespace engine::settings {

struct Diagnostic {
  enum class Level { error, warning };
  Level level = Level::error;
  std::string
      code;  ///< stable: "yaml.syntax", "key.unknown", "value.type", "reference.unknown", "sql.unknown_column", …
  Origin origin;
  std::string message;
  std::string suggestion;  ///< "did you mean 'ragsoc'?"; may be empty
};

class Diagnostics {
 public:
  void error(std::string code, Origin origin, std::string message, std::string suggestion = {});
  void warning(std::string code, Origin origin, std::string message, std::string suggestion = {});
  bool ok() const { return errors_ == 0; }
  std::size_t errors() const { return errors_; }
  std::span<const Diagnostic> all() const { return all_; }
  /// By file, line, column; what is told twice of one place stays once.
  void sort();

 private:
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

/// "tables/anacli.yaml:4:7: error: unknown key 'colums' [key.unknown]", and the suggestion, if any, on a line of its
/// own behind two blanks. No line end behind the last line.
std::string diagnostic_text(const Diagnostic& diagnostic);

/// [{"level":"error","code":…,"file":…,"line":4,"column":7,"message":…,"suggestion":…}]
std::string diagnostics_json(std::span<const Diagnostic> diagnostics);

/// The candidate nearest to `name` (edit distance, at most a third of its length), or empty.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// "did you mean 'columns'?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates, std::string otherwise = {});

/// "a, b or c".
std::string listed(std::span<const std::string> names, std::string_view last = "or");

}  // namespace engine::settings
