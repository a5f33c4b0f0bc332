#include "engine/map/check/lexer.h"

#include <algorithm>
#include <array>

#include "engine/base/text/characters.h"

namespace engine::map {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
/// As SQLite: letters, '_', '$' inside, and every byte of a character beyond ASCII.
bool begins_word(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || (c & 0x80) != 0; }
bool in_word(char c) { return begins_word(c) || is_digit(c) || c == '$'; }

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Lexed run() {
    while (!lexed_.problem && at_ < sql_.size()) step();
    return std::move(lexed_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  void step() {
    const char c = peek();
    if (is_blank(c)) {
      ++at_;
    } else if (c == '-' && peek(1) == '-') {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
    } else if (c == '/' && peek(1) == '*') {
      comment();
    } else if (c == '\'') {
      quoted('\'', TokenKind::string, 0);
    } else if (c == '"' || c == '`') {
      quoted(c, TokenKind::quoted_word, 0);
    } else if (c == '[') {
      quoted(']', TokenKind::quoted_word, 0);
    } else if (lower(c) == 'x' && peek(1) == '\'') {
      quoted('\'', TokenKind::blob, 1);
    } else if (begins_word(c)) {
      take(TokenKind::word, in_word);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number();
    } else if (c == '?' || c == ':' || c == '@' || c == '$' || c == '#') {
      add(TokenKind::parameter, 1);
    } else {
      symbol();
    }
  }

  void add(TokenKind kind, std::size_t size) {
    lexed_.tokens.push_back({kind, sql_.substr(at_, size), at_});
    at_ += size;
  }

  void take(TokenKind kind, bool (*belongs)(char)) {
    std::size_t size = 1;
    while (at_ + size < sql_.size() && belongs(sql_[at_ + size])) ++size;
    add(kind, size);
  }

  void comment() {
    const std::size_t end = sql_.find("*/", at_ + 2);
    if (end == std::string_view::npos) {
      fail("this comment does not end");
    } else {
      at_ = end + 2;
    }
  }

  /// From the opening quote `before` bytes on to the closing one; a doubled quote stands for itself, except in […].
  void quoted(char quote, TokenKind kind, std::size_t before) {
    for (std::size_t end = at_ + before + 1; end < sql_.size(); ++end) {
      if (sql_[end] != quote) continue;
      if (quote != ']' && end + 1 < sql_.size() && sql_[end + 1] == quote) {
        ++end;
        continue;
      }
      return add(kind, end + 1 - at_);
    }
    fail("this quote does not end");
  }

  void number() {
    std::size_t size = 0;
    const auto at = [&](std::size_t i) { return at_ + i < sql_.size() ? sql_[at_ + i] : '\0'; };
    while (in_word(at(size)) || at(size) == '.' ||
           ((at(size) == '+' || at(size) == '-') && size > 0 && lower(at(size - 1)) == 'e' && is_digit(at(size + 1)) &&
            lower(at(1)) != 'x')) {
      ++size;
    }
    add(TokenKind::number, size);
  }

  void symbol() {
    static constexpr std::array<std::string_view, 10> longer{
        "->>", "||", "->", "<>", "<=", ">=", "==", "!=", "<<", ">>"};
    const std::string_view rest = sql_.substr(at_);
    for (const std::string_view text : longer) {
      if (rest.starts_with(text)) return add(TokenKind::symbol, text.size());
    }
    static constexpr std::string_view known = "()+-*/%<>=&|~,.;";
    if (known.find(peek()) == std::string_view::npos) return fail("this character is no part of SQL");
    add(TokenKind::symbol, 1);
  }

  void fail(std::string message) { lexed_.problem = LexProblem{at_, std::move(message)}; }

  std::string_view sql_;
  std::size_t at_ = 0;
  Lexed lexed_;
};

}  // namespace

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view known) { return same_word(known, word); });
}

bool Token::is_word(std::string_view upper) const { return kind == TokenKind::word && same_word(text, upper); }

std::string Token::content() const {
  if (kind != TokenKind::quoted_word && kind != TokenKind::string) return std::string(text);
  const char quote = text.back();
  std::string inside;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    inside += text[i];
    if (text[i] == quote && quote != ']') ++i;
  }
  return inside;
}

Lexed lex(std::string_view sql) { return Lexer(sql).run(); }

std::size_t closing(const std::vector<Token>& tokens, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("(")) ++depth;
    if (tokens[i].is(")") && --depth == 0) return i;
  }
  return tokens.size();
}

}  // namespace engine::map
