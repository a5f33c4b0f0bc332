#include "engine/operate/check/source_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <span>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/model/source/row_identity.h"
#include "engine/operate/check/key_check.h"
#include "engine/operate/check/refusal.h"
#include "engine/operate/check/watermark_check.h"
#include "engine/operate/inspect/hints.h"
#include "engine/operate/inspect/look.h"
#include "engine/pipeline/kept_mark.h"

namespace engine::operate {

namespace {

constexpr std::int64_t statement_ms_max = 10'000;
/// Where refusing late is no fault. A daemon that is told to end waits for the statement under way, and the service manager kills it after
/// a minute.
constexpr std::int64_t patient_ms_max = 30'000;

// Drivers write several lines; a finding is one.
std::string on_one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, " ");
  return text;
}

/// Below it another connection costs more than it saves.
constexpr std::size_t tables_a_connection_min = 10;

class SourceCheck {
 public:
  SourceCheck(const settings::Instance& instance, const settings::SourceConnection& connection, const CheckOptions& options)
      : instance_(instance),
        connection_(connection),
        options_(options),
        look_(instance, connection, options.tolerate_sources ? patient_ms_max : statement_ms_max) {
    found_.connection = {.connection = connection.name, .kind = "source"};
  }

  SourceFindings run() {
    const bool reached = reach();
    const std::vector<const settings::TableDefinition*> tables = own_tables();
    if (!reached) {
      for (const settings::TableDefinition* table : tables) found_.tables.push_back(unreached(*table));
    } else {
      look_at_all(tables);
      if (!options_.tolerate_sources) check_connection_string();
      if (!options_.tolerate_sources) ask_conditions();
    }
    return std::move(found_);
  }

 private:
  // Opened once before its tables are looked at: a password that is wrong is one finding, not one a table.
  bool reach() {
    const auto started = std::chrono::steady_clock::now();
    try {
      found_.connection.server = look_.catalogue->server();
      found_.connection.reached = true;
    } catch (const Error& error) {
      found_.connection.problem = error.what();
      report(error, std::string(name_of(error.code())), connection_.origin, error.what(), error.hint());
    }
    const auto taken = std::chrono::steady_clock::now() - started;
    found_.connection.connect_ms = std::chrono::duration_cast<std::chrono::milliseconds>(taken).count();
    return found_.connection.reached;
  }

  // A source that is offline is a warning: what it needs is checked when it is back.
  void report(const Error& error, const std::string& code, const settings::Origin& origin, const std::string& message,
              const std::string& suggestion) {
    const bool offline = error.code() == ErrorCode::source_unreachable || error.code() == ErrorCode::source_busy;
    if (offline || options_.tolerate_sources) {
      found_.diagnostics.warning(code, origin, on_one_line(message), suggestion);
    } else {
      found_.diagnostics.error(code, origin, on_one_line(message), suggestion);
    }
  }

  std::vector<const settings::TableDefinition*> own_tables() const {
    std::vector<const settings::TableDefinition*> tables;
    for (const auto& [name, table] : instance_.tables) {
      if (table.connection == connection_.name) tables.push_back(&table);
    }
    return tables;
  }

  /// A start waits for this: over as many connections as the tables will be read.
  void look_at_all(std::span<const settings::TableDefinition* const> tables) {
    const auto readers = static_cast<std::size_t>(std::max(connection_.readers, 1));
    const std::size_t side_by_side = options_.tolerate_sources ? std::clamp<std::size_t>(tables.size() / tables_a_connection_min, 1, readers) : 1;
    const std::size_t share = tables.size() / side_by_side;
    std::vector<std::future<SourceFindings>> others;
    for (std::size_t i = 1; i < side_by_side; ++i) {
      const auto part = tables.subspan(i * share, i + 1 == side_by_side ? std::dynamic_extent : share);
      others.push_back(std::async(std::launch::async, [this, part] {
        SourceCheck other(instance_, connection_, options_);
        other.look_at_some(part);
        return std::move(other.found_);
      }));
    }
    look_at_some(side_by_side == 1 ? tables : tables.first(share));
    for (std::future<SourceFindings>& other : others) {
      SourceFindings found = other.get();
      append(found.diagnostics, found_.diagnostics);
      std::move(found.tables.begin(), found.tables.end(), std::back_inserter(found_.tables));
    }
  }

  void look_at_some(std::span<const settings::TableDefinition* const> tables) {
    for (const settings::TableDefinition* table : tables) {
      if (options_.go_on && !options_.go_on()) throw Error(ErrorCode::stopped, "the check was given up: the daemon is stopping");
      found_.tables.push_back(look_at(*table));
    }
  }

