#include "engine/journal/capture/change_feeds.h"

#include "engine/journal/connection.h"

namespace engine::journal {

std::optional<ChangeFeed> ChangeFeeds::find(const std::string& connection, const std::string& log) {
  Statement row = connection_.prepare("SELECT position, tables FROM change_feed WHERE connection = ?1 AND log = ?2");
  if (!row.bind(1, connection).bind(2, log).step()) return std::nullopt;
  return ChangeFeed{std::string(row.text(0)), std::string(row.text(1))};
}

void ChangeFeeds::save(const std::string& connection, const std::string& log, const ChangeFeed& feed) {
  connection_
      .prepare(
          "INSERT INTO change_feed (connection, log, position, tables) VALUES (?1, ?2, ?3, ?4)"
          " ON CONFLICT (connection, log) DO UPDATE SET position = excluded.position, tables = excluded.tables")
      .bind(1, connection)
      .bind(2, log)
      .bind(3, feed.position)
      .bind(4, feed.tables)
      .run();
}

void ChangeFeeds::add(const FedChange& change) {
  connection_.prepare("INSERT INTO fed_change (table_id, key, source_transaction, source_time_ms, source_user) VALUES (?, ?, ?, ?, ?)")
      .bind(1, change.table_id)
      .bind(2, change.key)
      .bind(3, change.transaction)
      .bind(4, change.time_ms)
      .bind(5, change.user)
      .run();
}

ChangeFeeds::Waiting ChangeFeeds::waiting(std::int64_t table_id) {
  Statement row = connection_.prepare("SELECT COUNT(*), COUNT(key), COALESCE(MAX(id), 0) FROM fed_change WHERE table_id = ?1");
  row.bind(1, table_id).step();
  return {row.integer(0), row.integer(1), row.integer(2)};
}

std::vector<FedChange> ChangeFeeds::page(std::int64_t table_id, std::int64_t after, std::size_t limit) {
  Statement row = connection_.prepare(
      "SELECT id, key, source_transaction, source_time_ms, source_user FROM fed_change"
      " WHERE table_id = ?1 AND id > ?2 AND key IS NOT NULL ORDER BY id LIMIT ?3");
  row.bind(1, table_id).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
  std::vector<FedChange> page;
  while (row.step()) page.push_back({row.integer(0), table_id, row.optional_text(1), row.optional_text(2), row.optional_integer(3), row.optional_text(4)});
  return page;
}

void ChangeFeeds::erase(std::int64_t table_id, std::int64_t up_to) {
  connection_.prepare("DELETE FROM fed_change WHERE table_id = ?1 AND id <= ?2 AND key IS NOT NULL").bind(1, table_id).bind(2, up_to).run();
}

void ChangeFeeds::erase_without_key(std::int64_t table_id, std::int64_t up_to) {
  connection_.prepare("DELETE FROM fed_change WHERE table_id = ?1 AND id <= ?2 AND key IS NULL").bind(1, table_id).bind(2, up_to).run();
}

}  // namespace engine::journal
