// The requests a case expects against those that came.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/operate/cases/case_check.h"

namespace engine::operate {

/// Each expected request is met by one that came, in order for each record, with `in_order` across all; none may be left. `whole` is
/// where a request that nobody expects is told.
void check_requests(std::span<const settings::ExpectedRequest> expected, std::span<const SentRequest> came, bool in_order,
                    const settings::Origin& whole, std::vector<CaseProblem>& problems);

/// "PUT /customers/C001 {…}".
std::string request_text(const SentRequest& request);

}  // namespace engine::operate
