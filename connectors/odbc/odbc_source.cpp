#include "connectors/odbc/odbc_source.h"

#include <list>
#include <set>

#include <fmt/format.h>

#include "connectors/odbc/canonical_text.h"
#include "connectors/odbc/growth/growth_text.h"
#include "connectors/odbc/rows/counted_rows.h"
#include "connectors/odbc/rows/prepared_read.h"
#include "connectors/odbc/rows/read_plan.h"
#include "connectors/odbc/rows/row_stream.h"
#include "connectors/odbc/session.h"
#include "connectors/odbc/asking/standing.h"
#include "connectors/odbc/statement_text.h"
#include "connectors/odbc/catalogue/catalogue_call.h"
#include "connectors/odbc/catalogue/table_shape.h"
#include "connectors/odbc/log/history_log.h"
#include "connectors/odbc/log/journal_log.h"
#include "connectors/odbc/log/odbc_change_log.h"
#include "connectors/odbc/feed/slot_feed.h"
#include "connectors/odbc/feed/version_feed.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using engine::model::Column;
using engine::model::GrowthRange;
using engine::model::KeyRange;
using engine::model::Layout;
using engine::model::RowStream;
using engine::model::SourceKey;
using engine::model::TableRequest;
using engine::model::TableShape;

namespace {

/// Prepared statements with their buffers (up to 4 MB each) that are kept for the next chunk.
constexpr std::size_t prepared_max = 6;
/// Keys are looked up in statements of these sizes, the last key repeated to fill one up: few texts to prepare.
constexpr std::size_t key_counts[] = {1, 10, 100};

std::string title_of(const TableRequest& table) { return table.query.empty() ? table.from : "the query"; }

/// A table whose described lengths proved wrong, and what was selected from it.
std::string identity_of(const TableRequest& table) { return table.from + "\n" + table.query; }

class OdbcSource : public engine::model::Source {
 public:
  OdbcSource(engine::settings::SourceConnection connection, engine::settings::DialectDefinition dialect, std::shared_ptr<engine::SignOfLife> sign)
      : connection_(std::move(connection)), dialect_(std::move(dialect)), sign_(std::move(sign)) {}
  ~OdbcSource() override { OdbcSource::close(); }

  TableShape describe(const TableRequest& table) override;
  std::unique_ptr<RowStream> open_range(const TableRequest& table, const TableShape& shape, const KeyRange& range,
                                        std::size_t limit) override;
  std::unique_ptr<RowStream> open_whole(const TableRequest& table, const TableShape& shape) override;
  std::unique_ptr<RowStream> open_keys(const TableRequest& table, const TableShape& shape, std::span<const SourceKey> keys) override;
  bool open_view() override;
  void close_view() override;
  std::vector<std::string> probe(const TableRequest& table) override;
  std::optional<std::vector<std::string>> checksums(const TableRequest& table, const TableShape& shape, std::span<const KeyRange> ranges) override;
  std::size_t keys_max() const override { return key_counts[2]; }
  std::optional<std::string> now(const TableRequest& table, const Column& column) override;
  std::optional<std::string> highest(const TableRequest& table, const TableShape& shape, std::size_t column,
                                     const std::optional<std::string>& not_above) override;
  std::unique_ptr<RowStream> open_growth(const TableRequest& table, const TableShape& shape, const GrowthRange& range, std::size_t limit) override;
  std::unique_ptr<engine::model::ChangeLog> change_log(const TableRequest& table, const TableShape& shape, const engine::model::LogName& name) override;
  std::unique_ptr<engine::model::ChangeFeed> change_feed(const TableRequest& table, const TableShape& shape, const engine::model::LogName& name) override;
  void close() override;

 private:
  struct Kept {
    std::string sql;
    Layout layout;
    std::shared_ptr<PreparedRead> read;
  };

  const std::shared_ptr<Session>& session();
  Standing& standing();
  void run_each(const std::vector<std::string>& statements);
  std::shared_ptr<Session> streaming_session();
  std::shared_ptr<PreparedRead> prepared(const std::shared_ptr<Session>& session, const TableRequest& table, const Layout& layout, KeyedSql sql);
  std::shared_ptr<PreparedRead> make_read(const std::shared_ptr<Session>& session, const TableRequest& table, const Layout& layout, KeyedSql sql);
  LogAccess log_access(const TableRequest& table);
  std::unique_ptr<RowStream> stream(std::shared_ptr<PreparedRead> read, const TableRequest& table, const Layout& layout,
                                    std::optional<SourceKey> after, std::size_t limit);
  std::optional<std::string> first_cell(const TableRequest& table, const Column& column, KeyedSql sql, const SourceKey& bound);
  void refuse_null_keys(const TableRequest& table, const TableShape& shape);

