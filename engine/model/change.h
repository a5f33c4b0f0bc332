// One entry of the change log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::model {

enum class Operation : std::uint8_t { insert, update, delete_, snapshot };

std::string_view name_of(Operation operation);  ///< "insert" "update" "delete" "snapshot"
/// Throws Error journal_failed for a name that this program does not know.
Operation operation_of(std::string_view name);

/// What became of one row, as the journal keeps it. Images are written as `row_json` does, in the columns of that
/// layout.
struct Change {
  std::int64_t seq = 0;  ///< the only order; given by the journal
  std::int64_t table_id = 0;
  std::int64_t layout_id = 0;
  std::int64_t cycle_id = 0;
  std::string key;  ///< JSON array, see key.h
  Operation operation = Operation::update;
  std::optional<std::string> after;    ///< image JSON; none on delete
  std::optional<std::string> before;   ///< image JSON; none on insert and snapshot
  std::string changed_columns;         ///< JSON array of names; "[]" unless an update
  std::optional<std::string> source_transaction;
  std::optional<std::int64_t> source_time_ms;
  std::optional<std::string> source_user;
  std::int64_t captured_ms = 0;
};

}  // namespace engine::model
