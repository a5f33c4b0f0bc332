#include "engine/cli/act/resend_text.h"

#include <boost/json.hpp>

#include "engine/cli/terminal.h"

namespace engine::cli {

/// Numbers that are zero are left out, but for the first two.
std::string resend_text(const boost::json::object& counts, bool dry_run) {
  const auto number = [&counts](const char* name) { return counts.at(name).to_number<std::size_t>(); };
  std::string kinds;
  const auto add = [&](const char* name, const char* noun) {
    if (number(name) > 0) kinds += (kinds.empty() ? "" : ", ") + counted(number(name), noun);
  };
  add("create", "new record");
  add("update", "update");
  add("delete", "delete");
  const std::size_t sent = number("create") + number("update") + number("delete");
  std::string text = fmt::format("{}: {} looked at, {} {}{}", std::string_view(counts.at("pipeline").as_string()),
                                 number("looked_at"), sent, dry_run ? "would be sent" : "planned",
                                 kinds.empty() ? "" : " (" + kinds + ")");
  if (number("equal") > 0) text += fmt::format(", {} equal to what was last sent", number("equal"));
  if (number("waiting") > 0) text += fmt::format(", {} sent anyway by a newer change", number("waiting"));
  if (number("failed") > 0) text += fmt::format(", {}", coloured(fmt::format("{} can't be mapped", number("failed")), Colour::red));
  text += "\n";
  for (const boost::json::value& failure : counts.at("failures").as_array()) {
    text += fmt::format("  {}\n", std::string_view(failure.as_string()));
  }
  return text;
}

}  // namespace engine::cli
