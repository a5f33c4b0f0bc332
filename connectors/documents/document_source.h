// Documents behind the seam of a source: whoever reads a table reads a document as one row of it.
#pragma once

#include <memory>

#include "engine/model/source.h"

namespace connectors::documents {

/// Requests without nested tables go through as they are.
std::unique_ptr<engine::model::Source> with_documents(std::unique_ptr<engine::model::Source> source);

}  // namespace connectors::documents
