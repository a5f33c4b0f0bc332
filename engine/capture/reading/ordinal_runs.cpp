#include "engine/capture/reading/ordinal_runs.h"

#include <algorithm>

namespace engine::capture {

void OrdinalRuns::pack() {
  std::ranges::sort(runs_, {}, &Run::begin);
  std::size_t last = 0;
  for (std::size_t at = 1; at < runs_.size(); ++at) {
    if (runs_[last].end == runs_[at].begin) {
      runs_[last].end = runs_[at].end;
    } else {
      runs_[++last] = runs_[at];
    }
  }
  if (!runs_.empty()) runs_.resize(last + 1);
  runs_.shrink_to_fit();
}

}  // namespace engine::capture
