// A source against the tables that name it: reach, rights, columns, keys, and what its driver is known for.
#pragma once

#include "engine/operate/check.h"

namespace engine::operate {

struct SourceFindings {
  settings::Diagnostics diagnostics;
  ConnectionCheck connection;
  std::vector<TableCheck> tables;
};

void append(const settings::Diagnostics& found, settings::Diagnostics& into);

/// Opens connections of its own, for a daemon that starts as many as its tables will be read over; used from one thread for each connection.
/// Problems of the source are findings, never exceptions. Throws stopped when the options let it not go on.
SourceFindings check_source(const settings::Instance& instance, const settings::SourceConnection& connection, const CheckOptions& options);

}  // namespace engine::operate
