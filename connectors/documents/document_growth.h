// The documents of which any row has grown.
#pragma once

#include <memory>

#include "connectors/documents/document_reader.h"
#include "engine/model/source/growth.h"

namespace connectors::documents {

/// Whose column a growing column of a document is.
struct GrowingPart {
  std::size_t part = 0;
  std::size_t column = 0;  ///< of its own
};
GrowingPart growing_part(const Document& document, std::size_t column);

/// All of them at once, whatever `range` is behind of: a document has no place in the order of its lines. So who reads on from the last one
/// finds nothing more. Rows come from the source in pages of `limit`, and each document once.
std::unique_ptr<engine::model::RowStream> stream_of_growth(std::shared_ptr<DocumentReader> reader, const engine::model::GrowthRange& range,
                                                           std::size_t limit);

}  // namespace connectors::documents
