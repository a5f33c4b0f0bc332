// The SQL that writes a table. Pure: names come from the table's description, values are always bound.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model/layout.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

/// A parameter marker stands for a column's value: the one the row is found by, or the one it shall get.
struct WriteMarker {
  std::size_t column = 0;
  bool of_match = false;
};

struct WriteSql {
  std::string text;
  std::vector<WriteMarker> markers;
};

class WriteText {
 public:
  using Columns = std::vector<std::size_t>;  ///< positions in the layout

  WriteText(std::string table, const engine::model::Layout& layout, const engine::settings::DialectDefinition& dialect)
      : table_(std::move(table)), layout_(layout), dialect_(dialect) {}

  /// Columns of the match get the match's values.
  WriteSql insert(const Columns& match, const Columns& set) const;
  WriteSql update(const Columns& match, const Columns& set) const;
  /// The dialect's one statement. `set` is not empty and holds no column of the match.
  WriteSql upsert(const Columns& match, const Columns& set) const;
  WriteSql remove(const Columns& match) const;
  /// A row when there is one.
  WriteSql exists(const Columns& match) const;

 private:
  std::string name(std::size_t column) const;
  std::string marker(std::size_t column) const;
  std::string condition(const Columns& match, std::vector<WriteMarker>& markers) const;

  std::string table_;
  const engine::model::Layout& layout_;
  const engine::settings::DialectDefinition& dialect_;
};

}  // namespace connectors::odbc
