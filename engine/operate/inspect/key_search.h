// Which columns make the key of a table: as declared, else as its indexes say, else as a sample lets guess. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/operate/inspect.h"

namespace engine::operate {

/// Rows of a sample, cells in the order of the layout; nullopt is NULL.
using SampleRow = std::vector<std::optional<std::string>>;

KeyProposal propose_key(const model::Layout& layout, std::span<const model::CatalogueIndex> indexes, std::span<const SampleRow> sample);

/// An index starts with these columns in their order.
bool leads_with(const model::CatalogueIndex& index, std::span<const std::string> columns);

}  // namespace engine::operate
