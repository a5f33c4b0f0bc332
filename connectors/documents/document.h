// A document as its tables: what is asked of each of them, and what holds them together.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model/source.h"

namespace connectors::documents {

/// One table of a document, as the source is asked for it.
struct Part {
  std::string name;                     ///< of the column that holds its rows; of the root: empty
  engine::model::TableRequest request;  ///< `key`: the columns that it is read by
  engine::model::TableShape shape;      ///< its own columns; the layout's key as the request's
  engine::model::Layout rows;           ///< its own columns; the layout's key is what tells its rows apart
  engine::model::Layout linked;         ///< the same; the key is what tells the row that one belongs to
  std::size_t of = 0;                   ///< the part that this row is of
  bool by_root = true;                  ///< its rows hold the key of the root, and are read by it; else they are read by their parents
  std::vector<std::size_t> children;    ///< parts whose rows belong to its rows, in the order of their columns
  struct Growing {
    std::size_t column;    ///< of its own
    std::size_t document;  ///< of the document, which holds the highest value of its rows
  };
  std::vector<Growing> growing;
};

/// The root first, each other behind the one it belongs to.
struct Document {
  std::vector<Part> parts;
  std::size_t columns = 0;  ///< of the document
};

/// Describes all tables, and what a document of them looks like: the root's columns, a column for each nested table, a column for each that grows.
/// Throws Error source_refused, naming table and column, for tables that do not fit together.
engine::model::TableShape describe_document(engine::model::Source& source, const engine::model::TableRequest& request);

/// The tables of a document that was described so.
Document document_of(const engine::model::TableRequest& request, const engine::model::TableShape& shape);

}  // namespace connectors::documents
