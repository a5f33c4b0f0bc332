// Which ranges of a table's keys have other rows than when they were last read, by checksums that the server computes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/lookout.h"
#include "engine/capture/reading/ordinal_runs.h"
#include "engine/capture/reading/pass.h"

namespace engine::capture {

/// A range of keys; each begins behind the one before it, in the server's order.
struct Segment {
  std::optional<model::SourceKey> up_to;  ///< none: the last one, open for what is added
  std::optional<std::string> checksum;    ///< of exactly the rows that are journaled; none: not known
  /// Images of its rows: those that are not read again are gone. Shared with what of them is journaled later than it was read.
  std::shared_ptr<OrdinalRuns> members = std::make_shared<OrdinalRuns>();
};

/// A segment's rows and its checksum are read in one view of the database, so that equal checksums mean equal images, also where a value changed and
/// changed back. A reading that fails leaves no segment behind, since half of it would stand for all.
class Segments {
 public:
  /// Asks for the checksum of each segment as it is now. False: there are no segments, or no checksums.
  bool compare(Reading& reading);
  /// After `compare`. Where more than half of the rows are in doubt, reading all in large chunks is the quicker way.
  Finding verdict() const;
  /// Reads those segments, and journals what changed in them; deletes of all of them come last.
  void read_changed(Reading& reading);
  /// Reads all rows: segment by segment, or in a pass that cuts the segments where the source has checksums. Rows that are gone are left to the
  /// caller where there were no segments.
  void read_all(Reading& reading);
  void forget();

 private:
  bool changed(std::size_t index) const { return !segments_[index].checksum || segments_[index].checksum != checksums_[index]; }
  bool are_too_fine(std::size_t chunk_rows) const;
  void cut(Reading& reading);

  std::vector<Segment> segments_;
  std::vector<std::string> checksums_;  ///< as last asked for, one a segment; empty: not asked
};

}  // namespace engine::capture
