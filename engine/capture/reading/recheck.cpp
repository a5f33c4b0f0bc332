#include "engine/capture/reading/recheck.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "engine/base/error.h"
#include "engine/model/key.h"
#include "engine/model/older_layout.h"
#include "engine/model/row_json.h"

namespace engine::capture {

void stop_if_asked(const StopSignal& stop) {
  if (stop.requested()) throw Error(ErrorCode::stopped, "capture was asked to stop");
}

Recheck::Recheck(model::Source& source, const model::TableRequest& request, const model::TableShape& shape,
                 journal::Journal& journal, const TrackedTable& table, CycleWriter& writer, const StopSignal& stop)
    : source_(source), request_(request), shape_(shape), journal_(journal), table_(table), writer_(writer), stop_(stop) {}

void Recheck::look(std::span<Suspect> suspects) {
  while (!suspects.empty()) {
    stop_if_asked(stop_);
    const std::size_t count = std::min(suspects.size(), keys_max());
    look_at_group(suspects.first(count));
    suspects = suspects.subspan(count);
  }
}

void Recheck::look_by_canonical_key(Suspect& suspect, const journal::RowImage& image) {
  if (!image.locator) return;
  suspect.source_key = canonical_source_key(table_.layout, image.image, image_row_);
  look({&suspect, 1});
}

model::SourceKey canonical_source_key(const model::Layout& layout, const std::string& image, model::RowBatch& row) {
  // The key alone: the other columns may be those of an older layout.
  const model::Layout keys = model::key_layout(layout);
  row.begin(keys.columns.size());
  model::append_row_from_json(keys, image, row);
  model::SourceKey key;
  for (std::size_t i = 0; i < keys.columns.size(); ++i) key.parts.push_back(model::source_key_part(keys.columns[i].type, row.row(0).text(i)));
  return key;
}

model::SourceKey source_key_of(const model::Layout& layout, const journal::RowImage& image, model::RowBatch& row) {
  return image.locator ? model::source_key_from_json(*image.locator) : canonical_source_key(layout, image.image, row);
}

void Recheck::look_at_group(std::span<Suspect> suspects) {
  std::vector<model::SourceKey> wanted;
  std::set<std::string_view> once;
  for (const Suspect& suspect : suspects) {
    // The second of two would look deleted.
    ENGINE_ASSERT(once.insert(suspect.key).second);
    wanted.push_back(suspect.source_key);
  }
  const auto stream = source_.open_keys(request_, shape_, wanted);
  while (stream->next(rows_)) {
    keys_.fill(table_.layout, rows_);
    for (std::size_t index = 0; index < keys_.size(); ++index) {
      const auto suspect = std::ranges::find(suspects, keys_.key(index), &Suspect::key);
      if (suspect != suspects.end()) take(index, *suspect);
    }
  }
}

void Recheck::take(std::size_t index, Suspect& suspect) {
  if (suspect.found) {
    const std::string key = model::key_json(table_.layout, rows_.row(index));
    throw Error(ErrorCode::source_bad_data, "the key is not unique: two rows have " + key, {{"key", key}},
                "add the columns to `key:` that tell such rows apart");
  }
  suspect.found = true;
  const SeenRow seen{rows_.row(index), keys_.key(index), keys_.digest(index), rows_.source_key(index)};
  const auto image = journal_.read()->images.find(table_.row.id, seen.key);
  if (!image) return writer_.insert(seen);
  writer_.is_there(seen.key);
  if (image->digest != seen.digest || image->layout_id != table_.layout_id) writer_.update(*image, seen);
}

}  // namespace engine::capture
