// What delivery would decide for a row if it were its turn now, and the request it would send. Sends and writes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/deliver/decision.h"
#include "engine/journal/journal.h"
#include "engine/map/mapper.h"
#include "engine/model/target.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::pipeline {

struct Forecast {
  enum class What : std::uint8_t { create, update, delete_, skip, left, failed };
  What what = What::skip;
  std::string reason;                  ///< of skip and failed; of create: that a look-up comes first
  std::optional<model::CallKind> call;  ///< what would be called
  model::FieldMap fields;              ///< all that is wanted of the record, where something is called
  model::FieldMap before;              ///< the fields that differ, as they were last sent; a new one is absent. Not told of the past
  model::FieldMap after;               ///< the same, as they would be sent
  std::optional<model::PreparedCall> request;
};

std::string_view name_of(Forecast::What what);

/// For one pipeline; used by one thread. All references outlive it.
class Forecaster {
 public:
  /// Without `records` there is no journal yet: nothing was ever sent. `known`: pipeline_target() of the same pipeline.
  Forecaster(const settings::PipelineDefinition& pipeline, deliver::PipelineTarget known, const model::Target& target,
             journal::Records* records, const std::string& journal_id, std::int64_t now_ms);

  /// `key`: the row's, as in the change log.
  Forecast of(const std::string& key, const map::MapOutcome& outcome);
  /// Of a change of the past: as if its record had been sent what `was` says, whatever the journal knows of it by now. Null: it was not there.
  Forecast of_past(const std::string& key, const map::MapOutcome* was, const map::MapOutcome& is);

 private:
  journal::Delivery delivery_of(const std::string& key, const map::MapOutcome& outcome) const;
  journal::Head head_of_past(const journal::Delivery& delivery, const map::Mapped* was) const;
  Forecast guarded(journal::Head head, const map::MapOutcome& outcome);
  std::string resolve(journal::Head& head) const;
  Forecast of_head(journal::Head head);

  const settings::PipelineDefinition& pipeline_;
  const deliver::PipelineTarget known_;
  const model::Target& target_;
  journal::Records* records_;
  const std::string journal_id_;
  const std::int64_t now_ms_;
  std::int64_t pipeline_id_ = 0;  ///< 0: the journal does not know the pipeline yet, so nothing was ever sent
  std::int64_t last_seq_ = 0;
};

}  // namespace engine::pipeline
