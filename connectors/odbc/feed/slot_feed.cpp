#include "connectors/odbc/feed/slot_feed.h"

#include <algorithm>

#include <fmt/format.h>

#include "connectors/odbc/feed/slot_json.h"
#include "connectors/odbc/feed/slot_text.h"
#include "connectors/odbc/log/logged_keys.h"

namespace connectors::odbc {

using engine::Error;
using engine::ErrorCode;
using namespace engine::model;

namespace {

/// News handed over at once, between two commits.
constexpr std::size_t batch_news = 10'000;
/// A transaction that changes more rows has them all read: their keys would only fill the memory.
constexpr std::size_t transaction_news_max = 100'000;

class SlotFeed final : public ChangeFeed {
 public:
  SlotFeed(std::shared_ptr<Session> session, SlotStatements& statements, const TableRequest& table, const TableShape& shape, LogName name)
      : session_(std::move(session)), statements_(statements), from_(table.from), name_(std::move(name)), keys_(*session_, shape, name_.log, hint()) {}

  void require_table() override;
  void require_usable() override;
  std::vector<std::string> identities() override;
  Standing standing(const std::string& position) override;
  void begin_anew() override;
  void read(const std::string& position, const Take& take) override;
  void confirm(const std::string& position) override { statements_.ask(slot::advance(), 1, {name_.log, position}); }
  LoggedChange change_of(const std::string& key, Provenance provenance) const override { return keys_.change_of(key, std::move(provenance)); }

 private:
  using Row = TextQuery::Row;
  /// The transaction that is being read, and the batch of those before it.
  struct Building {
    std::vector<News> transaction;
    std::vector<std::size_t> overflowed;  ///< tables that it changes in too many rows
    Batch batch;
    std::optional<slot::Visibility> visible;
    bool is_cut = false;  ///< what comes from here on is not visible yet
  };
  bool look_at_slot();
  void peek(const std::string& end, const TextQuery::Take& take);
  void take_row(Row row, Building& building, const Take& take);
  void take_text(const Row& row, Building& building);
  void take_json(const slot::JsonLine& line, const Row& row, Building& building);
  void take_commit(const Row& row, Building& building, const Take& take);
  void take_change(std::size_t table, const std::optional<slot::RowChange>& change, const Row& row, Building& building) const;
  static void add(Building& building, News news);
  void require_identity(const SlotStatements::Relation& relation) const;
  std::string hint() const { return fmt::format("run: datapicker change-log install {}", session_->connection().name); }
  [[noreturn]] void refuse(const std::string& what, const std::string& hint) const;

