#include "engine/capture/reading/keyed_batch.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text/characters.h"
#include "engine/model/row_json.h"

namespace engine::capture {

namespace {

constexpr std::size_t shown_row_max = 500;

std::uint64_t prefix_of(std::string_view key) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < sizeof prefix; ++i) {
    prefix = prefix << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0U);
  }
  return prefix;
}

}  // namespace

void KeyedBatch::fill(const model::Layout& layout, const model::RowBatch& rows) {
  keys_.clear();
  starts_.assign(1, 0);
  digests_.clear();
  ascending_ = true;
  for (std::size_t index = 0; index < rows.rows(); ++index) {
    const model::RowView row = rows.row(index);
    encode(layout, row);
    starts_.push_back(static_cast<std::uint32_t>(keys_.size()));
    digests_.push_back(model::digest_of(row));
    if (index != 0 && key(index) < key(index - 1)) ascending_ = false;
  }
  if (!ascending_) sort();
}

void KeyedBatch::encode(const model::Layout& layout, model::RowView row) {
  try {
    model::encode_key(layout, row, keys_);
  } catch (Error& error) {
    error.with("row", std::string(cut(model::row_json(layout, row), shown_row_max)));
    throw;
  }
}

void KeyedBatch::sort() {
  order_.clear();
  for (std::uint32_t index = 0; index < size(); ++index) order_.push_back({prefix_of(key(index)), index});
  std::ranges::sort(order_, [this](const Place& one, const Place& other) {
    return one.prefix != other.prefix ? one.prefix < other.prefix : key(one.index) < key(other.index);
  });
}

}  // namespace engine::capture
