#include "engine/operate/cases/json_place.h"

#include <boost/json.hpp>
#include <charconv>

namespace engine::operate {

namespace json = boost::json;

namespace {

json::value& item_at(json::value& list, std::size_t index) {
  if (!list.is_array()) list = json::array();
  json::array& items = list.get_array();
  while (items.size() <= index) items.emplace_back(nullptr);
  return items[index];
}

json::value& item_named(json::value& list, std::string_view member, std::string_view name) {
  if (!list.is_array()) list = json::array();
  for (json::value& item : list.get_array()) {
    const json::value* found = item.is_object() ? item.get_object().if_contains(member) : nullptr;
    if (found != nullptr && found->is_string() && found->get_string() == name) return item;
  }
  return list.get_array().emplace_back(json::object{{member, name}});
}

/// What is of another kind gives way: the document is made for this pointer.
json::value& child(json::value& value, std::string_view step, std::size_t index) {
  if (step == "*") return item_at(value, index);
  const std::size_t equals = step.find('=');
  if (step.size() > 2 && step.front() == '[' && step.back() == ']' && equals != std::string_view::npos) {
    return item_named(value, step.substr(1, equals - 1), step.substr(equals + 1, step.size() - equals - 2));
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), number);
  if (error == std::errc{} && end == step.data() + step.size() && number < 1'000) return item_at(value, number);
  if (!value.is_object()) value = json::object();
  return value.get_object()[step];
}

void flatten(const json::object& nested, const std::string& before, json::object& flat) {
  for (const auto& member : nested) {
    const std::string name = before + std::string(member.key());
    if (member.value().is_object())
      flatten(member.value().get_object(), name + ".", flat);
    else
      flat[name] = member.value();
  }
}

}  // namespace

void place_json(json::value& root, std::string_view pointer, json::value value, std::size_t index) {
  json::value* at = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    at = &child(*at, pointer.substr(0, end), index);
    pointer.remove_prefix(end);
  }
  *at = std::move(value);
}

json::object flattened(const json::object& nested) {
  json::object flat;
  flatten(nested, {}, flat);
  return flat;
}

}  // namespace engine::operate
