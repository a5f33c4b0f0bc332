// Makes documents of rows of their root: reads what belongs to them, and puts it in its place.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "connectors/documents/document.h"
#include "engine/model/key.h"
#include "engine/model/row.h"

namespace connectors::documents {

/// Rows with their keys as the source gave them.
struct KeyedRows {
  engine::model::RowBatch rows;
  std::vector<engine::model::SourceKey> keys;
};

/// All that a stream gives, appended. `into.rows` has been begun.
void append_rows(engine::model::RowStream& stream, KeyedRows& into);
void append_row(engine::model::RowView row, engine::model::RowBatch& into);

/// One group of documents. A row that belongs to no row that was read is left out: an orphan is no part of any document.
class Assembly {
 public:
  Assembly(engine::model::Source& source, const Document& document) : source_(source), document_(document), read_(document.parts.size()) {}

  /// Appends a document for each of these rows of the root, at most as many as the source takes keys at once. `into` has been begun. Throws Error
  /// source_*, source_bad_data for two rows with one key.
  void assemble(const engine::model::RowBatch& roots, std::span<const engine::model::SourceKey> keys, engine::model::RowBatch& into);

 private:
  struct Place {
    std::size_t of;   ///< the row that it belongs to, by its number among those read
    std::string key;  ///< encoded
    std::size_t row;
  };
  struct Read {
    engine::model::RowBatch rows;
    std::vector<Place> places;  ///< by the row they belong to, then by key
  };
  using Rows = std::vector<std::pair<std::string, std::size_t>>;  ///< encoded keys and numbers of rows, sorted

  void read_part(std::size_t part, const engine::model::RowBatch& roots, std::span<const engine::model::SourceKey> keys);
  std::vector<engine::model::SourceKey> keys_for(const Part& part, std::span<const engine::model::SourceKey> keys) const;
  void take(std::size_t part, const engine::model::RowBatch& rows, const Rows& above);
  std::span<const Place> places_of(std::size_t part, std::size_t row) const;
  void append_json(std::size_t part, std::size_t row, std::string& into) const;
  void take_highest(std::size_t part);

  engine::model::Source& source_;
  const Document& document_;
  std::vector<Read> read_;  ///< by part; of the root nothing
  /// Which document each row belongs to, by part, and the highest values by document and column, where any grows.
  std::vector<std::vector<std::size_t>> root_of_;
  std::vector<std::vector<std::string>> highest_;
};

}  // namespace connectors::documents
