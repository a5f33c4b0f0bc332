// What the change logs of a document's tables say, as one log of documents.
#pragma once

#include <memory>

#include "connectors/documents/document.h"
#include "engine/model/source/change_log.h"

namespace connectors::documents {

/// Null pointer: the source has no logs. The triggers of every table log the root's key. Throws source_refused for a table that does not hold it.
std::unique_ptr<engine::model::ChangeLog> open_document_log(engine::model::Source& source, const engine::model::TableRequest& request,
                                                            const Document& document, const engine::model::LogName& name);

}  // namespace connectors::documents
