// Random layouts and rows in canonical form, for properties.
#pragma once

#include <rapidcheck.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/model/row.h"

namespace test {

using Cells = std::vector<std::optional<std::string>>;

inline constexpr engine::model::ColumnType all_types[] = {
    engine::model::ColumnType::integer, engine::model::ColumnType::real, engine::model::ColumnType::decimal,
    engine::model::ColumnType::text,    engine::model::ColumnType::binary, engine::model::ColumnType::date,
    engine::model::ColumnType::time,    engine::model::ColumnType::timestamp};

/// One column of each of `types`, the first `key_parts` of which are the key.
engine::model::Layout layout_of(const std::vector<engine::model::ColumnType>& types, std::size_t key_parts);

/// A canonical cell: text holds quotes, controls, embedded zeros and sequences of every length.
rc::Gen<std::string> cell_of(engine::model::ColumnType type);

/// A row of `layout`; key columns are never NULL.
Cells random_cells(const engine::model::Layout& layout);

void append(const Cells& cells, engine::model::RowBatch& into);
Cells cells_of(engine::model::RowView row);

}  // namespace test
