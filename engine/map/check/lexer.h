// SQL text as tokens: enough to judge an expression's shape and to point inside it. SQLite does the real parsing.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::map {

enum class TokenKind { word, quoted_word, string, number, blob, parameter, symbol };

struct Token {
  TokenKind kind = TokenKind::symbol;
  std::string_view text;   ///< as written
  std::size_t offset = 0;  ///< in bytes

  bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
  /// A keyword, without regard to case; `upper` in upper case.
  bool is_word(std::string_view upper) const;
  bool names() const { return kind == TokenKind::word || kind == TokenKind::quoted_word; }
  /// The name or the string's content, without its quotes.
  std::string content() const;
};

struct LexProblem {
  std::size_t offset = 0;
  std::string message;
};

struct Lexed {
  std::vector<Token> tokens;  ///< without blanks and comments
  std::optional<LexProblem> problem;
};

/// Views into `sql`. Stops at the first problem: unterminated quotes or comments, characters SQL does not know.
Lexed lex(std::string_view sql);

/// Position of the parenthesis that closes the one at `open`; tokens.size() when there is none.
std::size_t closing(const std::vector<Token>& tokens, std::size_t open);

/// Without regard to case.
bool is_one_of(std::span<const std::string_view> words, std::string_view word);

}  // namespace engine::map
