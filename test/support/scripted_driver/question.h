// What a statement asks, without understanding its SQL: words, what it selects, which names its markers belong to.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace scripted {

struct Token {
  enum class Kind { name, number, text, marker, sign } kind;
  std::string text;  ///< of names: in capitals, without quotes, parts joined by dots
};

/// A marker, by the name that stands before it.
struct Bound {
  std::string name;
  std::string by;  ///< = < > <= >=; of a function's argument "="
};

struct Order {
  std::string column;
  bool descending = false;
};

struct Question {
  std::set<std::string> words;             ///< names, whole and by their parts, and literals: in capitals
  std::vector<std::vector<Token>> items;   ///< of the select list; empty: not a SELECT
  std::vector<Bound> bounds;               ///< one for each marker
  std::vector<Order> order;
  std::optional<std::size_t> limit;
  std::size_t offset = 0;
  bool gives_no_rows = false;  ///< WHERE 1 = 0
  bool begins_view = false;
  bool ends_view = false;
};

Question question_of(const std::string& sql);

}  // namespace scripted
