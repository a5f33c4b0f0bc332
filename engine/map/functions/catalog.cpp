#include "engine/map/functions/catalog.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <map>

#include "engine/base/error.h"
#include "engine/map/functions/state.h"

namespace engine::map {
namespace {

struct CaseBlindLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    const int order = sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(std::min(a.size(), b.size())));
    return order != 0 ? order < 0 : a.size() < b.size();
  }
};

const std::map<std::string_view, const FunctionEntry*, CaseBlindLess>& index() {
  static const auto all = [] {
    std::map<std::string_view, const FunctionEntry*, CaseBlindLess> names;
    for (const FunctionGroup& group : function_groups()) {
      for (const FunctionEntry& entry : group.entries) names.emplace(entry.name, &entry);
    }
    return names;
  }();
  return all;
}

/// A cell of a Markdown table.
std::string escaped(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace

std::vector<FunctionGroup> function_groups() {
  return {text_functions(),           regexp_functions(),       decimal_functions(),      date_functions(),
          phone_functions(),          change_functions(),       reference_functions(),    builtin_text_functions(),
          builtin_date_functions(),   builtin_number_functions(), builtin_other_functions(),
          rows_functions()};
}

const FunctionEntry* find_function(std::string_view name) {
  const auto found = index().find(name);
  return found == index().end() ? nullptr : found->second;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : index()) names.emplace_back(name);
  return names;
}

void register_functions(sqlite3* connection, FunctionState& state) {
  for (const auto& [name, entry] : index()) {
    if (entry->call == nullptr) continue;
    // What depends on the row is not deterministic in SQLite's sense: it must not be computed ahead of the row.
    const bool of_the_row = name == "changed" || name == "change_time";
    const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (of_the_row ? 0 : SQLITE_DETERMINISTIC);
    for (int arity = entry->arity_min; arity <= entry->arity_max; ++arity) {
      const int code = sqlite3_create_function_v2(connection, entry->name, arity, flags, &state, entry->over_rows ? nullptr : entry->call,
                                                  entry->over_rows ? entry->call : nullptr, entry->end, nullptr);
      if (code != SQLITE_OK) {
        throw Error(ErrorCode::config_invalid,
                    fmt::format("the function {} cannot be registered: {}", name, sqlite3_errmsg(connection)));
      }
    }
  }
}

std::string functions_reference() {
  std::string page =
      "# Functions in mapping expressions\n\n"
      "Printed from the program's own table; a test keeps it fresh (`UPDATE_GOLDEN=1` rewrites it) and runs each "
      "example. The\n"
      "examples see the row `codcli` 'C001', `ragsoc` 'ROSSI SRL', `fido` DECIMAL 1500.00 (before: 1000.00), `dtult` "
      "1240131.\n"
      "Any function that is not here is refused, `random()` and `'now'` included: the same change always maps the "
      "same.\n";
  for (const FunctionGroup& group : function_groups()) {
    page += fmt::format("\n## {}\n\n", group.title);
    if (*group.about != '\0') page += fmt::format("{}\n\n", group.about);
    page += "| function | what it gives | example | result |\n|---|---|---|---|\n";
    for (const FunctionEntry& entry : group.entries) {
      page += fmt::format("| `{}{}` | {} | `{}` | `{}` |\n", escaped(entry.name), escaped(entry.arguments),
                          escaped(entry.summary), escaped(entry.example), escaped(entry.result));
    }
  }
  return page;
}

}  // namespace engine::map
