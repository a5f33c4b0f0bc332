// The other direction of a JSON pointer: makes a document in which it leads to a value.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace engine::operate {

/// Sets `value` at `pointer` inside `root`, making objects and lists on the way. `*` is the item `index`; `[name=x]` the item whose
/// member `name` is x. An empty pointer replaces the root.
void place_json(boost::json::value& root, std::string_view pointer, boost::json::value value, std::size_t index = 0);

/// {"a":{"b":1}} → {"a.b":1}; lists stay whole.
boost::json::object flattened(const boost::json::object& nested);

}  // namespace engine::operate
