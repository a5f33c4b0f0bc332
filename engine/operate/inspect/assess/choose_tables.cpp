#include "engine/operate/inspect/assess/choose_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/base/text/durations.h"
#include "engine/operate/inspect/capture_proposal.h"
#include "engine/operate/inspect/hints.h"
#include "engine/operate/inspect/look.h"
#include "engine/operate/inspect/yaml_text.h"

namespace engine::operate {

namespace {

constexpr std::size_t tables_max = 2'000;
constexpr std::int64_t full_every_least_ms = hour_ms;

bool fits(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (fits(text.substr(at), pattern.substr(star + 1))) return true;
  }
  return false;
}

/// What the instance says about a table of this connection; null: nothing.
const settings::TableDefinition* declared(const settings::Instance& instance, const std::string& connection, const std::string& from) {
  for (const auto& [name, table] : instance.tables) {
    if (table.connection == connection && is_named(from, table.request.from)) return &table;
  }
  return nullptr;
}

class Choice {
 public:
  Choice(const settings::Instance& instance, const settings::SourceConnection& connection, const AssessOptions& options)
      : instance_(instance), connection_(connection), options_(options) {}

  void consider(const model::CatalogueTable& table) {
    const bool named = is_asked_for(table.from);
    if (!options_.tables.empty() && !named) return;
    if (table.is_view && !named) return leave_out(table.from, "a view: name it with --tables if it has a key");
    const settings::TableDefinition* known = declared(instance_, connection_.name, table.from);
    try {
      take(table.from, known, inspect_table(instance_, connection_, table.from, {.target = {}}), named);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::source_unreachable) throw;
      leave_out(table.from, error.what());
    }
  }

  /// Each table may take a twentieth of the time; many of them together would be too much for a database that has other work.
  void slow_down() {
    double busy = 0;
    for (const WatchedTable& table : plan.tables) busy += table.proposal.cycle_ms / static_cast<double>(table.every_ms);
    if (busy <= options_.busy_share) return;
    for (WatchedTable& table : plan.tables) {
      table.every_ms = std::max(table.every_ms, interval_step(static_cast<double>(table.every_ms) * busy / options_.busy_share));
    }
  }

  WatchPlan plan;

 private:
  bool is_asked_for(const std::string& from) const {
    return std::any_of(options_.tables.begin(), options_.tables.end(), [&from](const std::string& each) { return is_named(from, each); });
  }

  void leave_out(const std::string& from, std::string reason) { plan.not_watched.push_back({from, std::move(reason)}); }

  void take(const std::string& from, const settings::TableDefinition* known, TableInspection found, bool named) {
    const std::vector<std::string>& key = known != nullptr ? known->request.key : found.key.columns;
    if (key.empty()) return leave_out(from, "no key was found: declare the table in tables/, with its key");
    const bool uncounted = !found.count.rows && !named && !instance_.dialects.at(connection_.dialect).whole_only;
    if (uncounted) return leave_out(from, "its rows took too long to count: name it with --tables to watch it all the same");
    if (!named && found.count.rows.value_or(0) > static_cast<std::uint64_t>(options_.rows_max)) {
      return leave_out(from, fmt::format("{} rows: name it with --tables, or raise --rows-max", *found.count.rows));
    }
    WatchedTable table{.name = known != nullptr ? known->name : next_name(from), .from = from, .key = key};
    if (known != nullptr) table.exclude = known->request.exclude;
    model::Layout layout;
    for (const ColumnInspection& each : found.columns) layout.columns.push_back(each.column);
    table.user_column = user_column(layout);
    table.proposal = std::move(found.capture);
    table.every_ms = std::max(table.proposal.diff_every_ms, std::int64_t{1'000});
    table.full_every_ms = std::max(full_every_least_ms, interval_step(static_cast<double>(table.every_ms) * 10));
    plan.tables.push_back(std::move(table));
  }

  /// Two schemas may have a table of one name.
  std::string next_name(const std::string& from) {
    const std::string base = plain_name(from);
    std::string name = base;
    for (int number = 2; !names_.insert(name).second || instance_.tables.contains(name); ++number) name = fmt::format("{}_{}", base, number);
    return name;
  }

  const settings::Instance& instance_;
  const settings::SourceConnection& connection_;
  const AssessOptions& options_;
  std::set<std::string> names_;
};

void require_all_named(const std::vector<model::CatalogueTable>& tables, const AssessOptions& options) {
  std::vector<std::string> names;
  for (const model::CatalogueTable& table : tables) {
    names.push_back(table.from);
    names.push_back(table.from.substr(table.from.rfind('.') + 1));
  }
  for (const std::string& pattern : options.tables) {
    if (std::any_of(tables.begin(), tables.end(), [&pattern](const auto& table) { return is_named(table.from, pattern); })) continue;
    throw Error(ErrorCode::config_invalid, "there is no table '" + pattern + "' in " + options.connection, {}, settings::did_you_mean(pattern, names));
  }
}

std::string why_none(const WatchPlan& plan) {
  if (plan.not_watched.empty()) return "this user sees no table";
  return plan.not_watched.front().from + ": " + plan.not_watched.front().reason;
}

}  // namespace

bool is_named(const std::string& from, const std::string& pattern) {
  const std::string text = lower_case(from), wanted = lower_case(pattern);
  if (fits(text, wanted)) return true;
  const std::size_t dot = text.rfind('.');
  return dot != std::string::npos && wanted.find('.') == std::string::npos && fits(std::string_view(text).substr(dot + 1), wanted);
}

WatchPlan choose_tables(const settings::Instance& instance, const settings::SourceConnection& connection, const AssessOptions& options,
                        const StopSignal& stop) {
  Choice choice(instance, connection, options);
  choice.plan.connection = connection.name;
  std::vector<model::CatalogueTable> tables;
  {
    Look look(instance, connection, InspectOptions{}.statement_ms_max);
    choice.plan.server = look.catalogue->server();
    tables = look.catalogue->tables(tables_max);
  }
  require_all_named(tables, options);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (stop.requested()) throw Error(ErrorCode::stopped, "it was ended before the first reading");
    options.progress(fmt::format("looking at {} of {} tables: {}", i + 1, tables.size(), tables[i].from));
    choice.consider(tables[i]);
  }
  options.progress("");
  if (choice.plan.tables.empty()) throw Error(ErrorCode::config_invalid, "no table of " + connection.name + " can be watched", {}, why_none(choice.plan));
  choice.slow_down();
  return std::move(choice.plan);
}

}  // namespace engine::operate
