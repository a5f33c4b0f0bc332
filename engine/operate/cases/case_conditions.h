// What the databases of a case's conditions (`hold_while`) say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/layout.h"
#include "engine/model/source/question.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/pipeline_definition.h"
#include "engine/settings/read/case/case_definition.h"

namespace engine::operate {

/// No query finds a row until the case says so. Outlives the processes of a case, as databases do.
class CaseConditions {
 public:
  /// `layout`: of the rows that are asked about. It and the pipeline must outlive this.
  CaseConditions(const settings::PipelineDefinition& pipeline, const model::Layout& layout, settings::CharPadding padding)
      : pipeline_(pipeline), layout_(layout), padding_(padding) {}

  /// From now on. Throws Error config_invalid, with its place, for a condition that the pipeline does not have, or a column that it does not ask for.
  void say(const settings::CaseStep& step);
  model::Reply reply(const model::Question& question) const;
  /// So long after the case said something, whoever waits has heard of it.
  std::int64_t heard_after_ms() const;

 private:
  /// By the positions of their columns, as they are bound; none: NULL.
  using Values = std::map<std::size_t, std::optional<std::string>>;
  struct Said {
    settings::CaseCondition::Finds finds = settings::CaseCondition::Finds::no_row;
    std::vector<Values> rows;  ///< of any_row; empty: whatever is asked for
  };
  const settings::HoldWhile& named(const settings::CaseCondition& said) const;
  Values values_of(const settings::CaseRow& row, const settings::HoldWhile& condition) const;
  std::optional<Values> values_of(const model::Question& question, const settings::HoldWhile& condition) const;

  const settings::PipelineDefinition& pipeline_;
  const model::Layout& layout_;
  settings::CharPadding padding_;
  std::map<std::string, Said> said_;  ///< by name
};

}  // namespace engine::operate
