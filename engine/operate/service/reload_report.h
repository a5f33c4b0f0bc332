// What a reload changed, in words an operator asks for: which pipelines came and went, and what a `remap` would send.
#pragma once

#include <boost/json/object.hpp>

#include "engine/base/clock.h"
#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// {"reloaded":true,"new":[…],"gone":[…],"remap":[{"pipeline":…,"update":12,…}]}: the last for pipelines whose mapping differs from the
/// one they last used, and would send something.
boost::json::object reload_report(const settings::Instance& before, const settings::Instance& after, journal::Journal& journal,
                                  const Clock& clock);

}  // namespace engine::operate
