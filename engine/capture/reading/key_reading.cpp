#include "engine/capture/reading/key_reading.h"

namespace engine::capture {

void read_keys(Reading& reading, std::vector<Recheck::Suspect> keys) {
  reading.recheck.look(keys);
  reading.writer.write();
  for (Recheck::Suspect& key : keys) {
    auto image = reading.scope.journal.read()->images.find(reading.scope.table.row.id, key.key);
    if (!image) {
      if (!key.found) reading.writer.is_gone(key.key);
      continue;
    }
    if (!key.found) reading.recheck.look_by_canonical_key(key, *image);
    if (key.found) {
      reading.seen.mark(image->ordinal);
    } else {
      reading.writer.erase(std::move(*image));
    }
  }
  reading.writer.write();
}

}  // namespace engine::capture
