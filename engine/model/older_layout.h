// Rows that were made with another layout of their table than today's.
#pragma once

#include <string_view>
#include <vector>

#include "engine/model/row.h"

namespace engine::model {

/// What such a row can tell about today's columns: those that it has under the same name and with the same type. Of the others
/// nothing is known: a value of another type is not read as one of today's.
class OlderLayout {
 public:
  OlderLayout(const Layout& made_with, const Layout& now);

  /// The row has a value, or NULL, of this column of today.
  bool has(std::size_t column) const { return has_[column]; }
  /// Appends the image as a row of today's layout; what it does not have is NULL. Throws as `append_row_from_json`.
  void append_row(std::string_view image, RowBatch& into) const;

 private:
  Layout readable_;  ///< today's, without the names of columns that the row does not have
  std::vector<bool> has_;
};

/// The key's columns alone, in key order: of no layout that a table had since its first snapshot are they others.
Layout key_layout(const Layout& layout);

}  // namespace engine::model
