// Last seen image and digest of every row, by (table, key).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/row.h"

struct sqlite3_stmt;

namespace engine::journal {

class Connection;

struct RowImage {
  std::int64_t ordinal = 0;
  std::int64_t table_id = 0;
  std::int64_t layout_id = 0;
  std::string key;  ///< encoded, see model/key.h
  model::Digest digest;
  std::string image;  ///< JSON
  std::optional<std::string>
      locator;  ///< the key as the source gave it, where `encode_key` of the canonical row is not enough
};

/// A forward walk over (key, digest, ordinal) of one table in key order, read from the covering index alone. It sees
/// the images as they were at its first move, until it rests. Gone before the connection it reads with.
class ImageCursor {
 public:
  ImageCursor(Connection& connection, std::int64_t table_id) : connection_(connection), table_id_(table_id) {}
  ~ImageCursor();
  ImageCursor(const ImageCursor&) = delete;
  ImageCursor& operator=(const ImageCursor&) = delete;

  /// Moves to the first image with key >= `key`. Keys asked for should ascend: near ones are stepped to, far ones and
  /// those that descend are sought. True when it stands on exactly `key`. Throws journal_failed.
  bool move_to(std::string_view key);
  bool at_end() const { return at_end_; }
  std::string_view key() const { return key_; }
  model::Digest digest() const;
  std::int64_t ordinal() const;
  /// Releases the read transaction; the next move_to seeks again.
  void rest();

 private:
  void step();
  void seek(std::string_view key);
  void end_transaction();

  Connection& connection_;
  std::int64_t table_id_;
  sqlite3_stmt* statement_ = nullptr;
  bool open_ = false;  ///< the position holds: on an image or at the end
  bool at_end_ = false;
  bool began_ = false;    ///< the read transaction is this cursor's own
  std::string_view key_;  ///< owned by the statement until the next step
  std::string asked_;     ///< the key last moved to: no image lies between it and key_
  std::string sought_;    ///< bound to the statement
};

class RowImages {
 public:
  explicit RowImages(Connection& connection) : connection_(connection) {}

  ImageCursor cursor(std::int64_t table_id) { return ImageCursor(connection_, table_id); }
  std::optional<RowImage> find(std::int64_t table_id, std::string_view key);
  std::optional<RowImage> at(std::int64_t ordinal);
  /// A page of whole images in ordinal order.
  std::vector<RowImage> page(std::int64_t table_id, std::int64_t after_ordinal, std::size_t limit);
  /// Ordinals of a table in ascending order, for the search of unseen ones: at most `limit` above `after`.
  std::vector<std::int64_t> ordinals(std::int64_t table_id, std::int64_t after_ordinal, std::size_t limit);
  std::int64_t count(std::int64_t table_id);

  /// `image.ordinal` is ignored; returns the new one. The caller knows that the key is not there.
  std::int64_t insert(const RowImage& image);
  void update(std::int64_t ordinal, std::int64_t layout_id, model::Digest digest, std::string_view image,
              const std::optional<std::string>& locator);
  void erase(std::int64_t ordinal);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
