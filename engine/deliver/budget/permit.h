// The places in budgets that a request, or one record of a batch, holds until its answer came.
#pragma once

#include <string>
#include <vector>

namespace engine::deliver {

struct Budget;

/// One of them. The budget outlives its places: it counts them as `held`.
struct Place {
  Budget* budget = nullptr;
  std::string value;  ///< of a budget that counts distinct values: the call's own
};
using Permit = std::vector<Place>;

}  // namespace engine::deliver
