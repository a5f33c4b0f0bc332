#include "connectors/http/answer/json_path.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include <charconv>

#include "engine/base/error.h"

namespace connectors::http {

namespace json = boost::json;

namespace {

/// RFC 6901: "~1" is a slash inside a step, "~0" a tilde.
std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    if (escape && (step[i + 1] == '0' || step[i + 1] == '1')) {
      out += step[++i] == '0' ? '~' : '/';
    } else {
      out += step[i];
    }
  }
  return out;
}

/// Of `[name=value]`: the first item whose member has this text. Lists of custom fields are addressed so.
const json::value* item_by_member(const json::array& items, std::string_view condition) {
  const std::size_t equals = condition.find('=');
  if (equals == std::string_view::npos) return nullptr;
  const std::string_view member = condition.substr(0, equals);
  for (const json::value& item : items) {
    const json::object* object = item.if_object();
    const json::value* found = object ? object->if_contains({member.data(), member.size()}) : nullptr;
    if (found != nullptr && scalar_text(found) == condition.substr(equals + 1)) return &item;
  }
  return nullptr;
}

/// Null where nothing is there; an answer of another form is none, and no error.
const json::value* child(const json::value& value, std::string_view step) {
  if (const json::object* object = value.if_object()) return object->if_contains({step.data(), step.size()});
  const json::array* items = value.if_array();
  if (items == nullptr) return nullptr;
  if (step.size() > 2 && step.front() == '[' && step.back() == ']') {
    return item_by_member(*items, step.substr(1, step.size() - 2));
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc{} || end != step.data() + step.size()) return nullptr;
  return items->if_contains(index);
}

}  // namespace

JsonPath::JsonPath(std::string_view pointer) {
  if (pointer.empty()) return;
  if (pointer.front() != '/') {
    throw engine::Error(engine::ErrorCode::config_invalid,
                        fmt::format("'{}' is not a JSON pointer: it must begin with '/'", pointer));
  }
  for (std::size_t begin = 1; begin <= pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    steps_.push_back(unescaped(pointer.substr(begin, end - begin)));
    begin = end + 1;
  }
}

JsonPath JsonPath::with_name(std::string_view name) const {
  static constexpr std::string_view hole = "{name}";
  JsonPath filled = *this;
  for (std::string& step : filled.steps_) {
    const std::size_t at = step.find(hole);
    if (at != std::string::npos) step.replace(at, hole.size(), name);
  }
  return filled;
}

std::vector<const json::value*> JsonPath::all(const json::value& root, std::size_t limit) const {
  std::vector<const json::value*> now{&root};
  for (const std::string& step : steps_) {
    std::vector<const json::value*> next;
    for (const json::value* value : now) {
      if (step == "*" && value->is_array()) {
        for (const json::value& item : value->get_array()) {
          if (next.size() < limit) next.push_back(&item);
        }
      } else if (const json::value* found = child(*value, step)) {
        next.push_back(found);
      }
    }
    now = std::move(next);
  }
  return now;
}

const json::value* JsonPath::first(const json::value& root) const {
  // A `*` on the way may lead nowhere for the first items, so more than one is followed.
  const auto found = all(root, 1'000);
  return found.empty() ? nullptr : found.front();
}

ItemPath::ItemPath(std::string_view pointer) {
  const std::size_t star = pointer.find("/*");
  const bool is_list = star != std::string_view::npos && (star + 2 == pointer.size() || pointer[star + 2] == '/');
  items = is_list ? JsonPath(pointer.substr(0, star + 2)) : JsonPath();
  inside = is_list ? JsonPath(pointer.substr(star + 2)) : JsonPath(pointer);
}

std::string shown_text(const json::value& value) {
  return value.is_structured() ? json::serialize(value) : scalar_text(&value);
}

std::string scalar_text(const json::value* value) {
  if (value == nullptr || value->is_null() || value->is_structured()) return {};
  if (const json::string* text = value->if_string()) return {text->data(), text->size()};
  if (!value->is_double()) return json::serialize(*value);
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, value->get_double()).ptr};
}

}  // namespace connectors::http
