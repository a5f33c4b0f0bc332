#include "engine/journal/care/forgetting.h"

#include "engine/journal/connection.h"
#include "engine/journal/delivery/delivery_row.h"
#include "engine/journal/delivery/guard/anomalies.h"
#include "engine/journal/migrations.h"

namespace engine::journal {
namespace {

#define OF_KEY "key = ?2 AND pipeline_id IN (SELECT id FROM pipeline WHERE table_id = ?1)"

std::int64_t number(Connection& connection, const char* sql, std::int64_t table_id, const std::string& key) {
  Statement row = connection.prepare(sql);
  row.bind(1, table_id).bind(2, key).step();
  return row.integer(0);
}

std::int64_t write(Connection& connection, const char* sql, std::int64_t table_id, const std::string& key) {
  connection.prepare(sql).bind(1, table_id).bind(2, key).run();
  return connection.changes();
}

/// What the person wrote, found by what was sent to him: any field that holds a name of his.
std::int64_t forget_conversations(Connection& connection, std::int64_t table_id, const std::string& key) {
  write(connection,
        "DELETE FROM conversation WHERE party IN (SELECT ltrim(each.value, '+') FROM delivery d, json_each(d.fields) AS each "
        "WHERE d." OF_KEY " AND each.type = 'text' UNION SELECT recipient FROM delivery_report WHERE delivery_id IN "
        "(SELECT id FROM delivery WHERE " OF_KEY "))",
        table_id, key);
  return write(connection,
               "DELETE FROM inbound_message WHERE sender IN (SELECT ltrim(each.value, '+') FROM delivery d, "
               "json_each(d.fields) AS each WHERE d." OF_KEY " AND each.type = 'text' UNION SELECT recipient FROM "
               "delivery_report WHERE delivery_id IN (SELECT id FROM delivery WHERE " OF_KEY "))",
               table_id, key);
}

}  // namespace

std::int64_t Forgetting::open_deliveries(std::int64_t table_id, const std::string& key) {
  return number(connection_, "SELECT count(*) FROM delivery d WHERE d." OF_KEY " AND " DELIVERY_IS_OPEN("d"), table_id, key);
}

Forgotten Forgetting::count(std::int64_t table_id, const std::string& key) {
  return {.changes = number(connection_, "SELECT count(*) FROM change WHERE table_id = ?1 AND key = ?2", table_id, key),
          .deliveries = number(connection_, "SELECT count(*) FROM delivery WHERE " OF_KEY, table_id, key),
          .attempts = number(connection_,
                             "SELECT count(*) FROM attempt WHERE delivery_id IN (SELECT id FROM delivery WHERE " OF_KEY ")",
                             table_id, key),
          .records = number(connection_, "SELECT count(*) FROM last_sent WHERE " OF_KEY, table_id, key) +
                     number(connection_,
                            "SELECT count(*) FROM delivery_report WHERE delivery_id IN (SELECT id FROM delivery WHERE " OF_KEY ")",
                            table_id, key),
          .token = {}};
}

Forgotten Forgetting::erase(std::int64_t table_id, const std::string& key) {
  Forgotten forgotten;
  const std::int64_t messages =
      forget_conversations(connection_, table_id, key) +
      write(connection_, "DELETE FROM delivery_report WHERE delivery_id IN (SELECT id FROM delivery WHERE " OF_KEY ")",
            table_id, key);
  forgotten.token = "[\"forgotten-" + random_journal_id().substr(0, 12) + "\"]";
  forgotten.records = write(connection_,
                            "DELETE FROM remote_id WHERE (connection, object, match) IN (SELECT connection, object, match FROM "
                            "delivery WHERE " OF_KEY " UNION SELECT connection, object, match FROM last_sent WHERE " OF_KEY ")",
                            table_id, key);
  forgotten.records += messages;
  forgotten.records += write(connection_, "DELETE FROM last_sent WHERE " OF_KEY, table_id, key);
  write(connection_, "DELETE FROM record_move WHERE " OF_KEY, table_id, key);
  write(connection_, "DELETE FROM record_move WHERE from_" OF_KEY, table_id, key);
  write(connection_, "DELETE FROM look_up WHERE " OF_KEY, table_id, key);
  write(connection_, "DELETE FROM rejection WHERE " OF_KEY, table_id, key);
  write(connection_,
        "DELETE FROM look_up WHERE parent_id IN (SELECT id FROM pipeline WHERE table_id = ?1) AND parent_key = ?2", table_id,
        key);
  // Which record goes to and fro, or was changed at the target, stands in the words.
  connection_.prepare("UPDATE anomaly SET text = replace(text, ?2, ?3) WHERE kind IN (?4, ?5) AND pipeline_id IN (SELECT id FROM pipeline WHERE table_id = ?1)")
      .bind(1, table_id)
      .bind(2, key)
      .bind(3, forgotten.token)
      .bind(4, flip_flop_kind)
      .bind(5, drift_kind)
      .run();
  // A range that was read again may have begun or ended with this key.
  connection_.prepare("DELETE FROM range_backfill WHERE table_id = ? AND ended_ms IS NOT NULL").bind(1, table_id).run();
  forgotten.attempts = write(connection_,
                             "UPDATE attempt SET request = '{}', answer = NULL, reason = NULL WHERE delivery_id IN (SELECT id "
                             "FROM delivery WHERE " OF_KEY ")",
                             table_id, key);
  connection_
      .prepare("UPDATE delivery SET key = ?3, match = '{}', also_match = NULL, fields = NULL, comment = NULL, frozen = NULL, "
               "look_ups = NULL, drift = NULL, reason = 'forgotten' WHERE " OF_KEY)
      .bind(1, table_id)
      .bind(2, key)
      .bind(3, forgotten.token)
      .run();
  forgotten.deliveries = connection_.changes();
  connection_
      .prepare("UPDATE change SET key = ?3, after = NULL, before = NULL, changed = '[]', source_user = NULL "
               "WHERE table_id = ?1 AND key = ?2")
      .bind(1, table_id)
      .bind(2, key)
      .bind(3, forgotten.token)
      .run();
  forgotten.changes = connection_.changes();
  return forgotten;
}

}  // namespace engine::journal
