// How fast a table is read, measured in a second or two through the very calls that a cycle makes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/operate/inspect/look.h"

namespace engine::operate {

/// Of some rows, from which the time for all follows.
struct ReadingTime {
  std::uint64_t rows = 0;  ///< that were read
  double rows_ms = 0;
  bool all_read = false;              ///< the table has no more
  std::optional<double> probe_ms;     ///< to prove that nothing was committed; nullopt: the database cannot, for this table
  std::optional<double> checksum_ms;  ///< of the rows that were read, computed by the server; nullopt: it computes none

  /// Of so many rows, by what was measured.
  double reading_ms(std::uint64_t of_rows) const;
  std::optional<double> checking_ms(std::uint64_t of_rows) const;
};

/// Throws source_*, but a statement that ran into its time-out only ends the measuring.
ReadingTime measure_reading(Look& look, const model::TableRequest& request);

}  // namespace engine::operate