  engine::settings::SourceConnection connection_;
  engine::settings::DialectDefinition dialect_;
  std::shared_ptr<engine::SignOfLife> sign_;
  std::shared_ptr<Session> session_;
  std::list<Kept> kept_;  ///< the one used last in front
  std::optional<Standing> standing_;
  std::set<std::string> read_row_by_row_;
  std::optional<LogStatements> log_;
  std::optional<TextQueries> questions_;  ///< of logs that the database keeps
  std::optional<bool> has_views_;         ///< none: not asked yet
  std::optional<SlotStatements> slots_;
  VersionsTold versions_told_;
};

const std::shared_ptr<Session>& OdbcSource::session() {
  if (!session_) session_ = std::make_shared<Session>(connection_, dialect_, SessionUse::read, sign_);
  return session_;
}

/// Anew for each read: a driver that streams is left in odd states by a stream that was not read to its end.
std::shared_ptr<Session> OdbcSource::streaming_session() {
  return dialect_.stream_options.empty() ? session() : std::make_shared<Session>(connection_, dialect_, SessionUse::stream, sign_);
}

void OdbcSource::close() {
  kept_.clear();
  standing_.reset();
  log_.reset();
  questions_.reset();
  has_views_.reset();
  slots_.reset();
  versions_told_.clear();
  session_.reset();
}

/// How tables stand, asked through the connection that reads them.
Standing& OdbcSource::standing() {
  const std::shared_ptr<Session>& open = session();
  if (!standing_) standing_.emplace(open);
  return *standing_;
}

bool OdbcSource::open_view() {
  if (dialect_.open_view.empty()) return false;
  if (!has_views_) has_views_ = dialect_.open_view_if.empty() || !TextQuery(session(), {.text = dialect_.open_view_if}, 1).run().empty();
  if (!*has_views_) return false;
  run_each(dialect_.open_view);
  return true;
}

void OdbcSource::close_view() { run_each(dialect_.close_view); }

void OdbcSource::run_each(const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) session()->run(sql, fmt::format("running \"{}\"", sql));
}

std::vector<std::string> OdbcSource::probe(const TableRequest& table) {
  return dialect_.probes.empty() ? std::vector<std::string>() : standing().probe(table);
}

std::optional<std::vector<std::string>> OdbcSource::checksums(const TableRequest& table, const TableShape& shape, std::span<const KeyRange> ranges) {
  return standing().checksums(table, shape, ranges);
}

TableShape OdbcSource::describe(const TableRequest& table) {
  try {
    return describe_table(*session(), table);
  } catch (const Error& error) {
    // A missing column in the text of a query is a mistake there, not a change of the table.
    if (error.code() != ErrorCode::source_schema_changed) throw;
    throw Error(ErrorCode::source_refused, error.what(), error.context(), error.hint());
  }
}

std::shared_ptr<PreparedRead> OdbcSource::make_read(const std::shared_ptr<Session>& session, const TableRequest& table, const Layout& layout,
                                                    KeyedSql sql) {
  const std::size_t bytes_max = dialect_.statement_bytes_max;
  if (bytes_max > 0 && sql.text.size() > bytes_max) {
    throw Error(ErrorCode::source_refused, fmt::format("the statement that reads {} is longer than the {} bytes that the driver takes", title_of(table), bytes_max),
                {{"table", title_of(table)}}, "leave columns out by `exclude`");
  }
  const bool row_by_row = read_row_by_row_.contains(identity_of(table));
  ReadPlan plan = plan_read(layout, dialect_, connection_.char_padding, session->getdata_of_bound(), row_by_row);
  Layout bound = layout;
  if (!sql.columns.empty()) bound.key = sql.columns;
  auto key = key_plan(plan, bound);
  return std::make_shared<PreparedRead>(session, std::move(sql), std::move(plan), std::move(key));
}

