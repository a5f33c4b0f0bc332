#include "connectors/odbc/feed/version_feed.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "connectors/odbc/catalogue/catalogue_call.h"
#include "connectors/odbc/feed/version_text.h"
#include "connectors/odbc/log/key_text.h"
#include "connectors/odbc/log/logged_keys.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using namespace engine::model;

namespace {

constexpr std::size_t batch_news = 10'000;
/// What lies in an overlap beyond it is told again and again.
constexpr std::size_t told_max = 200'000;
/// Ids of commits come from the counter of transactions. So far back is looked again: for commits that became visible out of order, and for those
/// that were not registered.
constexpr std::int64_t overlapping_commits = 10'000;
/// All of a long overlap is looked at so often; in between a short one will do for those that commit soon.
constexpr std::chrono::seconds wide_every{30};
/// MariaDB opens every table of the schema to say what one is like.
constexpr std::chrono::seconds known_for{60};
constexpr std::int64_t narrow_ms = 10'000;
constexpr std::int64_t narrow_commits = 500;

class VersionFeed final : public ChangeFeed {
 public:
  VersionFeed(std::shared_ptr<Session> session, VersionsTold& told, const TableRequest& table, const TableShape& shape, LogName name)
      : session_(std::move(session)),
        told_(told),
        table_(table),
        name_(std::move(name)),
        key_(key_expression(shape.layout, session_->dialect(), "dp.")),
        keys_(*session_, shape, "versions of " + table_.from, "correct `key:` of the table") {}

  void require_table() override;
  void require_usable() override;
  bool tells_transactions() const override { return period_.by_transaction; }
  std::vector<std::string> identities() override { return {made_}; }
  Standing standing(const std::string& position) override;
  /// The history begins where the table's rows are read.
  void begin_anew() override {}
  void read(const std::string& position, const Take& take) override;
  void confirm(const std::string&) override {}
  LoggedChange change_of(const std::string& key, Provenance provenance) const override { return keys_.change_of(key, std::move(provenance)); }

