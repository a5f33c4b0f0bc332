#include "engine/model/source/row_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace engine::model {

std::vector<std::string> row_identity() { return {std::string(row_digest_column), std::string(row_number_column)}; }

bool is_row_identity(const std::vector<std::string>& key) { return key == row_identity(); }

bool is_row_identity(const Layout& layout) {
  return layout.key.size() == 2 && layout.columns[layout.key[0]].name == row_digest_column && layout.columns[layout.key[1]].name == row_number_column;
}

RowDigests::RowDigests(const Layout& layout) : by_name_(layout.columns.size()) {
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::ranges::sort(by_name_, {}, [&layout](std::size_t column) -> const std::string& { return layout.columns[column].name; });
}

std::string RowDigests::of(RowView row) {
  sorted_.begin(by_name_.size());
  for (const std::size_t column : by_name_) row.is_null(column) ? sorted_.append_null() : sorted_.append(row.text(column));
  sorted_.end_row();
  const Digest digest = digest_of(sorted_.row(0));
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

}  // namespace engine::model
