// The rows of a stream, read on the driver's thread while those before are worked on.
#pragma once

#include <memory>

#include "connectors/odbc/bound/driver_thread.h"
#include "engine/model/source.h"

namespace connectors::catalog {

/// What of a stream there is no reading beyond.
enum class Ends {
  with_its_statement,
  with_an_empty_chunk,  ///< of `open_chunks`
};

/// From the second batch on two are read ahead, so that a small table costs no more than its rows. Rows, ends and errors come in their order; after an error the
/// stream gives nothing but that error. Whoever lets the stream go does not wait; what is asked of the thread next waits for the call that is under way.
std::unique_ptr<engine::model::RowStream> rows_ahead(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<engine::model::RowStream> rows, Ends ends);

}  // namespace connectors::catalog