 private:
  bool look_at_table();
  void require_known_table();
  static News news_of(TextQuery::Row row);
  std::vector<TextQuery::Row> ask(KeyedSql sql, std::size_t columns, std::vector<std::string> values = {});
  /// In what the period holds: transactions, or microseconds.
  std::string overlap(bool wide) const {
    if (period_.by_transaction) return fmt::to_string(wide ? overlapping_commits : narrow_commits);
    // The position goes on with the looks in between: whoever commits just after a wide one is looked for by the next.
    const std::int64_t wide_ms = name_.overlap_ms + std::chrono::milliseconds(wide_every).count();
    return fmt::to_string((wide ? wide_ms : std::min(narrow_ms, name_.overlap_ms)) * 1'000);
  }

  std::shared_ptr<Session> session_;
  VersionsTold& told_;
  TableRequest table_;
  LogName name_;
  std::string key_;  ///< as one text, for a row called dp
  LoggedKeys keys_;
  std::string made_;
  versions::Period period_;
};

std::vector<TextQuery::Row> VersionFeed::ask(KeyedSql sql, std::size_t columns, std::vector<std::string> values) {
  const SourceKey key{std::move(values)};
  return TextQuery(session_, std::move(sql), columns).run({&key, 1});
}

bool VersionFeed::look_at_table() {
  TableName name = split_table_name(table_.from, session_->dialect(), session_->name_case());
  // What elsewhere is a schema is called a catalog by the driver, which has no schemas.
  const auto rows = ask(versions::period_of(), 4, {name.schema.empty() ? name.catalog : name.schema, name.table});
  if (rows.empty()) return false;
  made_ = rows[0][0].value_or("made");
  const auto& dialect = session_->dialect();
  period_ = {"ROW_START", "ROW_END", false};
  if (rows[0][1] && rows[0][2]) period_ = {quoted_name(*rows[0][1], dialect), quoted_name(*rows[0][2], dialect), rows[0][3] == "bigint"};
  return true;
}

void VersionFeed::require_known_table() {
  VersionsFound& known = told_[table_.from];
  const auto now = std::chrono::steady_clock::now();
  if (known.made.empty() || now - known.asked >= known_for) {
    require_table();
    known.made = made_;
    known.period = period_;
    known.asked = now;
  }
  made_ = known.made;
  period_ = known.period;
}

void VersionFeed::require_table() {
  if (look_at_table()) return;
  throw Error(ErrorCode::source_refused, fmt::format("{} keeps no versions of its rows", table_.from), {{"table", name_.table}},
              fmt::format("ALTER TABLE {} ADD SYSTEM VERSIONING, or use `by: triggers`", table_.from));
}

void VersionFeed::require_usable() {
  require_table();
  try {
    ask({versions::end(period_.by_transaction), {}, {}}, 1);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_refused) throw;
    throw Error(ErrorCode::source_refused, fmt::format("the commits of {} cannot be read: {}", table_.from, error.what()), error.context(),
                "GRANT SELECT ON mysql.transaction_registry to the user of the connection");
  }
}

ChangeFeed::Standing VersionFeed::standing(const std::string& position) {
  require_known_table();
  // Whether the period holds times or ids is another history.
  if (position.empty() || (position.find('-') == std::string::npos) == period_.by_transaction) {
    const auto tolerated = [this] { return fmt::to_string(name_.overlap_ms * 1'000); };
    const bool back = !position.empty() && !period_.by_transaction && !ask(versions::is_clock_back(), 1, {position, tolerated()}).empty();
    return back ? Standing{.lost = "the database's clock was set back"} : Standing{};
  }
  return {.lost = "its period was declared anew"};
}

void VersionFeed::read(const std::string& position, const Take& take) {
  // Before the rows: what commits meanwhile is found by the next look.
  const std::string end = ask({versions::end(period_.by_transaction), {}, {}}, 1).at(0)[0].value_or("");
  VersionsFound& told = told_[table_.from];
  const auto now = std::chrono::steady_clock::now();
  const bool wide = now - told.looked_wide >= wide_every;
  std::set<std::string> found;
  Batch batch{{}, position.empty() ? end : position};
  if (!position.empty()) {
    const SourceKey bound{{position, overlap(wide)}};
    TextQuery(session_, versions::changes(table_, period_, key_), 4).run({&bound, 1}, [&](TextQuery::Row row) {
      if (!row[0] || !row[1]) return;
      std::string change = *row[1] + " " + *row[0];
      if (!told.changes.contains(change)) batch.news.push_back(news_of(std::move(row)));
      if (found.size() < told_max) found.insert(std::move(change));
      if (batch.news.size() < batch_news) return;
      take(batch);
      batch.news.clear();
    });
  }
  batch.position = end;
  take(batch);
  // Only now: what could not be kept is told again.
  if (!wide) return told.changes.merge(found);
  told.changes = std::move(found);
  told.looked_wide = now;
}

ChangeFeed::News VersionFeed::news_of(TextQuery::Row row) {
  News news{0, std::move(row[0]), {std::move(row[3]), std::nullopt, std::nullopt}};
  std::int64_t time_ms = 0;
  if (row[2] && std::from_chars(row[2]->data(), row[2]->data() + row[2]->size(), time_ms).ec == std::errc()) news.provenance.time_ms = time_ms;
  return news;
}

}  // namespace

std::unique_ptr<ChangeFeed> open_versions(const std::shared_ptr<Session>& session, VersionsTold& told, const TableRequest& table, const TableShape& shape,
                                          const LogName& name) {
  if (session->dialect().own_log != "versions") {
    throw Error(ErrorCode::source_refused, fmt::format("the dialect '{}' knows no system-versioned tables", session->dialect().name), {},
                "use `by: triggers`, or read the table by 'mode: diff'");
  }
  return std::make_unique<VersionFeed>(session, told, table, shape, name);
}

}  // namespace connectors::odbc
