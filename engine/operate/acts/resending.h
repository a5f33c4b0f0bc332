// Sending again in pages, each one journal transaction: what `remap`, `replay`, `backfill` and `reload` share.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/operate/acts/acts.h"
#include "engine/pipeline/planning/resend.h"

namespace engine::operate {

/// How far a long act is after a page.
struct PageDone {
  bool more = false;
  std::int64_t done = 0;
  std::int64_t total = 0;
};
/// One page: works on what `records` show.
using Page = std::function<PageDone(journal::Records& records)>;

/// Runs page after page, in a transaction each, or only reading for a dry run. Progress is told between them: whoever reads it slowly must
/// not hold up the journal's writer. What it throws ends the act, `stopped` when whoever asked is gone; the pages before stay.
void in_pages(const ActContext& context, bool dry_run, const Page& page);

/// Maps every image of the pipeline's table anew and plans what differs from what was last sent.
pipeline::ResendCounts remap_pipeline(const ActContext& context, const std::string& name, const pipeline::ResendOptions& options);

/// Plans the newest state of these images, equal or not.
pipeline::ResendCounts resend_images(const ActContext& context, const std::string& name, const std::vector<std::int64_t>& ordinals,
                                     bool dry_run);

boost::json::object json_of(const std::string& pipeline, const pipeline::ResendCounts& counts);

}  // namespace engine::operate
