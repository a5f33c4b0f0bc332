// What a mapping computes, in the order in which it is written: the slots of the result, and the SQL that fills them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/settings/diagnostics.h"
#include "engine/settings/pipeline_definition.h"

namespace engine::map {

/// One expression, and how messages name it: "field 'credit' (pipelines/x/pipeline.yaml:9:11)".
struct PlannedExpression {
  const settings::Expression* expression = nullptr;
  std::string subject;  ///< "field 'credit'"
  std::string named;    ///< subject and place
  bool may_refer = false;  ///< its value may be another record's id: remote_id()
};

/// One member of the resulting JSON object.
struct Slot {
  enum class Kind { expression, list, values, constant };
  Kind kind = Kind::constant;
  std::string opening;     ///< `"name":`
  std::string member;      ///< of a constant: the member as a whole, empty when it is left out
  bool as_number = false;  ///< text must be a number and becomes one
  bool as_json = false;    ///< text must be JSON and is sent as it is
  bool as_text = false;    ///< whatever it looks like
  bool required = false;   ///< a match field: neither NULL nor empty
  std::string field;
  std::vector<PlannedExpression> expressions;
  std::map<std::string, std::string, std::less<>> members;  ///< of values: code → member
  settings::Otherwise otherwise = settings::Otherwise::dead_letter;
  std::string otherwise_member;
};

struct Plan {
  std::optional<PlannedExpression> where;
  std::vector<Slot> match;   ///< in name order
  std::vector<Slot> fields;  ///< in name order
  std::vector<PlannedExpression> rules;
  std::optional<PlannedExpression> comment_when;
  std::optional<PlannedExpression> comment_text;
  bool omit_nulls = false;

  /// Every expression, in the order in which a row needs them.
  std::vector<const PlannedExpression*> expressions() const;
  /// Evaluates where and match, and only when where is true the rest: fields, rules, comment. Hands values to the receivers named in
  /// `receivers`, each value once and in slot order.
  std::string map_statement(std::size_t arguments_max) const;
  /// Evaluates match alone.
  std::string leave_statement() const;
};

/// The functions that statements call. `head` takes where's truth and the match values and returns where's truth.
struct Receivers {
  static constexpr const char* head = "map_head";
  static constexpr const char* fields = "map_fields";
  static constexpr const char* rules = "map_rules";
  static constexpr const char* comment = "map_comment";
};

/// Points into `pipeline`. Fields that are given twice or inside one another go to `diagnostics`.
Plan plan_of(const settings::PipelineDefinition& pipeline, settings::Diagnostics& diagnostics);

/// XXH3-128 in hex over everything that decides results: expressions, constants, enumerations, and the `columns` read.
std::string fingerprint_of(const settings::PipelineDefinition& pipeline, const std::vector<std::string>& columns);

}  // namespace engine::map
