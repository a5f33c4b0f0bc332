// The journal's images beside the rows of the source.
#pragma once

#include "engine/journal/journal.h"
#include "engine/operate/review/verify/verify.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// Reads the whole table. What differs is looked at again until the daemon has had time to read it, too. Throws source_*.
VerifiedSide compare_source(journal::Records& records, const settings::Instance& instance, const settings::TableDefinition& table,
                            const VerifyOptions& options);

}  // namespace engine::operate
