// Images that were made before the table's columns changed: what of their rows is a change, and what is renewed without a word.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/capture/tracked_table.h"
#include "engine/model/older_layout.h"

namespace engine::capture {

/// While a table's images follow its new columns, those of both layouts stand side by side, and each says which it was made with.
class OlderImages {
 public:
  OlderImages(journal::Journal& journal, const TrackedTable& table) : journal_(journal), table_(table) {}

  /// How images that were made with that layout are read.
  const model::OlderLayout& of(std::int64_t layout_id);
  /// Columns that both have and that differ.
  std::vector<std::string> changed_columns(const model::OlderLayout& older, model::RowView before, model::RowView after) const;

 private:
  journal::Journal& journal_;
  const TrackedTable& table_;
  std::map<std::int64_t, model::OlderLayout> known_;
};

}  // namespace engine::capture
