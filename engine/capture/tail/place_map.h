// Rows by the places where they stand in their file: what a log means that knows them by nothing else.
#pragma once

#include <vector>

#include "engine/capture/reading/reading.h"
#include "engine/model/source/change_log.h"

namespace engine::capture {

/// The journal keeps which key stands at which place, and that none does. A row that is gone is known by the place where it stood, and a row with
/// another key by both.
class PlaceMap {
 public:
  explicit PlaceMap(const Reading& reading) : scope_(reading.scope) {}

  /// All places anew. Before the rows are read: a row that comes later has its entry in the log, while one that went in between has no image.
  void fill(model::ChangeLog& log) const;
  /// The image of the row that stood at the entry's place. Throws LogLost when a row stood there that nobody knows.
  std::optional<journal::RowImage> image_at(const model::LoggedChange& entry) const;
  /// After the rows of the entries were read: who stands there now.
  void remember(const std::vector<model::LoggedChange>& entries) const;

 private:
  const CycleScope& scope_;
};

/// The encoded key of a row of which only the key is known. `row` is memory for it.
std::string encoded_key(const model::Layout& layout, const std::vector<std::string>& cells, model::RowBatch& row);

}  // namespace engine::capture
