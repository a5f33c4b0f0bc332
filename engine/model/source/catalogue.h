// The seam to what a source tells about itself: its tables, their columns and indexes. For a person who writes the configuration, and
// for `check`; capture never asks it. Blocking, used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source.h"

namespace engine::model {

struct CatalogueTable {
  std::string from;  ///< as `from:` takes it: with its schema where it has one, quoted where its spelling asks for it
  bool is_view = false;
};

struct CatalogueIndex {
  std::string name;
  bool primary = false;
  bool unique = false;
  std::vector<std::string> columns;  ///< in the index's order
};

class Catalogue {
 public:
  virtual ~Catalogue() = default;

  /// Opens the connection when it is not open. "PostgreSQL 15.0.18 through psqlodbcw.so 13.02.0000". Throws source_*, as all here do.
  virtual std::string server() = 0;
  /// The driver's file name in lower case, such as "libcwbodbc.so": traps are told by it.
  virtual std::string driver() = 0;
  /// Tables and views of users, not of the system; at most `limit`.
  virtual std::vector<CatalogueTable> tables(std::size_t limit) = 0;
  /// Columns of a table or query, as a read would find them; `key` and `exclude` play no part.
  virtual Layout columns(const TableRequest& table) = 0;
  /// The primary key first. Empty where the driver does not tell.
  virtual std::vector<CatalogueIndex> indexes(const std::string& from) = 0;
  /// What the server's statistics say, where the driver passes that on.
  virtual std::optional<std::uint64_t> estimated_rows(const std::string& from) = 0;
};

}  // namespace engine::model
