// What delivery must know of a target connection and of the pipelines that write there, from the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engine/deliver/dispatcher.h"
#include "engine/journal/pipelines.h"
#include "engine/settings/instance.h"

namespace engine::pipeline {

/// `rows`: pipelines of the instance by name; a parent that is not among them is unknown.
deliver::PipelineTarget pipeline_target(const settings::Instance& instance, const settings::PipelineDefinition& pipeline,
                                        const std::map<std::string, journal::PipelineRow>& rows);

/// The pipelines of one target connection by their ids in the journal. `rows`: all pipelines of the instance by name.
std::map<std::int64_t, deliver::PipelineTarget> pipelines_of(const settings::Instance& instance, const std::string& connection,
                                                             const std::map<std::string, journal::PipelineRow>& rows);

/// Who is asked for the conditions of all pipelines, over connections of its own; null: none has any. The instance outlives it.
std::unique_ptr<model::Inquiries> inquiries_of(const settings::Instance& instance, const Clock& clock);

deliver::DispatcherOptions dispatcher_options(const settings::TargetConnection& connection);

}  // namespace engine::pipeline
