// Tables without a key: their rows are told apart by all they hold.
#pragma once

#include <memory>

#include "engine/model/source.h"

namespace connectors::catalog {

/// Reads tables whose key is `model::row_identity()` as a whole, and gives each row its digest and its number among equal ones. The source knows
/// nothing of it; other tables go by untouched. Which of equal rows is which cannot be told and does not matter. Memory: 16 to 32 bytes a row.
std::unique_ptr<engine::model::Source> with_keyless_rows(std::unique_ptr<engine::model::Source> source);

}  // namespace connectors::catalog
