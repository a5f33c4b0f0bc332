#include "engine/map/check/columns_named.h"

#include <sqlite3.h>

#include "engine/map/check/lexer.h"
#include "engine/map/plan.h"

namespace engine::map {

namespace {

bool is_keyword(const Token& token) {
  return token.kind == TokenKind::word && sqlite3_keyword_check(token.text.data(), static_cast<int>(token.text.size())) != 0;
}

void take_names(const std::string& sql, std::set<std::string>& names) {
  const std::vector<Token> tokens = lex(sql).tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_called = i + 1 < tokens.size() && tokens[i + 1].is("(");
    const bool is_qualifier = i + 1 < tokens.size() && tokens[i + 1].is(".");
    // changed('fido') names its column as a text.
    const bool is_argument = i >= 2 && tokens[i].kind == TokenKind::string && tokens[i - 2].is_word("CHANGED");
    if (is_argument || (tokens[i].names() && !is_called && !is_qualifier && !is_keyword(tokens[i]))) {
      names.insert(tokens[i].content());
    }
  }
}

}  // namespace

std::set<std::string> columns_named(const settings::PipelineDefinition& pipeline) {
  std::set<std::string> names;
  settings::Diagnostics ignored;
  const Plan plan = plan_of(pipeline, ignored);
  for (const PlannedExpression* planned : plan.expressions()) take_names(planned->expression->sql, names);
  return names;
}

}  // namespace engine::map
