// Rows in canonical form: many in one arena (RowBatch), one seen in place (RowView).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/layout.h"

namespace engine::model {

struct SourceKey;

inline constexpr std::uint32_t null_size = 0xFFFFFFFF;

/// One row: cells in layout order, each the canonical bytes of its column's type, or NULL. Valid as long as its batch is
/// neither changed nor gone.
class RowView {
 public:
  RowView(const char* bytes, const std::uint32_t* starts, std::size_t columns)
      : bytes_(bytes), starts_(starts), columns_(columns) {}

  std::size_t size() const { return columns_; }
  bool is_null(std::size_t column) const { return cell_size(column) == null_size; }
  /// Empty for NULL: ask `is_null` first where that matters.
  std::string_view text(std::size_t column) const {
    const std::uint32_t size = cell_size(column);
    return size == null_size ? std::string_view{} : std::string_view(bytes_ + starts_[column] + sizeof size, size);
  }
  /// All cells with their sizes, contiguous: what is hashed.
  std::string_view canonical_bytes() const { return {bytes_ + starts_[0], starts_[columns_] - starts_[0]}; }

 private:
  std::uint32_t cell_size(std::size_t column) const {
    std::uint32_t size;
    std::memcpy(&size, bytes_ + starts_[column], sizeof size);
    return size;
  }

  const char* bytes_;
  const std::uint32_t* starts_;  ///< columns_ + 1 offsets into bytes_
  std::size_t columns_;
};

/// Rows of one layout in one arena: [u32 size][bytes] a cell. At most 4 GiB; a reader stops well before. Rows that a source gave have their keys with them,
/// exactly as the source gave those.
class RowBatch {
 public:
  /// Empties the batch, keeping its memory, and sets the number of columns.
  void begin(std::size_t columns);
  void append(std::string_view cell) { cell.copy(append_space(cell.size()), cell.size()); }
  void append_null() { add_cell(null_size, 0); }
  /// Appends `size` uninitialised bytes as a cell and returns where to write them; may be shrunk by `shrink_last`.
  char* append_space(std::size_t size) { return add_cell(static_cast<std::uint32_t>(size), size); }
  void shrink_last(std::size_t size);
  void end_row();
  /// Keys are appended part by part, row by row: along with the rows or behind them, but of all of them or of none.
  void append_key_part(std::string_view part) {
    key_bytes_.append(part);
    key_ends_.push_back(static_cast<std::uint32_t>(key_bytes_.size()));
  }
  void append_key(const SourceKey& key);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t bytes() const { return used_; }
  RowView row(std::size_t index) const { return RowView(bytes_.data(), starts_.data() + index * columns_, columns_); }
  /// To be bound again by `Source::open_range` and `open_keys`. Without parts where no keys were appended.
  SourceKey source_key(std::size_t index) const;

 private:
  static constexpr std::size_t size_bytes = sizeof(std::uint32_t);

  char* add_cell(std::uint32_t size, std::size_t room) {
    if (bytes_.size() - used_ < size_bytes + room) grow(size_bytes + room);
    char* cell = bytes_.data() + used_;
    std::memcpy(cell, &size, size_bytes);
    used_ += size_bytes + room;
    starts_.push_back(static_cast<std::uint32_t>(used_));
    return cell + size_bytes;
  }
  void grow(std::size_t room);

  std::string bytes_;                     ///< longer than what is used of it: a cell is written without asking the string twice
  std::size_t used_ = 0;
  std::vector<std::uint32_t> starts_{0};  ///< offset of each cell, and the end
  std::size_t columns_ = 0;
  std::size_t rows_ = 0;
  std::string key_bytes_;                ///< parts of all keys, one behind the other
  std::vector<std::uint32_t> key_ends_;  ///< of each part
};

/// XXH3-128 of a row's canonical bytes.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Digest&) const = default;
};

Digest digest_of(RowView row);

}  // namespace engine::model
