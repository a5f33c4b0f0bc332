// The rows of a document's nested tables, read out of its images when SQL asks for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/row.h"

namespace engine::map {

/// One nested table, however deep: its rows in all of the document.
class NestedRows {
 public:
  /// `path`: positions of the columns that lead to it, each among those of the table before.
  NestedRows(const model::Layout& document, std::vector<std::size_t> path);

  const std::string& name() const { return name_; }
  const model::Layout& layout() const { return layouts_.back(); }

  /// Its rows in an image, in the order of their keys below each row they belong to. Read once a change, which `number` tells apart. Throws Error
  /// journal_failed for an image that is damaged.
  const model::RowBatch& before(const std::optional<model::RowView>& image, std::uint64_t number) { return rows(before_, image, number); }
  const model::RowBatch& after(const std::optional<model::RowView>& image, std::uint64_t number) { return rows(after_, image, number); }

 private:
  struct Side {
    model::RowBatch rows;
    std::uint64_t number = 0;  ///< of the change they are of; 0: none
  };
  const model::RowBatch& rows(Side& side, const std::optional<model::RowView>& image, std::uint64_t number);
  void read(std::string_view json, std::size_t level, model::RowBatch& into) const;

  std::string name_;
  std::vector<std::size_t> path_;
  std::vector<model::Layout> layouts_;  ///< of the tables on the path, its own last
  Side before_;
  Side after_;
};

/// All nested tables of a document; none of a plain table.
std::vector<NestedRows> nested_rows_of(const model::Layout& layout);

}  // namespace engine::map
