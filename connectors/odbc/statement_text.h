// The SQL that reads a table. Pure: names come from the configuration and the description, values are always bound.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// A parameter marker stands for one part of one of the keys that are bound.
struct KeyMarker {
  std::size_t key = 0;
  std::size_t part = 0;
};

struct KeyedSql {
  std::string text;
  std::vector<KeyMarker> markers;
  std::vector<std::size_t> columns;  ///< those whose types the parts have; empty: the key's
};

/// Which ends a range of keys has. They are bound as keys in this order: the first without a row in it, then the last of it.
struct RangeEnds {
  bool after = false;
  bool up_to = false;
};

/// Every column is named through the alias `dp`: a bare name in ORDER BY would mean the selected expression, such as a
/// date's text, and not the column that has the index.
class StatementText {
 public:
  StatementText(const engine::model::TableRequest& table, const engine::settings::DialectDefinition& dialect);

  /// All columns and no row.
  std::string described() const;
  /// What follows needs the layout.
  KeyedSql range(const engine::model::Layout& layout, RangeEnds ends, std::size_t limit) const;
  /// One row for each range: its number here and the dialect's checksum. The ends are bound as keys, range by range.
  KeyedSql checksums(const engine::model::Layout& layout, std::span<const RangeEnds> ranges) const;
  KeyedSql whole(const engine::model::Layout& layout) const;
  KeyedSql with_keys(const engine::model::Layout& layout, std::size_t keys) const;
  /// One row when a part of a key is NULL: such rows compare with nothing, so chunks would leave them out without a word.
  KeyedSql null_key(const engine::model::Layout& layout) const;

 protected:
  std::string column(const engine::model::Column& column) const;
  std::string selected(const engine::model::Layout& layout) const;
  std::string ordered(const engine::model::Layout& layout) const;
  /// The condition of a range whose ends are the keys from number `key` on; empty without an end.
  std::string within(const engine::model::Layout& layout, RangeEnds ends, std::size_t key, KeyedSql& sql) const;
  std::string beyond(const engine::model::Layout& layout, std::size_t key, std::string_view above, std::string_view last, KeyedSql& sql) const;
  std::string limited(std::string sql, std::size_t limit) const;

  std::string alias_ = "dp.";
  std::string from_;
  const engine::settings::DialectDefinition& dialect_;
};

/// The name as the dialect quotes it.
std::string quoted_name(const std::string& name, const engine::settings::DialectDefinition& dialect);

/// Every `from` in the text becomes `to`.
std::string replaced(std::string text, std::string_view from, std::string_view to);

/// What a dialect says of the column's source type, or else of its canonical type; null pointer: nothing.
const std::string* by_type(const std::map<std::string, std::string>& texts, const engine::model::Column& column);

/// The dialect's expression for such a column, or null pointer: its bare name serves.
const std::string* select_expression(const engine::model::Column& column, const engine::settings::DialectDefinition& dialect);

/// "VARCHAR(20)" → "varchar"; the key of a dialect's `types` and `select`.
std::string plain_type_name(std::string_view source_type);

}  // namespace connectors::odbc
