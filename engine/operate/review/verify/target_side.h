// The target's records beside what the journal wants there.
#pragma once

#include "engine/journal/journal.h"
#include "engine/operate/review/verify/verify.h"
#include "engine/operate/review/verify/wanted.h"
#include "engine/settings/instance.h"

namespace engine::operate {

/// One pipeline of an instance whose secrets are known.
struct TargetSide {
  journal::Records& records;
  const settings::PipelineDefinition& pipeline;
  const settings::TargetConnection& connection;
  std::int64_t table_id;
  WantedRecords& wanted;
  const VerifyOptions& options;
};

/// A database is read as a table is: what no row wants is seen, too. Throws source_* when it can't be read.
VerifiedSide compare_listed(const TargetSide& side);
/// Other targets are asked record by record, as far as their definition has a look-up or reads back. Throws target_unreachable when the
/// target answers nothing.
VerifiedSide compare_asked(const TargetSide& side);

}  // namespace engine::operate
