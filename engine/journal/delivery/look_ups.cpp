// Which records refer to which: written when a reference was sent, asked when the other record changes its id or goes.
#include "engine/journal/connection.h"
#include "engine/journal/deliveries.h"
#include "engine/journal/delivery/delivery_row.h"
#include "engine/model/key.h"
#include "engine/model/reference.h"

namespace engine::journal {

void Deliveries::put_look_ups(std::int64_t pipeline_id, const std::string& sent_for, const std::vector<LookUp>& look_ups) {
  const std::string key = moves_.now(pipeline_id, sent_for);
  connection_.prepare("DELETE FROM look_up WHERE pipeline_id = ? AND key = ?").bind(1, pipeline_id).bind(2, key).run();
  for (const LookUp& one : look_ups) {
    Statement insert = connection_.prepare(
        "INSERT OR REPLACE INTO look_up (pipeline_id, key, parent_id, parent_key, remote_id) VALUES (?, ?, ?, ?, ?)");
    insert.bind(1, pipeline_id).bind(2, key).bind(3, one.parent_id).bind(4, one.parent_key).bind(5, one.remote_id).run();
  }
}

std::string Deliveries::with_sent_ids(std::int64_t pipeline_id, const std::string& key, const std::string& fields) {
  model::FieldMap values = model::fields_from_json(fields);
  model::put_in_ids(values, [&](const model::Reference& reference) -> std::optional<std::string> {
    Statement statement = connection_.prepare(
        "SELECT l.parent_key, l.remote_id FROM look_up AS l JOIN pipeline AS p ON p.id = l.parent_id "
        "WHERE l.pipeline_id = ? AND l.key = ? AND p.name = ?");
    statement.bind(1, pipeline_id).bind(2, key).bind(3, reference.pipeline);
    while (statement.step()) {
      if (model::key_parts(statement.text(0)) == reference.key) return std::string(statement.text(1));
    }
    return std::nullopt;
  });
  return model::fields_json(values);
}

void Deliveries::outdate_look_ups(std::int64_t parent_id, const std::string& parent_key, const std::string& remote_id) {
  Statement statement = connection_.prepare(
      "UPDATE look_up INDEXED BY look_up_by_parent SET outdated = 1 "
      "WHERE parent_id = ? AND parent_key = ? AND remote_id <> ? AND outdated = 0");
  statement.bind(1, parent_id).bind(2, moves_.now(parent_id, parent_key)).bind(3, remote_id).run();
}

std::vector<std::string> Deliveries::outdated(std::int64_t pipeline_id, std::size_t limit) {
  Statement statement = connection_.prepare(
      "SELECT DISTINCT key FROM look_up INDEXED BY look_up_outdated WHERE pipeline_id = ? AND outdated = 1 LIMIT ?");
  statement.bind(1, pipeline_id).bind(2, static_cast<std::int64_t>(limit));
  std::vector<std::string> keys;
  while (statement.step()) keys.emplace_back(statement.text(0));
  return keys;
}

void Deliveries::settle_outdated(std::int64_t pipeline_id, const std::string& key) {
  connection_.prepare("UPDATE look_up SET outdated = 0 WHERE pipeline_id = ? AND key = ?")
      .bind(1, pipeline_id)
      .bind(2, key)
      .run();
}

std::vector<Awaited> Deliveries::deletes_of_children(std::int64_t parent_id, const std::string& parent_key,
                                                     std::size_t limit) {
  Statement statement = connection_.prepare(
      "SELECT DISTINCT l.pipeline_id, p.name, l.key FROM look_up AS l INDEXED BY look_up_by_parent "
      "JOIN delivery AS d INDEXED BY delivery_open_key ON d.pipeline_id = l.pipeline_id AND d.key = l.key "
      "JOIN pipeline AS p ON p.id = l.pipeline_id "
      "WHERE l.parent_id = ? AND l.parent_key = ? AND " DELIVERY_IS_OPEN("d") " AND d.effect = 'absent' LIMIT ?");
  statement.bind(1, parent_id).bind(2, parent_key).bind(3, static_cast<std::int64_t>(limit));
  std::vector<Awaited> children;
  while (statement.step()) {
    children.push_back({statement.integer(0), std::string(statement.text(1)), std::string(statement.text(2))});
  }
  return children;
}

}  // namespace engine::journal
