// Where rows stand in their file, for tables whose log knows rows by that alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace engine::journal {

class Connection;

/// A place that was looked at.
struct RowPlace {
  std::optional<std::string> key;  ///< encoded, see model/key.h; none: no row stood there
};

class RowPlaces {
 public:
  explicit RowPlaces(Connection& connection) : connection_(connection) {}

  /// Nullopt: nobody looked there.
  std::optional<RowPlace> find(std::int64_t table_id, std::int64_t place);
  void set(std::int64_t table_id, std::int64_t place, const RowPlace& row);
  void clear(std::int64_t table_id);

 private:
  Connection& connection_;
};

}  // namespace engine::journal
