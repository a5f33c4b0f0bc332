#include "engine/capture/tail/place_map.h"

#include "engine/model/key.h"

namespace engine::capture {

std::string encoded_key(const model::Layout& layout, const std::vector<std::string>& cells, model::RowBatch& row) {
  row.begin(layout.columns.size());
  for (std::size_t column = 0; column < layout.columns.size(); ++column) {
    std::size_t part = 0;
    while (part < layout.key.size() && layout.key[part] != column) ++part;
    part < layout.key.size() ? row.append(cells[part]) : row.append_null();
  }
  row.end_row();
  std::string key;
  model::encode_key(layout, row.row(0), key);
  return key;
}

void PlaceMap::fill(model::ChangeLog& log) const {
  scope_.journal.write([this](journal::Records& records) { records.places.clear(scope_.table.row.id); });
  log.rewind_places();
  std::vector<model::LoggedChange> page;
  while (log.next_places(page)) {
    stop_if_asked(scope_.stop);
    remember(page);
  }
}

std::optional<journal::RowImage> PlaceMap::image_at(const model::LoggedChange& entry) const {
  auto lease = scope_.journal.read();
  const auto known = lease->places.find(scope_.table.row.id, *entry.place);
  if (!known && entry.stood_there && entry.cells.empty()) {
    throw model::LogLost("a row of " + scope_.definition.name + " was deleted whose key is not known: place " + std::to_string(*entry.place));
  }
  if (!known || !known->key) return std::nullopt;
  return lease->images.find(scope_.table.row.id, *known->key);
}

void PlaceMap::remember(const std::vector<model::LoggedChange>& entries) const {
  scope_.journal.write([&](journal::Records& records) {
    model::RowBatch row;
    for (const model::LoggedChange& entry : entries) {
      if (!entry.place) continue;
      journal::RowPlace there;
      if (!entry.cells.empty()) there.key = encoded_key(scope_.shape.layout, entry.cells, row);
      records.places.set(scope_.table.row.id, *entry.place, there);
    }
  });
}

}  // namespace engine::capture