std::shared_ptr<PreparedRead> OdbcSource::prepared(const std::shared_ptr<Session>& session, const TableRequest& table, const Layout& layout,
                                                   KeyedSql sql) {
  for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
    // One that a stream still reads from is left to it.
    if (kept->sql != sql.text || kept->layout != layout || kept->read.use_count() > 1) continue;
    kept_.splice(kept_.begin(), kept_, kept);
    return kept_.front().read;
  }
  std::string text = sql.text;
  auto read = make_read(session, table, layout, std::move(sql));
  kept_.push_front({std::move(text), layout, read});
  if (kept_.size() > prepared_max) kept_.pop_back();
  return read;
}

std::unique_ptr<RowStream> OdbcSource::stream(std::shared_ptr<PreparedRead> read, const TableRequest& table, const Layout& layout,
                                              std::optional<SourceKey> after, std::size_t limit) {
  OdbcRowStream::Options options{title_of(table), std::move(after), limit, {}};
  options.on_longer_than_described = [this, identity = identity_of(table)] {
    read_row_by_row_.insert(identity);
    kept_.clear();
  };
  return std::make_unique<OdbcRowStream>(std::move(read), layout, std::move(options));
}

void OdbcSource::refuse_null_keys(const TableRequest& table, const TableShape& shape) {
  KeyedSql sql = StatementText(table, dialect_).null_key(shape.layout);
  if (sql.text.empty()) return;
  if (TextQuery(session(), std::move(sql), 1).run().empty()) return;
  throw Error(ErrorCode::source_bad_data, fmt::format("{} has a row whose key holds NULL", title_of(table)), {{"table", title_of(table)}},
              "choose a key that is never NULL, or leave such rows out by `query:`");
}

std::unique_ptr<RowStream> OdbcSource::open_range(const TableRequest& table, const TableShape& shape, const KeyRange& range,
                                                  std::size_t limit) {
  if (!range.after) refuse_null_keys(table, shape);
  const RangeEnds ends{range.after.has_value(), range.up_to.has_value()};
  auto read = prepared(session(), table, shape.layout, StatementText(table, dialect_).range(shape.layout, ends, limit));
  std::vector<SourceKey> keys;
  for (const auto& end : {range.after, range.up_to}) {
    if (end) keys.push_back(*end);
  }
  read->execute(keys);
  return stream(std::move(read), table, shape.layout, range.after, limit);
}

std::unique_ptr<RowStream> OdbcSource::open_whole(const TableRequest& table, const TableShape& shape) {
  std::optional<std::uint64_t> counted;
  if (!dialect_.row_count.empty()) counted = count_rows(session(), replaced(dialect_.row_count, "{from}", table.from));
  auto read = make_read(streaming_session(), table, shape.layout, StatementText(table, dialect_).whole(shape.layout));
  read->execute({});
  auto rows = stream(std::move(read), table, shape.layout, std::nullopt, 0);
  return counted ? all_of(std::move(rows), *counted, title_of(table)) : std::move(rows);
}

std::unique_ptr<RowStream> OdbcSource::open_keys(const TableRequest& table, const TableShape& shape, std::span<const SourceKey> keys) {
  ENGINE_ASSERT(!keys.empty() && keys.size() <= keys_max());
  std::vector<SourceKey> filled(keys.begin(), keys.end());
  for (const std::size_t count : key_counts) {
    if (filled.size() <= count) {
      filled.resize(count, keys.back());
      break;
    }
  }
  auto read = prepared(session(), table, shape.layout, StatementText(table, dialect_).with_keys(shape.layout, filled.size()));
  read->execute(filled);
  return stream(std::move(read), table, shape.layout, std::nullopt, 0);
}

std::optional<std::string> OdbcSource::first_cell(const TableRequest& table, const Column& column, KeyedSql sql, const SourceKey& bound) {
  const Layout alone{.columns = {column}, .key = {}};
  auto read = prepared(session(), table, alone, std::move(sql));
  read->execute({&bound, 1});
  const auto rows = stream(std::move(read), table, alone, std::nullopt, 1);
  engine::model::RowBatch batch;
  if (!rows->next(batch) || batch.row(0).is_null(0)) return std::nullopt;
  return std::string(batch.row(0).text(0));
}

