// Relations to other records: each a call of its own after the record was written. What remains to be done is the
// difference between what is wanted and what was last sent, so it is known again after a kill.
#pragma once

#include <optional>
#include <string>

#include "engine/model/fields.h"
#include "engine/model/target.h"

namespace engine::deliver {

struct AssociationCall {
  model::CallKind kind = model::CallKind::associate;
  std::string name;  ///< as the target calls it
  std::string to;    ///< the other record's id
};

/// The next one to be made; none: all stand as wanted. A relation that points elsewhere by now is ended first where the
/// target can do that, else the new one takes its place.
std::optional<AssociationCall> next_association(const model::FieldMap& wanted, const model::FieldMap& sent,
                                                const model::ObjectTraits& traits);

/// What counts as sent once the call was answered well.
void note_association(const AssociationCall& done, model::FieldMap& sent);

/// What counts as sent after the record was written and its relations were not: theirs stay as they were.
model::FieldMap sent_before_associations(const model::FieldMap& fields, const model::FieldMap& sent_before);

}  // namespace engine::deliver
