// Mapping: one change in, what the target should hold out. SQL expressions over the row, evaluated in a private SQLite.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/model/row.h"
#include "engine/settings/diagnostics.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::map {

/// `where` is true (or absent): the record should be there with these fields.
struct Mapped {
  std::string match;                   ///< flat JSON, see model/fields.h
  std::string fields;                  ///< flat JSON
  std::optional<std::string> comment;  ///< when its `when` is true
  std::optional<std::size_t> broken_rule = std::nullopt;  ///< the first rule of the guard that is not met
};
/// `where` is not true, or the row is gone: the record should not be there.
struct Left {
  /// Of the last image; of the one before it where the last has none; "{}" where neither has: the stored match counts.
  std::string match;
};
/// The row cannot be mapped: dead letter.
struct Failed {
  std::string reason;  ///< names the field and the expression's place
};
using MapOutcome = std::variant<Mapped, Left, Failed>;

/// A change as the mapper takes it. `after` is none on a delete, `before` none on an insert.
struct ChangedRow {
  std::optional<model::RowView> after;
  std::optional<model::RowView> before;
  std::int64_t time_ms = 0;  ///< a mapping's "now": what change_time() gives
};

struct MapLimits {
  std::int64_t steps_max = 5'000'000;  ///< of SQLite's virtual machine, a row
  std::size_t value_bytes_max = 1'000'000;
};

/// One pipeline's mapping, compiled. Not for two threads at once. Never throws while mapping.
class Mapper {
 public:
  /// Compiles every expression against the layout. Problems (unknown column with the nearest name, forbidden function,
  /// arithmetic on a DECIMAL, aggregate…) go to `diagnostics` with file, line and column inside the expression; then
  /// the result is null.
  static std::unique_ptr<Mapper> compile(const settings::PipelineDefinition& pipeline, const model::Layout& layout,
                                         settings::Diagnostics& diagnostics, const MapLimits& limits = {});
  ~Mapper();

  MapOutcome map(const ChangedRow& change);
  /// Fingerprint of the mapping (expressions, set, values, layout): changes when results may.
  const std::string& fingerprint() const;

 private:
  struct Compiled;
  explicit Mapper(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace engine::map
