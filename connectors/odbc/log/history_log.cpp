#include "connectors/odbc/log/history_log.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "connectors/odbc/diagnostics.h"
#include "engine/model/kept_json.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::settings::DialectDefinition;
using engine::settings::DialectHistory;
using namespace engine::model;

namespace json = boost::json;

namespace {

constexpr std::size_t page_entries = 10'000;
/// What statements of the dialect may name, bound in this order.
constexpr std::string_view bound_names[] = {"{since}", "{until}"};
/// What a `changes` selects behind the key.
constexpr const char* told[] = {"mark", "transaction_id", "changed_ms", "changed_by"};

class HistoryLog final : public ChangeLog {
 public:
  HistoryLog(const DialectDefinition& dialect, LogAccess access, const TableRequest& table, const TableShape& shape, LogName name)
      : dialect_(dialect),
        history_(dialect.histories.at(name.log)),
        access_(std::move(access)),
        name_(name),
        from_(table.from),
        text_(dialect, std::move(name), table.from) {
    for (const std::size_t column : shape.layout.key) {
      layout_.key.push_back(layout_.columns.size());
      layout_.columns.push_back(shape.layout.columns[column]);
    }
    for (const char* column : told) layout_.columns.push_back({.name = column, .type = ColumnType::text, .size = 200, .source_type = "varchar"});
    layout_.columns[layout_.key.size()].type = history_.mark_type;
  }

  void resume(const std::string& mark) override;
  // What `resume` saw is of the same look.
  void refresh(bool at_once) override {
    if (at_once) look();
  }
  void require_installed() override;
  void require_usable() override;
  std::vector<std::string> remarks() override {
    return remarks_by(history_.remarks, [this](const std::string& statement) { return ask(statement, 1); });
  }
  bool has_entries() override { return !since_ || *since_ != now_ || (oldest_ && *oldest_ > *since_); }
  bool keeps_entries() const override { return false; }
  bool names_each_change() const override { return !history_.last_change_only; }
  Backlog backlog() override;
  void rewind() override;
  bool next_page(std::vector<LoggedChange>& into) override;
  std::string forget() override;
  void give_up() override {}

 private:
  std::vector<TextQuery::Row> ask(const std::string& statement, std::size_t columns);
  void look();
  void require_reach() const;
  void require_still_whole();
  KeyedSql changes() const;
  SourceKey bounds() const { return {{fmt::to_string(since_.value_or(now_)), fmt::to_string(now_)}}; }
  LoggedChange entry_of(const RowBatch& rows, std::size_t index) const;
  [[noreturn]] void refuse(const std::string& what) const;

  const DialectDefinition& dialect_;
  const DialectHistory& history_;
  LogAccess access_;
  LogName name_;
  std::string from_;
  LogText text_;
  Layout layout_;                      ///< of the entries: the key, then what is told of the change
  std::optional<std::int64_t> since_;  ///< all up to it was handled; none: the log begins here
  std::int64_t now_ = 0;
  std::optional<std::int64_t> oldest_;  ///< from there on the history is whole
  std::int64_t counted_ = 0;            ///< entries that a reading of all rows handles
  std::size_t given_ = 0;               ///< entries of the pages so far
  bool paged_ = false;
  bool ended_ = false;
};

void HistoryLog::refuse(const std::string& what) const {
  std::string hint;
  for (const std::string& statement : history_.enabled_by) hint += (hint.empty() ? "" : "; ") + text_.filled(statement);
  throw Error(ErrorCode::source_refused, fmt::format("{} of {} {}", name_.log, from_, what), {{"log", name_.log}, {"table", name_.table}}, hint);
}

std::vector<TextQuery::Row> HistoryLog::ask(const std::string& statement, std::size_t columns) {
  ColumnPlan mark = text_plan();
  mark.type = history_.mark_type;
  return access_.ask(with_markers(text_.filled(statement), bound_names), columns, bounds(), {mark, mark});
}

/// How far the history reaches, in one statement: both ends are of one moment.
void HistoryLog::look() {
  const auto rows = ask(history_.mark, 2);
  if (rows.empty() || !rows[0][0]) refuse("is not kept, or may not be seen");
  now_ = number_of(rows[0][0]);
  oldest_.reset();
  if (rows[0][1]) oldest_ = number_of(rows[0][1]);
}

void HistoryLog::resume(const std::string& mark) {
  since_.reset();
  if (!mark.empty()) {
    engine::model::read_kept(mark, "a place in a log", [this](const json::value& parsed) {
      const json::object& object = parsed.as_object();
      const json::value* log = object.if_contains("log");
      if (log != nullptr && log->as_string() == name_.log) since_ = object.at("at").to_number<std::int64_t>();
    });
  }
  look();
}

void HistoryLog::require_installed() {
  if (history_.installed.empty()) return;
  try {
    if (!ask(history_.installed, 1).empty()) return;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused && error.code() != ErrorCode::source_schema_changed) throw;
    refuse(fmt::format("cannot be seen: {}", error.what()));
  }
  refuse("is not kept: it is switched off");
}