  TableCheck unreached(const settings::TableDefinition& table) const {
    TableCheck result;
    result.table = table.name;
    result.problem = found_.connection.problem;
    return result;
  }

  TableCheck look_at(const settings::TableDefinition& table) {
    TableCheck result;
    result.table = table.name;
    try {
      result.shape = look_.source->describe(table.request);
      result.reached = true;
      check_log(table, result.shape);
      remark_on_index(table, result.shape);
      if (!table.request.nested.empty()) look_at_root(table);
      for (const model::NestedTable& nested : table.request.nested) look_at_nested(table, nested);
      if (options_.tolerate_sources) return result;
      remark_on_rows(table, result.shape);
      check_watermark(look_, table, result.shape, found_.diagnostics);
    } catch (const Error& error) {
      result.problem = error.what();
      const Refusal refusal = refusal_of(error, table, connection_, [this] { return table_names(); });
      report(error, refusal.code, table.origin, fmt::format("table {} could not be looked at: {}", table.name, error.what()), refusal.suggestion);
    }
    return result;
  }

  // A document is read in chunks whatever its root has.
  void look_at_root(const settings::TableDefinition& document) {
    model::TableRequest root = document.request;
    root.nested.clear();
    if (look_.source->describe(root).key_is_indexed) return;
    found_.diagnostics.warning("table.key_not_indexed", document.origin,
                               fmt::format("no index of {} leads with the key: for every {} documents that are read the server looks through all its rows",
                                           root.from.empty() ? "the query" : root.from, document.capture.chunk_rows),
                               "let an index be made on the key, or raise `chunk_rows:`");
  }

  // A nested table by itself: how it is found by the rows that its own belong to, and whether its key tells them apart.
  void look_at_nested(const settings::TableDefinition& document, const model::NestedTable& nested) {
    settings::TableDefinition table = document;
    table.name = model::part_name(document.name, nested);
    table.request = model::request_of(document.request, nested);
    if (look_.dialect.whole_only || !look_.source->describe(table.request).key_is_indexed) {
      found_.diagnostics.warning("table.key_not_indexed", table.origin,
                                 fmt::format("no index of {} leads with {}: for every hundred documents that are read the server looks through all its rows",
                                             nested.from.empty() ? "the query of '" + nested.name + "'" : nested.from, settings::listed(table.request.key, "and")),
                                 "let an index be made on the columns under `parent:`");
    }
    if (options_.tolerate_sources) return;
    table.request.key = nested.key;
    const model::TableShape shape = look_.source->describe(table.request);
    check_key(look_, table, shape, found_.diagnostics);
    table.capture.columns.clear();
    for (const settings::GrowingColumn& column : document.capture.columns) {
      if (column.name.starts_with(nested.name + ".")) table.capture.columns.push_back({column.name.substr(nested.name.size() + 1), column.origin});
    }
    check_watermark(look_, table, shape, found_.diagnostics);
  }

  // A daemon that starts goes on without: the table says so itself, and reads on when its triggers are there.
  void check_log(const settings::TableDefinition& table, const model::TableShape& shape) {
    if (table.capture.mode != "tail" || options_.tolerate_sources) return;
    try {
      const settings::CaptureDefinition& capture = table.capture;
      const model::LogName name{capture.log, table.name, capture.by, capture.sharing, capture.overlap_ms};
      if (capture.is_fed()) {
        if (const auto feed = look_.source->change_feed(table.request, shape, name)) {
          feed->require_usable();
          if (capture.ties_transactions && !feed->tells_transactions()) refuse_untold(table);
        }
      } else if (const auto log = look_.source->change_log(table.request, shape, name)) {
        log->require_usable();
        // A log that is walked tells more where it is known how far: it is looked at as the daemon's next look would.
        if (capture.by == "journal") log->resume(pipeline::kept_mark(instance_.journal_path, table.name));
        for (const std::string& remark : log->remarks()) {
          found_.diagnostics.warning("table.log_limit", table.origin, fmt::format("table {}: {}", table.name, remark));
        }
      }
    } catch (const Error& error) {
      report(error, "table.change_log", table.origin, fmt::format("table {}: {}", table.name, error.what()), error.hint());
    }
  }

