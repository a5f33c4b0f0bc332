// A find whose list comes in pages: one is asked for after the other, until the record is found, or there are no more.
#pragma once

#include <functional>
#include <vector>

#include "connectors/http/plan.h"
#include "connectors/http/wire/exchange.h"
#include "engine/model/target.h"

namespace connectors::http {

/// One exchange with all that belongs to it: credentials, signature, a login before it. Its answer is judged, then told.
struct Dispatched {
  Exchange exchange;  ///< its `answered` is not used
  std::size_t records = 1;
  std::function<std::vector<engine::model::CallAnswer>(const RawAnswer&)> judge;
  engine::model::Target::Answered answered;
};
using Dispatch = std::function<void(Dispatched)>;

/// `first` is dispatched, and what follows from its answer; `first.answered` gets one answer for all pages. Where pages
/// remain that were not asked for, nothing is proven, and the answer says so. `object` outlives the exchanges.
void find_in_pages(Dispatched first, const ObjectPlan& object, Dispatch dispatch);

}  // namespace connectors::http