/// What is behind this moment is nothing, but who may not ask for it is told so here.
void HistoryLog::require_usable() {
  require_installed();
  look();
  try {
    RowBatch batch;
    access_.rows(layout_, changes(), bounds())->next(batch);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused && error.code() != ErrorCode::source_schema_changed) throw;
    refuse(fmt::format("cannot be read: {}", error.what()));
  }
}

/// A history that was cut, or that is behind what was read of it, would be silent about changes.
void HistoryLog::require_reach() const {
  if (!since_) return;
  if (now_ < *since_) {
    throw LogLost(fmt::format("{} of {} stands at {}, and was read up to {}: the database was restored from an older copy", name_.log, from_, now_, *since_));
  }
  if (oldest_ && *oldest_ > *since_) {
    throw LogLost(fmt::format("{} of {} goes back to {} only, and was read up to {}", name_.log, from_, *oldest_, *since_));
  }
}

/// Outside a view the oldest of it may have been cut off while it was read. The mark stays where it was before.
void HistoryLog::require_still_whole() {
  const std::int64_t read_up_to = now_;
  look();
  require_reach();
  now_ = read_up_to;
}

ChangeLog::Backlog HistoryLog::backlog() {
  if (!since_) return {0, true};
  look();
  require_reach();
  if (history_.count.empty()) return {counted_ + 1, false};
  const auto rows = ask(history_.count, 1);
  const std::int64_t behind = rows.empty() || !rows[0][0] ? 0 : number_of(rows[0][0]);
  Backlog backlog{counted_ + behind, false};
  counted_ = behind;
  return backlog;
}

void HistoryLog::rewind() {
  look();
  require_reach();
  given_ = 0;
  ended_ = false;
  paged_ = true;
}

KeyedSql HistoryLog::changes() const {
  const KeyColumns key = key_columns(layout_, dialect_);
  std::string text = replaced(replaced(text_.filled(history_.changes), "{key}", key.selected), "{key_order}", key.names);
  text = replaced(text, "{offset}", fmt::to_string(given_));
  KeyedSql sql = with_markers(replaced(text, "{n}", fmt::to_string(page_entries)), bound_names);
  sql.columns = {layout_.key.size(), layout_.key.size()};
  return sql;
}

bool HistoryLog::next_page(std::vector<LoggedChange>& into) {
  into.clear();
  if (ended_) return false;
  try {
    const auto stream = access_.rows(layout_, changes(), bounds());
    RowBatch batch;
    while (stream->next(batch)) {
      for (std::size_t i = 0; i < batch.rows(); ++i) into.push_back(entry_of(batch, i));
    }
  } catch (const Error& error) {
    if (means_any_of(error, history_.lost)) throw LogLost(error.what());
    throw;
  }
  given_ += into.size();
  if (into.size() >= page_entries) return true;
  ended_ = true;
  require_still_whole();
  return !into.empty();
}

LoggedChange HistoryLog::entry_of(const RowBatch& rows, std::size_t index) const {
  const RowView row = rows.row(index);
  LoggedChange entry;
  for (const std::size_t part : layout_.key) entry.cells.emplace_back(row.text(part));
  entry.key = rows.source_key(index);
  const std::size_t behind = layout_.key.size() + 1;
  if (!row.is_null(behind)) entry.provenance.transaction = std::string(row.text(behind));
  if (!row.is_null(behind + 1)) entry.provenance.time_ms = number_of(std::string(row.text(behind + 1)));
  if (!row.is_null(behind + 2)) entry.provenance.user = std::string(row.text(behind + 2));
  return entry;
}

/// Without pages all rows were read, from a moment behind `now_`.
std::string HistoryLog::forget() {
  if (paged_) counted_ = 0;
  since_ = now_;
  paged_ = false;
  return json::serialize(json::object{{"log", name_.log}, {"at", now_}});
}

}  // namespace

std::unique_ptr<ChangeLog> open_history_log(const DialectDefinition& dialect, LogAccess access, const TableRequest& table,
                                            const TableShape& shape, const LogName& name) {
  return std::make_unique<HistoryLog>(dialect, std::move(access), table, shape, name);
}

}  // namespace connectors::odbc
