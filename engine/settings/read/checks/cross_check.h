// What only the whole configuration can tell: references between files, what a target offers, who writes what.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/instance.h"
#include "engine/settings/read/pipeline/pipeline_reader.h"

namespace engine::settings {

/// Where references stand, and what they may name without being there.
struct References {
  std::map<std::string, Origin> dialect_of;     ///< by connection
  std::map<std::string, Origin> connection_of;  ///< by table
  std::map<std::string, std::map<std::string, Origin>> redirected;  ///< fields, by connection
  std::map<std::string, Origin> table_renamed;                      ///< by table
  /// Names whose files could not be read: a reference to one of them is not a second problem.
  std::set<std::string> unreadable_connections;
  std::set<std::string> unreadable_tables;
};

void check_references(const Instance& instance, const std::vector<ReadPipeline>& pipelines,
                      const References& references, Diagnostics& diagnostics);

/// The object exists at the target, and can be deleted, archived, commented… as the pipeline says.
void check_target_offers(const Instance& instance, const ReadPipeline& pipeline, Diagnostics& diagnostics);

/// Every redirected field is written by a pipeline of the connection; a pipeline that writes none of them is a warning:
/// what it sends goes out as it is.
void check_redirects(const std::vector<ReadPipeline>& pipelines, const References& references,
                     Diagnostics& diagnostics);

/// `renamed_from` names what is there no more, once.
void check_renames(const Instance& instance, const std::vector<ReadPipeline>& pipelines, const References& references,
                   Diagnostics& diagnostics);

/// Whoever posts to us has an address to post to, and nobody else's secrets.
void check_webhooks(const Instance& instance, Diagnostics& diagnostics);

}  // namespace engine::settings
