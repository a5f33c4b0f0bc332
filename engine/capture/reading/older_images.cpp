#include "engine/capture/reading/older_images.h"

#include "engine/base/error.h"
#include "engine/model/row_json.h"

namespace engine::capture {

const model::OlderLayout& OlderImages::of(std::int64_t layout_id) {
  const auto known = known_.find(layout_id);
  if (known != known_.end()) return known->second;
  const auto layout = journal_.read()->tables.layout(layout_id);
  if (!layout) throw Error(ErrorCode::journal_failed, "the journal holds a row image of a layout that is not there");
  return known_.emplace(layout_id, model::OlderLayout(*layout, table_.layout)).first->second;
}

std::vector<std::string> OlderImages::changed_columns(const model::OlderLayout& older, model::RowView before, model::RowView after) const {
  std::vector<std::string> changed = model::changed_columns(table_.layout, before, after);
  std::erase_if(changed, [&](const std::string& name) { return !older.has(table_.layout.find(name).value()); });
  return changed;
}

}  // namespace engine::capture
