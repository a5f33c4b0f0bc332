// Did the target take what was sent? Compares what a record holds with what was written to it.
#pragma once

#include <string>
#include <vector>

#include "engine/model/fields.h"

namespace engine::deliver {

/// Names of the fields of `sent` that the record does not hold. Lenient where targets store in their own form: 5 and
/// "5", true and 1, nothing as null, "" or absent, a list in another order or as a list of one.
std::vector<std::string> refused_fields(const model::FieldMap& sent, const model::FieldMap& there);

/// What the record holds now, as far as we know it: `wanted`, with the refused ones as they are there.
model::FieldMap held_fields(const model::FieldMap& wanted, const std::vector<std::string>& refused,
                            const model::FieldMap& there);

}  // namespace engine::deliver
