// What a slot says through the plugin wal2json, taken apart. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/odbc/feed/slot_text.h"

namespace connectors::odbc::slot {

struct JsonLine {
  char action = '?';  ///< B and C: a transaction begins, is committed; I, U, D: a row; T: a table was emptied
  std::string schema, table;
  RowChange change;
};

/// One row of its format 2; nullopt: not understood. Values are texts as they stand there.
std::optional<JsonLine> json_line(std::string_view text);

/// How its option add-tables wants a table named.
std::string listed_table(std::string_view schema, std::string_view table);

}  // namespace connectors::odbc::slot
