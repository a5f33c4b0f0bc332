#include "engine/journal/capture/row_places.h"

#include "engine/journal/connection.h"

namespace engine::journal {

std::optional<RowPlace> RowPlaces::find(std::int64_t table_id, std::int64_t place) {
  Statement row = connection_.prepare("SELECT key FROM row_place WHERE table_id = ?1 AND place = ?2");
  if (!row.bind(1, table_id).bind(2, place).step()) return std::nullopt;
  RowPlace found;
  if (!row.is_null(0)) found.key = std::string(row.blob(0));
  return found;
}

void RowPlaces::set(std::int64_t table_id, std::int64_t place, const RowPlace& row) {
  Statement put = connection_.prepare("INSERT OR REPLACE INTO row_place (table_id, place, key) VALUES (?1, ?2, ?3)");
  put.bind(1, table_id).bind(2, place);
  row.key ? put.bind_blob(3, *row.key) : put.bind_null(3);
  put.run();
}

void RowPlaces::clear(std::int64_t table_id) { connection_.prepare("DELETE FROM row_place WHERE table_id = ?1").bind(1, table_id).run(); }

}  // namespace engine::journal
