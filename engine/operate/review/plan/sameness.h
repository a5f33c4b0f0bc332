// Where two folders say the same, known from their files as they are meant.
#pragma once

#include <map>
#include <string>

#include "engine/settings/instance.h"

namespace engine::operate {

/// Cautious: what cannot be told to be the same counts as different.
class Sameness {
 public:
  Sameness(const settings::InstancePlace& now, const settings::InstancePlace& then);

  bool is_table_same(const std::string& name) const;
  /// What the two pipelines map alike, they send alike.
  bool is_sending_same(const settings::PipelineDefinition& now, const settings::PipelineDefinition& then) const;

 private:
  using Definitions = std::map<std::string, std::string>;  ///< "connections/shop", as JSON
  static Definitions definitions_of(const settings::InstancePlace& place);
  bool is_same(const std::string& kind_and_name) const;

  Definitions now_;
  Definitions then_;
};

}  // namespace engine::operate
