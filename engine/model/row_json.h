// Row images as JSON text, the public form of the journal: {"codcli":"C001","fido":"1000.00","n":7,"note":null}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/row.h"

namespace engine::model {

/// Integers and finite reals are JSON numbers, binary is base64, the rows of a nested table an array of objects, everything else (decimals,
/// dates, nan) a string.
/// Text that is not UTF-8 has each bad byte replaced by U+FFFD.
void append_row_json(const Layout& layout, RowView row, std::string& into);
std::string row_json(const Layout& layout, RowView row);

/// Reads an image back in `layout`'s order: columns the image lacks are NULL, columns the layout lacks are ignored.
/// Appends one row to `into` (whose columns() is layout.columns.size()). Throws Error journal_failed on malformed text.
void append_row_from_json(const Layout& layout, std::string_view json, RowBatch& into);

/// Names of the columns in which two rows differ.
std::vector<std::string> changed_columns(const Layout& layout, RowView before, RowView after);

/// Appends `text` as a JSON string with quotes.
void append_json_string(std::string_view text, std::string& into);

}  // namespace engine::model
