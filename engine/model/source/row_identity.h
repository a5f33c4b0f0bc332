// What tells the rows of a table apart that has no key: all they hold, and a number among rows that are equal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/row.h"

namespace engine::model {

/// Two columns that such a table gets behind its own; they are its key. The digest is written in hexadecimal digits.
inline constexpr std::string_view row_digest_column = "row_digest";
inline constexpr std::string_view row_number_column = "row_number";

/// The key of a table without one.
std::vector<std::string> row_identity();
bool is_row_identity(const std::vector<std::string>& key);
bool is_row_identity(const Layout& layout);

/// The digests of rows, whatever the order of their columns is: that may change, and changes no row.
class RowDigests {
 public:
  explicit RowDigests(const Layout& layout);
  std::string of(RowView row);

 private:
  std::vector<std::size_t> by_name_;
  RowBatch sorted_;
};

}  // namespace engine::model