  std::shared_ptr<Session> session_;
  SlotStatements& statements_;
  std::string from_;
  LogName name_;
  LoggedKeys keys_;
  Row state_;                          ///< as slot::state gives it
  bool json_ = false;                                ///< what the plugin writes
  std::vector<SlotStatements::Relation> relations_;  ///< of the tables
};

void SlotFeed::refuse(const std::string& what, const std::string& hint) const {
  throw Error(ErrorCode::source_refused, fmt::format("the slot {} {}", name_.log, what), {{"slot", name_.log}, {"table", name_.table}}, hint);
}

bool SlotFeed::look_at_slot() {
  auto rows = statements_.ask(slot::state(), 7, {name_.log});
  if (rows.empty()) return false;
  state_ = std::move(rows[0]);
  if (state_[1] != "1") refuse("belongs to another database", "choose another name for `log:`");
  if (std::ranges::find(slot::plugins, state_[0].value_or("")) == std::end(slot::plugins)) {
    refuse(fmt::format("was made with the plugin {}", state_[0].value_or("")), "choose another name for `log:`");
  }
  json_ = state_[0] == "wal2json";
  return true;
}

void SlotFeed::require_table() {
  statements_.forget_relations();
  require_identity(statements_.relation(from_));
}

/// A delete, and an update of the key, tell no more of the old row than its replica identity.
void SlotFeed::require_identity(const SlotStatements::Relation& relation) const {
  if (relation.oid.empty()) refuse(fmt::format("cannot tell of {}: it is not there", from_), "correct `from:` of the table");
  if (relation.kind != "r" || relation.persistence != "p") {
    refuse(fmt::format("tells nothing of {}: only changes of plain tables that survive a crash are in the server's log", from_),
           "read it by 'mode: diff', or its partitions as tables of their own");
  }
  if (relation.identity == "f") return;
  const auto own = std::ranges::find(name_.tables, name_.table, &LoggedTable::name);
  for (const std::string& column : own->key) {
    const auto same = [&](const std::string& other) {
      return std::ranges::equal(column, other, [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    };
    if (std::ranges::any_of(relation.identity_columns, same)) continue;
    refuse(fmt::format("does not tell the key of what is deleted from {}: column {} is not part of its replica identity", from_, column),
           fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL, or USING INDEX a unique index over the key", relation.quoted_name));
  }
}

void SlotFeed::require_usable() {
  require_table();
  if (!look_at_slot()) refuse("is not there", hint());
  const auto limit = statements_.ask({slot::limit_of_server(), {}, {}}, 1);
  if (!limit.empty() && limit[0][0] != "-1") return;
  refuse("may fill the server's disk while nobody reads it: max_slot_wal_keep_size is not set there",
         "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB', then SELECT pg_reload_conf()");
}

std::vector<std::string> SlotFeed::identities() {
  std::vector<std::string> identities;
  relations_.clear();
  for (const LoggedTable& table : name_.tables) {
    const SlotStatements::Relation& relation = statements_.relation(table.from);
    identities.push_back(relation.oid);
    relations_.push_back(relation);
  }
  return identities;
}

ChangeFeed::Standing SlotFeed::standing(const std::string& position) {
  if (!look_at_slot()) return {.lost = "it is not there"};
  Standing standing{.retained_bytes = number_of(state_[5]), .behind_bytes = number_of(state_[6])};
  if (state_[2] == "lost") {
    standing.lost = "the server threw away what it had not told yet (max_slot_wal_keep_size)";
  } else if (!position.empty() && !statements_.ask(slot::is_gap(), 1, {name_.log, position}).empty()) {
    standing.lost = fmt::format("it goes on at {}, and {} was told last: somebody else read from it or made it anew", state_[3].value_or(""), position);
  }
  return standing;
}

void SlotFeed::begin_anew() {
  statements_.ask(slot::drop(), 1, {name_.log});
  for (const std::string_view plugin : slot::plugins) {
    try {
      statements_.ask(slot::create(), 1, {name_.log, std::string(plugin)});
      break;
    } catch (const Error& error) {
      const bool waits = error.code() == ErrorCode::source_unreachable || error.code() == ErrorCode::source_busy;
      if (waits || plugin == std::end(slot::plugins)[-1]) throw;
    }
  }
  look_at_slot();
}

void SlotFeed::read(const std::string& position, const Take& take) {
  const std::string confirmed = state_[3].value_or(""), end = state_[4].value_or("");
  Building building;
  building.batch.position = position.empty() ? confirmed : position;
  // What was told but not confirmed would be told again.
  if (building.batch.position != confirmed) confirm(building.batch.position);
  if (building.batch.position != end) {
    peek(end, [&](Row row) { take_row(std::move(row), building, take); });
    if (!building.is_cut) building.batch.position = end;
  }
  take(building.batch);
}

void SlotFeed::peek(const std::string& end, const TextQuery::Take& take) {
  std::vector<std::string> values{name_.log, end};
  if (json_) values.emplace_back();
  for (const SlotStatements::Relation& relation : relations_) {
    if (relation.oid.empty()) continue;
    if (json_) values[2] += (values[2].empty() ? "" : ",") + slot::listed_table(relation.schema, relation.name);
    else values.push_back(slot::prefix_of(relation.quoted_name));
  }
  KeyedSql sql = json_ ? slot::peek_json() : slot::peek(values.size() - 2);
  statements_.stream(std::move(sql), 4, std::move(values), take);
}

void SlotFeed::take_row(Row row, Building& building, const Take& take) {
  // The server has decoded all before it gives the first row: what this snapshot does not see yet, readers of rows may not.
  if (!building.visible) building.visible.emplace(statements_.ask({slot::snapshot(), {}, {}}, 1).at(0)[0].value_or("0:0:"));
  if (building.is_cut || !row[0] || !row[1] || !row[3]) return;
  if (!json_) return row[3]->starts_with("COMMIT ") ? take_commit(row, building, take) : take_text(row, building);
  const auto line = slot::json_line(*row[3]);
  if (!line) throw Error(ErrorCode::source_bad_data, fmt::format("the slot {} says what is no JSON: {}", name_.log, row[3]->substr(0, 200)));
  line->action == 'C' ? take_commit(row, building, take) : take_json(*line, row, building);
}

void SlotFeed::take_text(const Row& row, Building& building) {
  const std::string_view text = *row[3];
  const std::vector<std::string_view> emptied = slot::emptied_tables(text);
  for (std::size_t table = 0; table < relations_.size(); ++table) {
    const std::string& name = relations_[table].quoted_name;
    if (name.empty()) continue;
    const std::string prefix = slot::prefix_of(name);
    if (text.starts_with(prefix)) take_change(table, slot::row_change(text.substr(prefix.size())), row, building);
    else if (std::ranges::find(emptied, name) != emptied.end()) take_change(table, std::nullopt, row, building);
  }
}

void SlotFeed::take_json(const slot::JsonLine& line, const Row& row, Building& building) {
  const bool names_row = line.action == 'I' || line.action == 'U' || line.action == 'D';
  if (!names_row && line.action != 'T') return;
  for (std::size_t table = 0; table < relations_.size(); ++table) {
    if (relations_[table].name != line.table || relations_[table].schema != line.schema) continue;
    take_change(table, names_row ? std::optional(line.change) : std::nullopt, row, building);
  }
}

void SlotFeed::take_change(std::size_t table, const std::optional<slot::RowChange>& change, const Row& row, Building& building) const {
  News news{table, std::nullopt, {row[1], std::nullopt, std::nullopt}};
  const std::vector<std::string>& key = name_.tables[table].key;
  const auto before = change && !change->before.empty() ? slot::key_of(change->before, key) : std::nullopt;
  const auto after = change && !change->after.empty() ? slot::key_of(change->after, key) : std::nullopt;
  // What names no key, or not the one that is asked for, may be any row.
  const bool is_told = change && (before || change->before.empty()) && (after || change->after.empty()) && (before || after);
  if (!is_told) return add(building, std::move(news));
  if (before && before != after) {
    news.key = before;
    add(building, news);
  }
  if (!after) return;
  news.key = after;
  add(building, std::move(news));
}

void SlotFeed::add(Building& building, News news) {
  const std::size_t table = news.table;
  if (std::ranges::find(building.overflowed, table) != building.overflowed.end()) return;
  building.transaction.push_back(std::move(news));
  if (building.transaction.size() <= transaction_news_max) return;
  News any{table, std::nullopt, building.transaction.back().provenance};
  std::erase_if(building.transaction, [table](const News& each) { return each.table == table; });
  building.transaction.push_back(std::move(any));
  building.overflowed.push_back(table);
}

void SlotFeed::take_commit(const Row& row, Building& building, const Take& take) {
  if (!building.visible->sees(static_cast<std::uint32_t>(number_of(row[1])))) {
    building.is_cut = true;
    building.transaction.clear();
    return;
  }
  for (News& news : building.transaction) {
    if (row[2]) news.provenance.time_ms = number_of(row[2]);
  }
  std::vector<News>& news = building.batch.news;
  // A large one is not copied.
  if (news.empty()) news.swap(building.transaction);
  std::ranges::move(building.transaction, std::back_inserter(news));
  building.transaction.clear();
  building.overflowed.clear();
  building.batch.position = *row[0];
  if (news.size() < batch_news) return;
  take(building.batch);
  news = {};
}

}  // namespace

std::unique_ptr<ChangeFeed> open_slot(const std::shared_ptr<Session>& session, SlotStatements& statements, const TableRequest& table,
                                      const TableShape& shape, const LogName& name) {
  if (session->dialect().own_log != "slot") {
    throw Error(ErrorCode::source_refused, fmt::format("the dialect '{}' knows no slots", session->dialect().name), {},
                "use `by: triggers`, or read the table by 'mode: diff'");
  }
  return std::make_unique<SlotFeed>(session, statements, table, shape, name);
}

}  // namespace connectors::odbc
