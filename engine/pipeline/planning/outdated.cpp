#include "engine/pipeline/planning/outdated.h"

#include "engine/model/key.h"
#include "engine/pipeline/planning/resend.h"

namespace engine::pipeline {

namespace {
constexpr std::size_t page_keys = 200;
}

bool plan_outdated(journal::Records& records, Planning& planning, const journal::PipelineRow& row, const model::Layout& layout,
                   const Clock& clock) {
  Resend resend(planning, row, {.live_only = true, .outdated = true}, clock);
  const auto keys = records.deliveries.outdated(row.id, page_keys);
  for (const std::string& key : keys) {
    const auto image = records.images.find(row.table_id, model::encoded_key_of(layout, model::key_parts(key)));
    // A row that is gone has its delete on the way.
    if (image) resend.image(records, *image);
    records.deliveries.settle_outdated(row.id, key);
  }
  return keys.size() == page_keys;
}

}  // namespace engine::pipeline
