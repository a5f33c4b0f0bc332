// `mode: tail`: the source's change log says which keys changed; their rows are read again.
#pragma once

#include <memory>
#include <vector>

#include "engine/capture/lookout.h"
#include "engine/capture/reading/reading.h"
#include "engine/model/source/change_log.h"

namespace engine::capture {

/// An entry is only a hint which row to read: what is there now is compared with its image, so that an entry read twice changes
/// nothing. Entries are deleted after their rows are journaled, exactly those that were read: one that becomes visible later, with
/// whatever number, waits for the next look. While the first snapshot is read the log only grows; its entries come after it.
class TailLookout final : public Lookout {
 public:
  Finding look(Reading& reading) override;
  void read_part(Reading& reading) override;
  void read_all(Reading& reading) override;
  std::string settle(Finding read) override;

 private:
  void check_the_log(const CycleScope& scope);
  Finding look_at_log(Reading& reading);
  Finding after_loss(const CycleScope& scope, const Error& lost) const;
  Finding after_giving_up(Reading& reading, std::int64_t entries);
  void read_page(Reading& reading, const std::vector<model::LoggedChange>& page);
  void report_healed();

  std::unique_ptr<model::ChangeLog> log_;  ///< of the cycle under way; none where the source has no log
  const Reading* reading_ = nullptr;       ///< the cycle under way
  std::string mark_;                       ///< from where the log goes on; of this process, else of the checkpoint
  std::int64_t marked_ms_ = 0;             ///< when the checkpoint last got one
  bool lost_ = false;                      ///< the log did not reach back when it was read: the next look reads all rows
  bool trusted_ = false;                   ///< the last look relied on the log
  std::int64_t checked_ms_ = 0;            ///< when its triggers were last seen to be there; 0: never
};

}  // namespace engine::capture
