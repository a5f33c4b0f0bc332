// JSON pointers with two additions: `*` stands for every item, `[name=x]` for the item whose member `name` is the text
// x.
#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace connectors::http {

/// Parsed once, asked for each answer. A step that leads nowhere is no error: the value is not there.
class JsonPath {
 public:
  JsonPath() = default;  ///< the whole value
  /// "/a/0/*/b"; ~1 and ~0 as in RFC 6901. Throws Error config_invalid when it does not begin with '/'.
  explicit JsonPath(std::string_view pointer);

  bool empty() const { return steps_.empty(); }
  /// This path with {name} in its steps replaced.
  JsonPath with_name(std::string_view name) const;
  /// The first value it leads to, or null pointer. Points into `root`.
  const boost::json::value* first(const boost::json::value& root) const;
  /// All of them, in order; at most `limit`.
  std::vector<const boost::json::value*> all(const boost::json::value& root, std::size_t limit = 10'000) const;

 private:
  std::vector<std::string> steps_;
};

/// A path to things that stand in a list: the list's items, and where it is inside each. Without a '*' the one item is the
/// whole answer.
struct ItemPath {
  explicit ItemPath(std::string_view pointer);
  JsonPath items;
  JsonPath inside;
};

/// What a condition compares: a scalar's text, true and false included; lists and objects as JSON.
std::string shown_text(const boost::json::value& value);

/// Text, number or boolean as text; null pointer, null, lists and objects give an empty one.
std::string scalar_text(const boost::json::value* value);

}  // namespace connectors::http