std::optional<std::string> OdbcSource::now(const TableRequest& table, const Column& column) {
  std::string sql = GrowthText(table, dialect_).now(column);
  if (sql.empty()) {
    throw Error(ErrorCode::source_refused, fmt::format("the dialect '{}' has no clock for a column of type {}", dialect_.name, column.source_type),
                {{"column", column.name}}, "cast it to a time or a number by `query:`");
  }
  const Column told{.name = "now", .type = engine::model::ColumnType::text, .size = 64, .source_type = "varchar"};
  const auto text = first_cell(table, told, {.text = std::move(sql)}, {});
  if (!text) return std::nullopt;
  std::string scratch;
  const auto canonical = canonical_text(engine::model::ColumnType::timestamp, without_trailing_blanks(*text), scratch);
  if (canonical) return std::string(*canonical);
  throw Error(ErrorCode::source_refused, fmt::format("the database's clock says '{}', which is no time", *text), {{"table", title_of(table)}},
              "correct `now:` of the connection's dialect: it must give YYYY-MM-DD HH:MM:SS");
}

std::optional<std::string> OdbcSource::highest(const TableRequest& table, const TableShape& shape, std::size_t column,
                                               const std::optional<std::string>& not_above) {
  const Column& growing = shape.layout.columns[column];
  SourceKey bound;
  if (not_above) bound.parts.push_back(*not_above);
  return first_cell(table, growing, GrowthText(table, dialect_).highest(growing, not_above.has_value()), bound);
}

std::unique_ptr<RowStream> OdbcSource::open_growth(const TableRequest& table, const TableShape& shape, const GrowthRange& range, std::size_t limit) {
  auto read = prepared(session(), table, shape.layout, GrowthText(table, dialect_).range(shape.layout, range, limit));
  const SourceKey values = growth_values(shape.layout, range);
  read->execute({&values, 1});
  return stream(std::move(read), table, shape.layout, std::nullopt, limit);
}

LogAccess OdbcSource::log_access(const TableRequest& table) {
  LogAccess access;
  access.ask = [this](KeyedSql sql, std::size_t columns, const SourceKey& values, std::vector<ColumnPlan> bound) {
    const std::shared_ptr<Session>& open = session();
    if (!questions_) questions_.emplace(open);
    return questions_->run(std::move(sql), columns, {&values, 1}, std::move(bound));
  };
  access.rows = [this, table](const Layout& layout, KeyedSql sql, const SourceKey& values) {
    auto read = prepared(session(), table, layout, std::move(sql));
    read->execute({&values, 1});
    return stream(std::move(read), table, layout, std::nullopt, 0);
  };
  return access;
}

std::unique_ptr<engine::model::ChangeLog> OdbcSource::change_log(const TableRequest& table, const TableShape& shape,
                                                                 const engine::model::LogName& name) {
  const std::shared_ptr<Session>& open = session();
  if (name.by != "triggers" && !dialect_.keeps_log(name.by)) {
    throw Error(engine::ErrorCode::source_refused, fmt::format("the dialect '{}' knows no log '{}' that its database keeps", dialect_.name, name.by),
                {{"table", name.table}}, "docs/dialects.md lists what each knows; 'by: triggers' asks for least");
  }
  if (dialect_.histories.contains(name.by)) return open_history_log(dialect_, log_access(table), table, shape, name);
  if (name.by == "journal") {
    const TableName named = split_table_name(table.from, dialect_, open->name_case());
    return open_journal_log(dialect_, log_access(table), table, {named.schema, named.table}, shape, name);
  }
  if (!log_) log_.emplace(open);
  return open_change_log(open, *log_, table, shape, name);
}

std::unique_ptr<engine::model::ChangeFeed> OdbcSource::change_feed(const TableRequest& table, const TableShape& shape,
                                                                   const engine::model::LogName& name) {
  const std::shared_ptr<Session>& open = session();
  if (name.by == "versions") return open_versions(open, versions_told_, table, shape, name);
  if (!slots_) slots_.emplace(open);
  return open_slot(open, *slots_, table, shape, name);
}

}  // namespace

std::unique_ptr<engine::model::Source> make_odbc_source(const engine::settings::SourceConnection& connection,
                                                        const engine::settings::DialectDefinition& dialect,
                                                        std::shared_ptr<engine::SignOfLife> sign) {
  return std::make_unique<OdbcSource>(connection, dialect, std::move(sign));
}

}  // namespace connectors::odbc
