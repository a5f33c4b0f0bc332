// The columns of a table as they are read: names, canonical types, traits that change how a value is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::model {

/// The canonical types. Each value travels as bytes (the canonical form, version `canonical_form_version`):
///   integer    decimal digits, '-' in front, no leading zeros: fits std::int64_t
///   real       shortest text that reads back as the same double ("0.1", "1e+300", "nan", "inf", "-inf")
///   decimal    exact digits, '-' in front, no leading zeros but one before the point; scale as the source gives it
///   text       UTF-8
///   binary     the bytes
///   date       YYYY-MM-DD
///   time       HH:MM:SS[.f…], fraction without trailing zeros
///   timestamp  YYYY-MM-DD HH:MM:SS[.f…], fraction without trailing zeros
/// NULL is apart from every value. Booleans are integers 0 and 1; integers beyond 64 bits are decimals.
enum class ColumnType : std::uint8_t { integer, real, decimal, text, binary, date, time, timestamp };

inline constexpr int canonical_form_version = 1;

std::string_view name_of(ColumnType type);
std::optional<ColumnType> column_type_of(std::string_view name);

/// One column as it is described; `size` and `scale` tell the source's, whatever a value has.
struct Column {
  std::string name;  ///< as the source spells it
  ColumnType type = ColumnType::text;
  std::uint64_t size = 0;   ///< characters, digits or bytes as described; 0: unknown or unbounded
  int scale = 0;            ///< digits behind the point, where the source tells
  bool nullable = true;
  std::string source_type;  ///< the source's own type name, for people
  /// Of a table nested in a document; else empty. Its value is a JSON array of rows with these columns, in the order of their key.
  std::vector<Column> columns;
  std::vector<std::size_t> key;  ///< positions in `columns`

  bool is_table() const { return !columns.empty(); }
  bool operator==(const Column&) const = default;
};

/// The columns of one table, in the order they are read, and which of them make the key.
struct Layout {
  std::vector<Column> columns;
  std::vector<std::size_t> key;  ///< positions in `columns`, in key order

  /// Position of a column by name: exact first, then without regard to ASCII case. npos-like: nullopt.
  std::optional<std::size_t> find(std::string_view name) const;
  bool operator==(const Layout&) const = default;
};

/// The rows of a nested table. The column must be one.
Layout rows_of(const Column& table);

/// {"columns":[{"name":…,"type":…,"size":…,"scale":…,"nullable":…,"source_type":…}],"key":[0]}; a nested table's column has
/// `columns` and `key` as well.
std::string layout_json(const Layout& layout);
/// Throws Error journal_failed for what `layout_json` did not write.
Layout layout_from_json(std::string_view json);

}  // namespace engine::model
