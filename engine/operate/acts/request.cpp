#include "engine/operate/acts/request.h"

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/settings/diagnostics.h"

namespace engine::operate {

namespace json = boost::json;

std::string text_of(const json::object& request, std::string_view name) {
  const json::value* value = request.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_of(const json::object& request, std::string_view name) {
  const json::value* value = request.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<std::int64_t> number_of(const json::object& request, std::string_view name) {
  const json::value* value = request.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<std::int64_t>();
}

std::vector<std::string> texts_of(const json::object& request, std::string_view name) {
  std::vector<std::string> texts;
  const json::value* value = request.if_contains(name);
  if (value == nullptr || !value->is_array()) return texts;
  for (const json::value& each : value->get_array()) texts.emplace_back(each.as_string());
  return texts;
}

void refuse_unknown(std::string_view noun, const std::string& name, const std::vector<std::string>& known) {
  const std::string near = settings::nearest(name, known);
  std::string hint = near.empty() ? std::string() : "did you mean '" + near + "'?";
  if (near.empty() && known.size() == 1) hint = "there is only '" + known.front() + "'";
  throw Error(ErrorCode::config_invalid, "there is no " + std::string(noun) + " '" + name + "'", {}, hint);
}

}  // namespace engine::operate
