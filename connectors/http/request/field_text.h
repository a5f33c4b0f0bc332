// Field values as text and as JSON.
#pragma once

#include <string>

#include "engine/model/fields.h"

namespace connectors::http {

/// Digits, `true`, the text itself; empty for null. Lists are joined by commas.
std::string text_of(const engine::model::FieldValue& value);
/// A JSON value; NaN and infinities, which JSON lacks, become null.
void append_json(const engine::model::FieldValue& value, std::string& into);

}  // namespace connectors::http
