#include "engine/capture/reading/merge.h"

#include "engine/base/error.h"

namespace engine::capture {

namespace {
constexpr std::size_t doubted_max = 1'000;
}

void Merge::add(const model::RowBatch& rows) {
  keys_.fill(table_.layout, rows);
  if (!lease_) {
    lease_.emplace(journal_.read());
    cursor_.reset(new journal::ImageCursor((*lease_)->images.cursor(table_.row.id)));
  }
  last_row_differed_ = false;
  for (std::size_t position = 0; position < keys_.size(); ++position) {
    const std::size_t index = keys_.in_order(position);
    // By far the most rows end here: known, seen for the first time, unchanged.
    if (cursor_->move_to(keys_.key(index)) && is_equal(index) && seen_.mark(cursor_->ordinal())) continue;
    compare(rows, index);
  }
  // The next rows may be long in coming; no read transaction of the journal waits for them.
  cursor_->rest();
}

/// A digest knows no names: it is believed when all images are of the layout in which rows are read now.
bool Merge::is_equal(std::size_t index) const { return !table_.row.renewing && cursor_->digest() == keys_.digest(index); }

void Merge::compare(const model::RowBatch& rows, std::size_t index) {
  const std::string_view key = keys_.key(index);
  const bool known = !cursor_->at_end() && cursor_->key() == key;
  // A row that was equal had its turn in the caller: it comes here only when it was marked before.
  const bool again = known ? is_equal(index) || !seen_.mark(cursor_->ordinal()) : writer_.holds(key);
  if (again) return doubt_again(rows, index);
  if (index + 1 == rows.rows()) last_row_differed_ = true;
  const SeenRow seen{rows.row(index), key, keys_.digest(index), rows.source_key(index)};
  if (!known) return writer_.insert(seen);
  const auto before = (*lease_)->images.at(cursor_->ordinal());
  ENGINE_ASSERT(before.has_value());
  if (before->digest == seen.digest && before->layout_id == table_.layout_id) return;
  writer_.update(*before, seen);
}

void Merge::doubt_again(const model::RowBatch& rows, std::size_t index) {
  const model::SourceKey key = rows.source_key(index);
  if (++doubted_ > doubted_max) {
    throw Error(ErrorCode::source_bad_data,
                "the source gives the same keys again and again, such as " + model::source_key_json(key) +
                    ": the key is not unique, or its order and its comparison do not agree",
                {{"key", model::source_key_json(key)}},
                "check that `key:` names a unique key, and the collation of its columns");
  }
  doubt(keys_.key(index), key);
}

void Merge::release() {
  cursor_.reset();
  lease_.reset();
}

}  // namespace engine::capture
