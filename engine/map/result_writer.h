// Writes computed values as the members of one flat JSON object, straight from SQLite's registers.
#pragma once

#include <cstddef>
#include <string>

#include "engine/map/plan.h"

struct sqlite3_value;

namespace engine::map {

/// begin, then take once for each expression of the slots in their order, then finish. The text is what
/// model::fields_json writes for the same fields.
class ResultWriter {
 public:
  ResultWriter(const std::vector<Slot>& slots, bool omit_nulls, std::size_t value_bytes_max)
      : slots_(slots), omit_nulls_(omit_nulls), value_bytes_max_(value_bytes_max) {}

  void begin();
  /// Empty, or why the row fails: names the field and its place.
  std::string take(sqlite3_value* value);
  std::string finish();
  /// Name of the first required field that was NULL or empty since begin; empty when none.
  const std::string& missing() const { return missing_; }

 private:
  void pass_constants();
  void separate();
  std::string take_enumerated(const Slot& slot, sqlite3_value* value);
  std::string append_value(const Slot& slot, sqlite3_value* value);
  std::string append_json(sqlite3_value* value, std::string_view text);

  const std::vector<Slot>& slots_;
  bool omit_nulls_;
  std::size_t value_bytes_max_;
  std::size_t slot_ = 0;
  std::size_t element_ = 0;
  std::size_t size_last_ = 0;  ///< of the previous object: what to reserve
  std::string json_;
  std::string missing_;
};

}  // namespace engine::map
