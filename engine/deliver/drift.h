// Drift: did somebody change at the target what we had sent? Asked, field by field, before a record is overwritten. Pure.
#pragma once

#include <map>
#include <string>

#include "engine/journal/delivery/drift.h"
#include "engine/model/fields.h"
#include "engine/model/target.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::deliver {

using DriftRules = std::map<std::string, settings::OnDrift>;

/// Fields that a call would overwrite and that have a rule.
struct Overwritten {
  model::FieldMap sent;    ///< as they were last; null: never
  model::FieldMap wanted;  ///< as they shall be
  bool empty() const { return sent.empty(); }
};

/// `written`: what the call carries. With `is_let_go` a person has said that what he was asked about is overwritten.
Overwritten overwritten(const model::FieldMap& written, const model::FieldMap& last_sent, const DriftRules& rules, bool is_let_go);

/// Those that are neither as they were sent nor as they are wanted, by what the record holds (see CallAnswer::fields).
journal::Drift drifted(const Overwritten& fields, const model::FieldMap& last_sent, const model::FieldMap& there, const DriftRules& rules);

}  // namespace engine::deliver