  /// Only the table itself says whether its history names transactions.
  void refuse_untold(const settings::TableDefinition& table) {
    found_.diagnostics.error("together.untold", table.origin,
                             fmt::format("a pipeline over '{}' delivers together, and its history tells times, not which changes are of one transaction", table.name),
                             "let its period hold ids of transactions (BIGINT UNSIGNED GENERATED ALWAYS AS ROW START), or use 'deliver: latest'");
  }

  std::vector<std::string> table_names() {
    std::vector<std::string> names;
    for (const model::CatalogueTable& table : look_.catalogue->tables(2'000)) {
      names.push_back(table.from);
      if (const std::size_t dot = table.from.rfind('.'); dot != std::string::npos) names.push_back(table.from.substr(dot + 1));
    }
    return names;
  }

  void remark_on_index(const settings::TableDefinition& table, const model::TableShape& shape) {
    if (shape.key_is_indexed || look_.dialect.whole_only || model::is_row_identity(shape.layout)) return;
    found_.diagnostics.warning("table.key_not_indexed", table.origin,
                               "no index of " + (table.request.from.empty() ? "the query" : table.request.from) +
                                   " leads with the key: every cycle reads it as a whole",
                               "an index on the key lets it be read in chunks");
  }

  void remark_on_rows(const settings::TableDefinition& table, const model::TableShape& shape) {
    // A doubled key of what is only read whole is found by the first reading.
    if (!look_.dialect.whole_only && !model::is_row_identity(shape.layout)) check_key(look_, table, shape, found_.diagnostics);
    // PostgreSQL's timestamptz and MariaDB's TIMESTAMP are instants, and arrive in UTC.
    const std::string_view instant = look_.dialect.name == "mariadb" ? "imestamp" : "tz";
    const auto naive = std::find_if(shape.layout.columns.begin(), shape.layout.columns.end(), [instant](const model::Column& column) {
      return column.type == model::ColumnType::timestamp && column.source_type.find(instant) == std::string::npos;
    });
    if (naive == shape.layout.columns.end() || connection_.time_zone != "UTC" || time_zone_told_) return;
    time_zone_told_ = true;
    found_.diagnostics.warning("connection.time_zone", connection_.origin,
                               fmt::format("column {} of table {} holds times without a zone, and connection '{}' takes them as UTC", naive->name,
                                           table.name, connection_.name),
                               "say `time_zone: Europe/Rome` (the zone of the source), or `time_zone: Etc/UTC` when UTC is right");
  }

  void check_connection_string() {
    settings::DialectDefinition only_missing = look_.dialect;
    std::erase_if(only_missing.traps, [](const settings::DriverTrap& trap) { return trap.without.empty(); });
    for (const std::string& text : traps_of(only_missing, look_.catalogue->driver(), connection_, nullptr)) {
      found_.diagnostics.warning("connection.option_missing", connection_.origin, fmt::format("connection '{}': {}", connection_.name, text));
    }
  }

  /// Each is asked once, with NULL for every value: that its tables and columns are there and may be read is proven, and what would be found is not
  /// looked at.
  void ask_conditions() {
    std::unique_ptr<model::Inquirer> inquirer;
    for (const auto& [name, pipeline] : instance_.pipelines) {
      for (const settings::HoldWhile& condition : pipeline.hold_while) {
        if (condition.connection != connection_.name) continue;
        model::Question question{.connection = connection_.name};
        for (const settings::QueryPart& part : condition.parts) question.sql += part.text + (part.column.empty() ? "" : "NULL");
        try {
          if (!inquirer) inquirer = connectors::catalog::make_inquirer(look_.connection, look_.dialect);
          inquirer->any_row(question);
        } catch (const Error& error) {
          report(error, "guard.condition", condition.query.origin, fmt::format("the condition '{}' cannot be asked: {}", condition.name, error.what()), error.hint());
        }
      }
    }
  }

  const settings::Instance& instance_;
  const settings::SourceConnection& connection_;
  const CheckOptions& options_;
  Look look_;
  SourceFindings found_;
  bool time_zone_told_ = false;
};

}  // namespace

void append(const settings::Diagnostics& found, settings::Diagnostics& into) {
  for (const settings::Diagnostic& each : found.all()) {
    const bool is_error = each.level == settings::Diagnostic::Level::error;
    is_error ? into.error(each.code, each.origin, each.message, each.suggestion)
             : into.warning(each.code, each.origin, each.message, each.suggestion);
  }
}

SourceFindings check_source(const settings::Instance& instance, const settings::SourceConnection& connection, const CheckOptions& options) {
  return SourceCheck(instance, connection, options).run();
}

}  // namespace engine::operate
