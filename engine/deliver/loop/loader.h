// Reads what may be decided next: runs on a thread for blocking work, with a short lease on the journal.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/journal/journal.h"

namespace engine::deliver {

struct LoadRequest {
  std::string connection;
  bool scan = true;
  std::int64_t after_id = 0;
  std::size_t limit = 256;
  std::vector<std::int64_t> ids;         ///< waited, and are due now: pending or uncertain
  std::vector<journal::Freed> freed;     ///< lanes and keys that became free
  std::set<std::int64_t> stops_on_dead;  ///< pipelines whose dead letters stop the lane
};

struct Loaded {
  std::vector<journal::Head> waited;  ///< of `ids`
  std::vector<journal::Head> heads;   ///< found behind a freed lane or by the scan
  std::int64_t scanned_to = 0;
  bool at_end = false;  ///< the scan saw all there is
  bool any_blocked = false;
};

Loaded load(journal::Records& records, const LoadRequest& request);

}  // namespace engine::deliver
