// `mode: diff`, cheap: reads nothing where the source proves that nothing changed, and only the ranges of keys whose checksum did.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/capture/diff/segments.h"
#include "engine/capture/lookout.h"

namespace engine::capture {

/// What it knows ends with the process: after a start all rows are read. Both proofs can be switched off for a table; a source that has none costs nothing.
/// Checksums that cost more time than they spare are left out for a while.
class DiffLookout final : public Lookout {
 public:
  DiffLookout(const settings::TableDefinition& table, const Clock& clock) : table_(table), clock_(clock) {}

  Finding look(Reading& reading) override;
  void read_part(Reading& reading) override;
  void read_all(Reading& reading) override;
  void distrust() override;
  std::string settle(Finding read) override;

 private:
  bool is_unchanged() const;
  bool is_worth_comparing() const;
  void weigh();

  settings::TableDefinition table_;
  const Clock& clock_;
  std::vector<std::string> probed_;   ///< what the probes say now
  std::vector<std::string> settled_;  ///< what they said before the rows were read that are in the journal; empty: nothing
  Segments segments_;
  std::optional<Finding> verdict_;  ///< of the checksums, in this cycle; none: they were not asked
  std::int64_t look_began_ms_ = 0;  ///< steady
  std::int64_t whole_took_ms_ = 0;  ///< the last reading of all rows
  int losses_ = 0;                  ///< comparisons in a row that spared nothing
  std::int64_t left_out_until_ms_ = 0;
};

}  // namespace engine::capture
