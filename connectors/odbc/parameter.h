// A value, bound to a marker so that the server takes it as one of its column's type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include <string_view>

#include "connectors/odbc/diagnostics.h"
#include "connectors/odbc/rows/read_plan.h"

namespace connectors::odbc {

/// Holds the bytes that the driver reads at the next execution: it must outlive that, and stay where it is.
class Parameter {
 public:
  /// `text` as `RowBatch::source_key` gives keys: text with its padding, binary as hex digits, all else in canonical form.
  /// False: the driver refused; its diagnostics are the statement's.
  bool bind(Handle statement, std::size_t number, const ColumnPlan& column, const std::string& text);
  bool bind_null(Handle statement, std::size_t number, const ColumnPlan& column);

 private:
  std::string bytes_;
  std::int64_t integer_ = 0;
  std::int64_t size_ = 0;
};

/// The values that one marker has in many records, bound at once. Holds their bytes as `Parameter` does.
class ParameterArray {
 public:
  /// Longer values travel alone: side by side each takes the room of the longest.
  static constexpr std::size_t text_max = 1'000;

  /// Texts as for `Parameter::bind`; null: a NULL. False: the driver refused.
  bool bind(Handle statement, std::size_t number, const ColumnPlan& column, std::span<const std::optional<std::string>* const> texts);

 private:
  std::vector<char> bytes_;
  std::vector<std::int64_t> integers_;
  std::vector<std::int64_t> sizes_;
};

}  // namespace connectors::odbc
