#include "engine/journal/row_images.h"

#include <sqlite3.h>

#include <array>
#include <bit>
#include <cstring>

#include "engine/base/error.h"
#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

constexpr std::size_t digest_size = 16;
// A seek costs about as much as this many steps.
constexpr int steps_max = 16;

constexpr std::string_view walk_sql =
    "SELECT key, digest, ordinal FROM row_image INDEXED BY row_image_by_key"
    " WHERE table_id = ?1 AND key >= ?2 ORDER BY key";

#define ROW_IMAGE_COLUMNS "SELECT ordinal, table_id, layout_id, key, digest, image, locator FROM row_image "

/// Stored big-endian: the bytes then read as XXH3-128 is written everywhere else, `hex(digest)` in the shell included.
std::array<char, digest_size> bytes_of(model::Digest digest) {
  const std::uint64_t words[2] = {__builtin_bswap64(digest.high), __builtin_bswap64(digest.low)};
  std::array<char, digest_size> bytes;
  std::memcpy(bytes.data(), words, digest_size);
  return bytes;
}

model::Digest digest_from(std::string_view bytes) {
  if (bytes.size() != digest_size) throw Error(ErrorCode::journal_failed, "a row image has a digest of the wrong size");
  std::uint64_t words[2];
  std::memcpy(words, bytes.data(), digest_size);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

RowImage read_image(const Statement& row) {
  return {.ordinal = row.integer(0),
          .table_id = row.integer(1),
          .layout_id = row.integer(2),
          .key = std::string(row.blob(3)),
          .digest = digest_from(row.blob(4)),
          .image = std::string(row.text(5)),
          .locator = row.optional_text(6)};
}

std::string_view blob_of(sqlite3_stmt* statement, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

}  // namespace

static_assert(std::endian::native == std::endian::little);

ImageCursor::~ImageCursor() {
  rest();
  sqlite3_finalize(statement_);
}

bool ImageCursor::move_to(std::string_view key) {
  const auto place = [&] { return at_end_ ? 1 : key_.compare(key); };
  if (!open_) seek(key);
  int order = place();
  // It stood at the first key that was not before the one asked for last: it goes back for what is before that one, too.
  if (order > 0 && key < std::string_view(asked_)) {
    seek(key);
    order = place();
  }
  for (int steps = 0; order < 0; order = place()) {
    ++steps > steps_max ? seek(key) : step();
  }
  asked_.assign(key);
  return order == 0;
}

void ImageCursor::seek(std::string_view key) {
  if (statement_ == nullptr) statement_ = connection_.prepare_own(walk_sql);
  sqlite3_reset(statement_);
  // One transaction from the first move on: a seek without it would take and drop SQLite's locks, which costs more than
  // the seek, and would move on to a later state in the middle of the walk.
  if (!connection_.in_transaction()) {
    connection_.prepare("BEGIN").run();
    began_ = true;
  }
  sought_.assign(key);
  sqlite3_bind_int64(statement_, 1, table_id_);
  sqlite3_bind_blob64(statement_, 2, sought_.data(), sought_.size(), SQLITE_STATIC);
  open_ = true;
  at_end_ = false;
  step();
}

void ImageCursor::step() {
  connection_.refuse_after_failure();
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) {
    key_ = blob_of(statement_, 0);
    return;
  }
  // At the end there is nothing to come back to: the read transaction ends, the position is kept.
  end_transaction();
  at_end_ = true;
  key_ = {};
  if (result == SQLITE_DONE) return;
  open_ = false;
  connection_.fail(result);
}

void ImageCursor::end_transaction() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
  // Nothing was written, so that ending it cannot fail in a way that matters.
  if (began_) sqlite3_exec(connection_.handle(), "COMMIT", nullptr, nullptr, nullptr);
  began_ = false;
}

model::Digest ImageCursor::digest() const {
  ENGINE_ASSERT(open_ && !at_end_);
  return digest_from(blob_of(statement_, 1));
}

std::int64_t ImageCursor::ordinal() const {
  ENGINE_ASSERT(open_ && !at_end_);
  return sqlite3_column_int64(statement_, 2);
}

void ImageCursor::rest() {
  end_transaction();
  open_ = false;
  at_end_ = false;
  key_ = {};
}

std::optional<RowImage> RowImages::find(std::int64_t table_id, std::string_view key) {
  Statement row = connection_.prepare(ROW_IMAGE_COLUMNS "WHERE table_id = ?1 AND key = ?2");
  row.bind(1, table_id).bind_blob(2, key);
  if (!row.step()) return std::nullopt;
  return read_image(row);
}

std::optional<RowImage> RowImages::at(std::int64_t ordinal) {
  Statement row = connection_.prepare(ROW_IMAGE_COLUMNS "WHERE ordinal = ?1");
  if (!row.bind(1, ordinal).step()) return std::nullopt;
  return read_image(row);
}

std::vector<RowImage> RowImages::page(std::int64_t table_id, std::int64_t after_ordinal, std::size_t limit) {
  Statement row = connection_.prepare(ROW_IMAGE_COLUMNS
                                      "INDEXED BY row_image_by_table WHERE table_id = ?1 AND ordinal > ?2"
                                      " ORDER BY ordinal LIMIT ?3");
  row.bind(1, table_id).bind(2, after_ordinal).bind(3, static_cast<std::int64_t>(limit));
  std::vector<RowImage> images;
  while (row.step()) images.push_back(read_image(row));
  return images;
}

std::vector<std::int64_t> RowImages::ordinals(std::int64_t table_id, std::int64_t after_ordinal, std::size_t limit) {
  Statement row = connection_.prepare(
      "SELECT ordinal FROM row_image INDEXED BY row_image_by_table WHERE table_id = ?1 AND ordinal > ?2"
      " ORDER BY ordinal LIMIT ?3");
  row.bind(1, table_id).bind(2, after_ordinal).bind(3, static_cast<std::int64_t>(limit));
  std::vector<std::int64_t> ordinals;
  while (row.step()) ordinals.push_back(row.integer(0));
  return ordinals;
}

std::int64_t RowImages::count(std::int64_t table_id) {
  Statement row =
      connection_.prepare("SELECT count(*) FROM row_image INDEXED BY row_image_by_table WHERE table_id = ?1");
  row.bind(1, table_id).step();
  return row.integer(0);
}

std::int64_t RowImages::insert(const RowImage& image) {
  const auto digest = bytes_of(image.digest);
  connection_
      .prepare("INSERT INTO row_image (table_id, layout_id, key, digest, image, locator) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(1, image.table_id)
      .bind(2, image.layout_id)
      .bind_blob(3, image.key)
      .bind_blob(4, {digest.data(), digest.size()})
      .bind(5, image.image)
      .bind(6, image.locator)
      .run();
  return connection_.last_row_id();
}

void RowImages::update(std::int64_t ordinal, std::int64_t layout_id, model::Digest digest, std::string_view image,
                       const std::optional<std::string>& locator) {
  const auto bytes = bytes_of(digest);
  connection_.prepare("UPDATE row_image SET layout_id = ?2, digest = ?3, image = ?4, locator = ?5 WHERE ordinal = ?1")
      .bind(1, ordinal)
      .bind(2, layout_id)
      .bind_blob(3, {bytes.data(), bytes.size()})
      .bind(4, image)
      .bind(5, locator)
      .run();
}

void RowImages::erase(std::int64_t ordinal) {
  connection_.prepare("DELETE FROM row_image WHERE ordinal = ?1").bind(1, ordinal).run();
}

}  // namespace engine::journal
