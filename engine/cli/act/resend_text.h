// How the counts of a remap, replay or backfill are shown.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace engine::cli {

/// "customers_to_shop: 12 records looked at; 3 would be sent (2 updates, 1 delete), 9 equal …", then the first failures.
std::string resend_text(const boost::json::object& counts, bool dry_run);

}  // namespace engine::cli
