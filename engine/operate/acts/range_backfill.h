// A range of keys that is read again, as `backfill` and `status` show it.
#pragma once

#include <boost/json/object.hpp>

#include "engine/journal/capture/range_backfills.h"

namespace engine::operate {

boost::json::object json_of(const journal::RangeBackfill& backfill);

}  // namespace engine::operate
