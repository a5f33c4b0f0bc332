// What is asked of a source: a table, a query, or a document of several tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace engine::model {

/// A table whose rows belong to rows of another one: the lines of an order. It stands among that one's columns, under its name.
struct NestedTable {
  std::string name;
  std::string of;  ///< the nested table whose rows its rows belong to; empty: the root
  std::string from;
  std::string query;  ///< in the place of `from`
  std::vector<std::string> key;
  std::vector<std::string> exclude;
  std::vector<std::string> parent;   ///< its columns that hold the key of the row it belongs to, in the order of that key
  std::vector<std::string> growing;  ///< columns whose highest value stands in the document, as "lines.ts_mod"
};

/// Either `from` (a table, possibly schema-qualified) or `query` (a SELECT, used as a derived table). With nested tables they are the
/// root of a document.
struct TableRequest {
  std::string from;
  std::string query;
  std::vector<std::string> key;
  std::vector<std::string> exclude;
  /// Columns that the source does not have, with the value that every row gets; they lead the key (`for_each`).
  std::vector<std::pair<std::string, std::string>> constants;
  std::vector<NestedTable> nested;  ///< each behind the one it belongs to
};

/// The columns of a nested table that hold the key of the document's root, in its order. Empty: it does not hold all of it.
std::vector<std::string> root_columns(const TableRequest& document, const NestedTable& table);
/// A nested table alone, read by the columns that hold the root's key, or else its parent's.
TableRequest request_of(const TableRequest& document, const NestedTable& table);
/// What a column of a nested table is called that stands in the document for all its rows: "lines.ts_mod".
std::string growing_name(const NestedTable& table, const std::string& column);
/// "quotes.lines": a nested table among a source's tables.
std::string part_name(const std::string& document, const NestedTable& table);

}  // namespace engine::model
