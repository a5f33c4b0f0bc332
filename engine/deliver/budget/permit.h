// The places in budgets that a request, or one record of a batch, holds until its answer came.
#pragma once

#include <vector>

namespace engine::deliver {

struct Budget;
using Permit = std::vector<Budget*>;

}  // namespace engine::deliver
