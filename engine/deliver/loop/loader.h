// Reads what may be decided next: runs on a thread for blocking work, with a short lease on the journal.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/deliver/decision.h"
#include "engine/journal/journal.h"
#include "engine/model/target.h"

namespace engine::deliver {

/// A page of what is pending, in order of id.
struct ScanRequest {
  std::size_t queue = 0;  ///< whom the result is for
  journal::PipelineChoice pipelines;
  std::int64_t after_id = 0;
  std::size_t limit = 256;
};

/// All that one lease on the journal is used for.
struct LoadRequest {
  std::string connection;
  std::vector<ScanRequest> scans;
  std::vector<std::int64_t> ids;         ///< waited, and are due now: pending or uncertain
  std::vector<journal::Freed> freed;     ///< lanes and keys that became free
  std::set<std::int64_t> stops_on_dead;  ///< pipelines whose dead letters stop the lane
  /// All of the connection. Outlives the loading.
  const std::map<std::int64_t, PipelineTarget>* pipelines = nullptr;
  bool related = false;     ///< some of them depend on others; else nothing is resolved
  std::int64_t now_ms = 0;  ///< wall
};

/// What was found, as the journal had it when the lease was taken. A thousand heads take a megabyte or more: whoever loads again and again keeps one.
struct Loaded {
  std::vector<journal::Head> waited;  ///< of `ids`
  std::vector<journal::Head> heads;   ///< found behind a freed lane or by the scan
  struct Scanned {
    std::size_t queue = 0;
    std::int64_t to = 0;
    bool at_end = false;  ///< it saw all there is
  };
  std::vector<Scanned> scanned;
  std::set<std::int64_t> bundles;  ///< that wait and may begin: nothing of them is among the heads
  bool any_blocked = false;

  /// The room stays.
  void clear();
};

/// Decides nothing: a head that was read may have changed when it comes back, and is looked at again. `loaded` is empty before. Throws what the
/// journal throws.
void load(journal::Records& records, const model::Target& target, const LoadRequest& request, Loaded& loaded);

}  // namespace engine::deliver
