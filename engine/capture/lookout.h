// What spares a cycle the reading of all rows: it finds where the table may have changed since the last one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::capture {

class Reading;

enum class Finding : std::uint8_t {
  nothing,     ///< proved: no row has to be read
  part,        ///< what `read_part` reads
  everything,  ///< it cannot tell
};

/// "none", "some", "all": the rows that were read.
constexpr std::string_view name_of(Finding finding) {
  return finding == Finding::nothing ? "none" : finding == Finding::part ? "some" : "all";
}

/// A capture mode, or what makes one cheaper. Used by one cycle after another; after one that failed, `look` comes again without `settle`.
class Lookout {
 public:
  virtual ~Lookout() = default;
  /// Asks the source how it stands, before any row of the cycle is read: what comes later is found by the next look. Throws Error source_*.
  virtual Finding look(Reading& reading) = 0;
  /// After `part`, unless all is read anyway: reads what may have changed and hands it to the reading's writer. Throws LogLost when all has to
  /// be read after all.
  virtual void read_part(Reading& reading) = 0;
  /// Reads all rows, by default in one pass. Rows that are not seen are looked for by the caller.
  virtual void read_all(Reading& reading);
  /// Rows were read beside the cycles: what is remembered of them may be of another state than their images.
  virtual void distrust() {}
  /// All that the cycle had to read is journaled: what `look` saw stands from here on. Returns the mark for the checkpoint, as JSON; empty:
  /// what it knows ends with the process.
  virtual std::string settle(Finding read) = 0;
};

}  // namespace engine::capture
