// What a database's refusal means for the record that it met.
#pragma once

#include "engine/base/error.h"
#include "engine/model/outcome.h"
#include "engine/model/target.h"
#include "engine/settings/dialect_definition.h"

namespace connectors::odbc {

enum class WriteStage { connecting, writing, committing };

/// A lost connection takes its transaction with it, unless it was lost while committing: then the rows may be there, which
/// only a call that may be repeated does not mind.
engine::model::DeliveryOutcome outcome_of(const engine::Error& error, WriteStage stage, engine::model::CallKind kind,
                                          const engine::settings::DialectDefinition& dialect);

/// Class 23: a key, a NOT NULL, a CHECK, a foreign key.
bool is_constraint(const engine::Error& error);

}  // namespace connectors::odbc
