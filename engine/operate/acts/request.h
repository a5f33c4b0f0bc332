// Reading an act's request, and naming what is not there.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::operate {

/// Empty when the request has no such member.
std::string text_of(const boost::json::object& request, std::string_view name);
bool flag_of(const boost::json::object& request, std::string_view name);
std::optional<std::int64_t> number_of(const boost::json::object& request, std::string_view name);
std::vector<std::string> texts_of(const boost::json::object& request, std::string_view name);

/// Throws config_invalid: "there is no pipeline 'custmers'", with the nearest of `known`.
[[noreturn]] void refuse_unknown(std::string_view noun, const std::string& name, const std::vector<std::string>& known);

template <typename Definitions>
const auto& known_definition(const Definitions& definitions, std::string_view noun, const std::string& name) {
  const auto found = definitions.find(name);
  if (found != definitions.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [each, definition] : definitions) known.push_back(each);
  refuse_unknown(noun, name, known);
}

}  // namespace engine::operate
