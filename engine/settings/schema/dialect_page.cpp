#include "engine/settings/schema/dialect_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/settings/read/dialect_reader.h"
#include "engine/settings/yaml_node.h"

namespace engine::settings {
namespace {

std::string how_it_is_spared(const DialectDefinition& dialect) {
  std::vector<std::string> ways;
  if (!dialect.probes.empty()) ways.push_back("probe");
  if (!dialect.checksum.rows.empty()) ways.push_back("segments");
  if (dialect.whole_only) ways.push_back("the file's size and times");
  return ways.empty() ? "–" : listed(ways, "and");
}

std::string row_of(const DialectDefinition& dialect) {
  const char* view = dialect.open_view.empty() ? "–" : dialect.open_view_if.empty() ? "yes" : "where the database is set so";
  const char* written = dialect.whole_only ? "–" : dialect.write.upsert.empty() ? "UPDATE, then INSERT" : "upsert";
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", dialect.name, dialect.about, dialect.proved, how_it_is_spared(dialect), view, written);
}

/// What the database tells by itself.
std::string logs_of(const DialectDefinition& dialect) {
  std::string rows;
  for (const auto& [name, history] : dialect.histories) rows += fmt::format("| `{}` | `{}` | {} |\n", dialect.name, name, history.proved);
  if (!dialect.journal.file.empty()) rows += fmt::format("| `{}` | `journal` | {} |\n", dialect.name, dialect.journal.proved);
  return rows;
}

}  // namespace

std::string dialect_page(const std::filesystem::path& dialects) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(dialects)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string page =
      "# Dialects\n\n"
      "Printed from the files of `config/dialects/`. `dialect:` of a connection names one; a file of the same name in an instance's own `dialects/`\n"
      "goes before it. *Read only when changed* is what spares a cycle the reading of unchanged rows, *one view* that all rows of a cycle are of one\n"
      "state of the database, *written* how a row is put into a table where the database is a target.\n\n"
      "| dialect | database | proved | read only when changed | one view | written |\n|---|---|---|---|---|---|\n";
  std::string logs;
  for (const std::filesystem::path& file : files) {
    Diagnostics diagnostics;
    const auto root = read_yaml_file(file, file.filename().string(), diagnostics);
    const auto dialect = root ? read_dialect(*root, diagnostics) : std::nullopt;
    page += dialect && diagnostics.ok() ? row_of(*dialect) : fmt::format("| `{}` | cannot be read | | | | |\n", file.stem().string());
    if (dialect) logs += logs_of(*dialect);
  }
  return page + "\n## Logs\n\nWhat `log:` of a table with `mode: tail` may name there, beside a table that triggers fill.\n\n| dialect | `log:` | proved |\n|---|---|---|\n" + logs;
}

}  // namespace engine::settings
