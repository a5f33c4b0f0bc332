#include "engine/pipeline/planning/columns/column_use.h"

#include <algorithm>

#include "engine/base/text/characters.h"
#include "engine/map/check/lexer.h"
#include "engine/map/plan.h"

namespace engine::pipeline {

bool names_column(const settings::PipelineDefinition& pipeline, const std::string& column) {
  settings::Diagnostics ignored;
  const map::Plan plan = map::plan_of(pipeline, ignored);
  for (const map::PlannedExpression* one : plan.expressions()) {
    const map::Lexed lexed = map::lex(one->expression->sql);
    const bool names = std::ranges::any_of(lexed.tokens, [&column](const map::Token& token) {
      return (token.names() || token.kind == map::TokenKind::string) && same_word(token.content(), column);
    });
    if (names) return true;
  }
  return false;
}

}  // namespace engine::pipeline
