// Did the target take what was sent? Compares what a record holds with what was written to it.
#pragma once

#include <string>
#include <vector>

#include "engine/model/fields.h"

namespace engine::model {

/// Names of the fields of `sent` that the record does not hold. What a target keeps in its own form, its connector tells in the sent one
/// (CallAnswer::fields).
std::vector<std::string> refused_fields(const FieldMap& sent, const FieldMap& there);

/// What the record holds now, as far as we know it: `wanted`, with the refused ones as they are there.
FieldMap held_fields(const FieldMap& wanted, const std::vector<std::string>& refused, const FieldMap& there);

}  // namespace engine::model
