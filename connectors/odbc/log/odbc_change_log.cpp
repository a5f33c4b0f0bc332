#include "connectors/odbc/log/odbc_change_log.h"

#include <fmt/format.h>

#include "connectors/odbc/log/log_text.h"
#include "connectors/odbc/log/logged_keys.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using namespace engine::model;

namespace {

constexpr std::size_t page_entries = 1'000;
constexpr std::size_t keyless_max = 1'000;
constexpr std::size_t ids_of_commit = 10'000;
/// Ids go in statements of these sizes, the last id repeated to fill one up; old SQLite takes 999 parameters.
constexpr std::size_t id_counts[] = {1, 10, 100, 500};

class OdbcChangeLog final : public ChangeLog {
 public:
  OdbcChangeLog(std::shared_ptr<Session> session, LogStatements& statements, const TableRequest& table, const TableShape& shape, LogName name)
      : session_(std::move(session)),
        statements_(statements),
        name_(std::move(name)),
        text_(session_->dialect(), name_, table.from),
        table_key_{{name_.table}},
        keys_(*session_, shape, name_.log, hint()) {}

  void require_installed() override;
  void require_usable() override;
  bool has_entries() override;
  Backlog backlog() override;
  void rewind() override { last_id_ = 0; }
  bool next_page(std::vector<LoggedChange>& into) override;
  std::string forget() override;
  void give_up() override;

 private:
  using Row = TextQuery::Row;
  std::vector<Row> read(KeyedSql sql, std::size_t columns) { return statements_.read(std::move(sql), columns, {&table_key_, 1}); }
  LoggedChange entry_of(Row row) const;
  std::string hint() const { return fmt::format("run: datapicker change-log install {} {}", session_->connection().name, name_.table); }
  template <class Work>
  void erasing(const Work& work);
  void erase_ids(std::size_t from, std::size_t count);
  [[noreturn]] void refuse(const std::string& what) const;

  std::shared_ptr<Session> session_;
  LogStatements& statements_;
  LogName name_;
  LogText text_;
  SourceKey table_key_;
  LoggedKeys keys_;
  std::int64_t last_id_ = 0;             ///< of the last page
  std::vector<std::int64_t> handled_;    ///< ids to be deleted
};

void OdbcChangeLog::refuse(const std::string& what) const {
  throw Error(ErrorCode::source_refused, fmt::format("the change log {} {}", name_.log, what), {{"log", name_.log}, {"table", name_.table}}, hint());
}

void OdbcChangeLog::require_installed() {
  const std::string& installed = session_->dialect().change_log.installed;
  bool there = installed.empty();
  try {
    has_entries();
    if (!there) there = !read({text_.filled(installed), {}}, 1).empty();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused && error.code() != ErrorCode::source_schema_changed) throw;
    refuse(fmt::format("cannot be read: {}", error.what()));
  }
  if (!there) refuse(fmt::format("gets nothing of table {}: its triggers are missing or disabled", name_.table));
}

void OdbcChangeLog::require_usable() {
  require_installed();
  try {
    erasing([&] { statements_.erase(text_.erase_none(), {&table_key_, 1}); });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused) throw;
    throw Error(ErrorCode::source_refused, fmt::format("entries of the change log {} may not be deleted: {}", name_.log, error.what()), error.context(),
                fmt::format("GRANT SELECT, DELETE ON {} to the user of connection '{}'", name_.log, session_->connection().name));
  }
}

bool OdbcChangeLog::has_entries() { return !read(text_.any_entry(), 1).empty(); }

ChangeLog::Backlog OdbcChangeLog::backlog() {
  const Row counts = read(text_.counts(), 2).at(0);
  const Backlog backlog{number_of(counts[0]), number_of(counts[0]) > number_of(counts[1])};
  if (!backlog.names_all_rows) return backlog;
  for (const Row& row : read(text_.without_key(keyless_max), 1)) handled_.push_back(number_of(row[0]));
  return backlog;
}

bool OdbcChangeLog::next_page(std::vector<LoggedChange>& into) {
  into.clear();
  const SourceKey behind{{name_.table, fmt::to_string(last_id_)}};
  std::vector<Row> rows = statements_.read(text_.page(page_entries), 6, {&behind, 1});
  for (Row& row : rows) {
    last_id_ = number_of(row[0]);
    // One without a key came after the look that counts them; the next will find it.
    if (!row[5]) continue;
    handled_.push_back(last_id_);
    into.push_back(entry_of(std::move(row)));
  }
  return !rows.empty();
}

LoggedChange OdbcChangeLog::entry_of(Row row) const {
  Provenance from;
  from.transaction = std::move(row[1]);
  if (row[2]) from.time_ms = number_of(row[2]);
  from.user = std::move(row[3]);
  if (row[4] && !row[4]->empty()) from.user = from.user.value_or("") + (from.user ? " (" + *row[4] + ")" : *row[4]);
  return keys_.change_of(*row[5], std::move(from));
}

template <class Work>
void OdbcChangeLog::erasing(const Work& work) {
  try {
    work();
    statements_.end_erasing(true);
  } catch (...) {
    statements_.close_erasing();
    throw;
  }
}

std::string OdbcChangeLog::forget() {
  if (handled_.empty()) return "{}";
  erasing([this] {
    std::size_t uncommitted = 0;
    for (std::size_t from = 0; from < handled_.size();) {
      const std::size_t count = std::min(handled_.size() - from, id_counts[3]);
      erase_ids(from, count);
      from += count;
      uncommitted += count;
      if (uncommitted < ids_of_commit) continue;
      statements_.end_erasing(true);
      uncommitted = 0;
    }
  });
  handled_.clear();
  return "{}";
}

void OdbcChangeLog::erase_ids(std::size_t from, std::size_t count) {
  std::vector<SourceKey> keys{table_key_};
  for (std::size_t i = from; i < from + count; ++i) keys.push_back({{std::string(), fmt::to_string(handled_[i])}});
  for (const std::size_t size : id_counts) {
    if (count > size) continue;
    keys.resize(1 + size, SourceKey(keys.back()));
    return statements_.erase(text_.erase(size), keys);
  }
}

void OdbcChangeLog::give_up() {
  handled_.clear();
  erasing([this] { statements_.erase(text_.erase_all(), {&table_key_, 1}); });
}

}  // namespace

std::unique_ptr<ChangeLog> open_change_log(const std::shared_ptr<Session>& session, LogStatements& statements, const TableRequest& table,
                                           const TableShape& shape, const LogName& name) {
  if (session->dialect().change_log.log.empty()) {
    throw Error(ErrorCode::source_refused, fmt::format("the dialect '{}' knows no change log", session->dialect().name), {},
                "read the table by 'mode: diff', or write a `change_log:` into a dialect of your own");
  }
  return std::make_unique<OdbcChangeLog>(session, statements, table, shape, name);
}

}  // namespace connectors::odbc
