// A mapped value as a column of the target's table takes it: exactly, or not at all. Pure.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "engine/model/fields.h"
#include "engine/model/layout.h"

namespace connectors::odbc {

/// This one record will never be taken as it is; the text says why. Caught where a record's outcome is made.
class Unwritable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What `Parameter` binds; nullopt is NULL. Numbers keep their digits, binary is taken from base64, lists become JSON text.
/// Throws Unwritable for text that is no number or base64 where the column is, and for what is no date where the driver takes no text.
std::optional<std::string> column_value(const engine::model::FieldValue& value, const engine::model::Column& column, bool as_text);

}  // namespace connectors::odbc
