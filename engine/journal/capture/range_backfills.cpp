#include "engine/journal/capture/range_backfills.h"

#include <algorithm>

#include "engine/journal/connection.h"

namespace engine::journal {

namespace {

/// Names have no line breaks.
std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "\n") + name;
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

}  // namespace

std::optional<RangeBackfill> RangeBackfills::find(std::int64_t table_id) {
  Statement row = connection_.prepare(
      "SELECT first_key, first_encoded, last_key, at_key, pipelines, rows, sent, failed, begun_ms, ended_ms, reason FROM range_backfill"
      " WHERE table_id = ?1");
  if (!row.bind(1, table_id).step()) return std::nullopt;
  return RangeBackfill{.table_id = table_id,
                       .first = row.optional_text(0),
                       .first_encoded = std::string(row.blob(1)),
                       .last = row.optional_text(2),
                       .at = row.optional_text(3),
                       .pipelines = split(row.text(4)),
                       .rows = row.integer(5),
                       .sent = row.integer(6),
                       .failed = row.integer(7),
                       .begun_ms = row.integer(8),
                       .ended_ms = row.optional_integer(9),
                       .reason = std::string(row.text(10))};
}

void RangeBackfills::put(const RangeBackfill& backfill) {
  connection_
      .prepare("INSERT OR REPLACE INTO range_backfill (table_id, first_key, first_encoded, last_key, at_key, pipelines, rows, sent, failed, begun_ms,"
               " ended_ms, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
      .bind(1, backfill.table_id)
      .bind(2, backfill.first)
      .bind_blob(3, backfill.first_encoded)
      .bind(4, backfill.last)
      .bind(5, backfill.at)
      .bind(6, joined(backfill.pipelines))
      .bind(7, backfill.rows)
      .bind(8, backfill.sent)
      .bind(9, backfill.failed)
      .bind(10, backfill.begun_ms)
      .bind(11, backfill.ended_ms)
      .bind(12, backfill.reason)
      .run();
}

}  // namespace engine::journal
