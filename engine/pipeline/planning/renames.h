// `renamed_from`: tables and pipelines keep what the journal knows of them when their names change.
#pragma once

#include "engine/journal/journal.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// To be called in the transaction that registers tables and pipelines, before it. Throws config_invalid when the journal
/// knows both an old and its new name; then nothing is renamed.
void apply_renames(const settings::Instance& instance, journal::Records& records);

}  // namespace engine::pipeline
