#include "engine/operate/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/error.h"
#include "engine/operate/explain/declared_codes.h"
#include "engine/settings/diagnostics.h"

namespace engine::operate {

std::span<const ExplainedCode> explained_codes() {
  static const std::vector<ExplainedCode> all = [] {
    std::vector<ExplainedCode> codes;
    for (const auto part : {runtime_codes(), yaml_codes(), relation_codes(), sql_codes(), live_codes()}) codes.insert(codes.end(), part.begin(), part.end());
    std::sort(codes.begin(), codes.end(), [](const auto& a, const auto& b) { return a.code < b.code; });
    return codes;
  }();
  return all;
}

const ExplainedCode& explain(std::string_view code) {
  std::vector<std::string> names;
  for (const ExplainedCode& each : explained_codes()) {
    if (each.code == code) return each;
    names.emplace_back(each.code);
  }
  // Whoever remembers half of it gets all that share that half.
  std::vector<std::string> alike;
  std::copy_if(names.begin(), names.end(), std::back_inserter(alike), [code](const std::string& name) { return name.find(code) != std::string::npos; });
  const std::string otherwise = alike.empty() || code.empty() ? "`datapicker explain` lists all" : "there is " + settings::listed(alike, "and");
  throw Error(ErrorCode::config_invalid, fmt::format("there is no code '{}'", code), {}, settings::did_you_mean(code, names, otherwise));
}

/// Grouped by what stands before the dot; the codes come sorted.
std::string errors_page() {
  std::string page =
      "# Errors and findings by code\n\n"
      "Every message ends with its code in brackets. `datapicker explain CODE` shows the same text. Codes are never renamed.\n"
      "This page is printed by `datapicker explain --markdown`.\n";
  std::string_view group;
  for (const ExplainedCode& each : explained_codes()) {
    const std::string_view own = each.code.substr(0, each.code.find('.'));
    if (own != group) page += fmt::format("\n## {}\n", own);
    group = own;
    page += fmt::format("\n### {}\n\n{}\n\n- **The daemon**: {}\n- **You**: {}\n", each.code, each.meaning, each.daemon, each.remedy);
  }
  return page;
}

}  // namespace engine::operate
