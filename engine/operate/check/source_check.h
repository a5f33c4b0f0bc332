// A source against the tables that name it: reach, rights, columns, keys, and what its driver is known for.
#pragma once

#include "engine/operate/check.h"

namespace engine::operate {

struct SourceFindings {
  settings::Diagnostics diagnostics;
  ConnectionCheck connection;
  std::vector<TableCheck> tables;
};

/// Opens a connection of its own; used from one thread for each connection. Problems of the source are findings, never exceptions.
SourceFindings check_source(const settings::Instance& instance, const settings::SourceConnection& connection, const CheckOptions& options);

}  // namespace engine::operate
