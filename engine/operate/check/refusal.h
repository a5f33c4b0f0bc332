// What a refusing source means to the one who wrote the table's YAML.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/table_definition.h"

namespace engine::operate {

struct Refusal {
  std::string code;  ///< "table.permission", "table.unknown", "table.unknown_column", or the error's own
  std::string suggestion;
};

/// `tables` lists what there is, and is called only when the table is not there.
Refusal refusal_of(const Error& error, const settings::TableDefinition& table, const settings::SourceConnection& connection,
                   const std::function<std::vector<std::string>()>& tables);

}  // namespace engine::operate
