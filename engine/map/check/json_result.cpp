#include "engine/map/check/json_result.h"

#include <algorithm>
#include <array>

#include "engine/map/check/lexer.h"

namespace engine::map {

namespace {

constexpr std::array<std::string_view, 5> makers{"JSON", "JSON_ARRAY", "JSON_OBJECT", "JSON_GROUP_ARRAY", "JSON_GROUP_OBJECT"};

/// Where the call that begins at `at` ends; 0: none of them begins there.
std::size_t end_of_call(const std::vector<Token>& tokens, std::size_t at) {
  if (at + 1 >= tokens.size() || !tokens[at + 1].is("(")) return 0;
  const bool is_maker = std::any_of(makers.begin(), makers.end(), [&](std::string_view name) { return tokens[at].is_word(name); });
  return is_maker ? closing(tokens, at + 1) + 1 : 0;
}

}  // namespace

bool gives_json(std::string_view sql) {
  const std::vector<Token> tokens = lex(sql).tokens;
  const std::size_t end = end_of_call(tokens, 0);
  if (end != 0) return end == tokens.size();
  if (tokens.size() < 3 || !tokens[0].is("(") || !tokens[1].is_word("SELECT")) return false;
  const std::size_t behind = end_of_call(tokens, 2);
  return behind != 0 && behind < tokens.size() && tokens[behind].is_word("FROM") && closing(tokens, 0) + 1 == tokens.size();
}

}  // namespace engine::map
