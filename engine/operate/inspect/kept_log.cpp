#include "engine/operate/inspect/kept_log.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/pipeline/kept_mark.h"

namespace engine::operate {

namespace {

/// Where the daemon's next look would begin; empty: nobody follows the table by this log yet.
std::string known_place(const settings::Instance& instance, const TableInspection& inspected, const std::string& by) {
  for (const auto& [name, table] : instance.tables) {
    const bool is_it = table.connection == inspected.connection && table.request.from == inspected.from;
    if (is_it && table.capture.mode == "tail" && table.capture.by == by) return pipeline::kept_mark(instance.journal_path, name);
  }
  return {};
}

void tell_log(Look& look, const settings::Instance& instance, const TableInspection& table, const std::string& by, std::vector<std::string>& told) {
  const model::TableRequest request{.from = table.from, .key = table.key.columns};
  try {
    const auto log = look.source->change_log(request, look.source->describe(request), {.log = by, .table = table.from, .by = by});
    if (!log) return;
    log->require_usable();
    told.push_back(fmt::format("mode: tail, by: {}: changes within a second, from what the database keeps by itself", by));
    log->resume(known_place(instance, table, by));
    for (const std::string& remark : log->remarks()) told.push_back(fmt::format("by: {}: {}", by, remark));
  } catch (const Error& error) {
    told.push_back(fmt::format("mode: tail, by: {}: not as it is: {}{}{}", by, error.what(), error.hint().empty() ? "" : "; ", error.hint()));
  }
}

}  // namespace

std::vector<std::string> tell_kept_logs(Look& look, const settings::Instance& instance, const TableInspection& table) {
  std::vector<std::string> told;
  for (const char* by : {"change_tracking", "flashback", "journal"}) {
    if (look.dialect.keeps_log(by)) tell_log(look, instance, table, by, told);
  }
  return told;
}

}  // namespace engine::operate
