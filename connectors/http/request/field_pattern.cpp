#include "connectors/http/request/field_pattern.h"

#include <fmt/format.h>

#include <algorithm>

namespace connectors::http {

using engine::model::FieldMap;
using engine::model::FieldScalar;
using engine::model::FieldValue;

namespace {

bool is_value(const FieldScalar& scalar) {
  const auto* text = std::get_if<std::string>(&scalar);
  return !std::holds_alternative<std::monostate>(scalar) && (text == nullptr || !text->empty());
}

bool is_value(const FieldValue& value) {
  if (const auto* scalar = std::get_if<FieldScalar>(&value)) return is_value(*scalar);
  return !std::get<std::vector<FieldScalar>>(value).empty();
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "2" before "10", and names as the map has them.
bool comes_before(const TemplateItem& left, const TemplateItem& right) {
  if (!is_number(left.name) || !is_number(right.name)) return left.name < right.name;
  return left.name.size() != right.name.size() ? left.name.size() < right.name.size() : left.name < right.name;
}

}  // namespace

FieldPattern::FieldPattern(std::string_view text, const engine::settings::Origin& origin) {
  if (text == "window.open") {
    window_ = true;
    return;
  }
  static constexpr std::string_view field = "field.";
  if (!text.starts_with(field) || text.size() == field.size()) {
    refuse_template(fmt::format("'{}' is no condition: write field.NAME, field.NAME.* or window.open", text), origin);
  }
  const std::string_view name = text.substr(field.size());
  const std::size_t star = name.find('*');
  starred_ = star != std::string_view::npos;
  prefix_ = name.substr(0, star);
  if (!starred_) return;
  suffix_ = name.substr(star + 1);
  const bool stands_alone =
      (prefix_.empty() || prefix_.ends_with('.')) && (suffix_.empty() || suffix_.starts_with('.'));
  if (!stands_alone || suffix_.find('*') != std::string::npos) {
    refuse_template(fmt::format("in '{}' one star may stand for one whole name between dots", text), origin);
  }
}

bool FieldPattern::holds(const CallValues& values) const {
  if (window_) return values.call.window_open;
  if (starred_) return !items(values).empty();
  const auto found = values.fields.find(prefix_);
  return found != values.fields.end() && is_value(found->second);
}

/// Fields below one prefix stand together, since the map is in name order.
std::vector<TemplateItem> FieldPattern::items(const CallValues& values) const {
  std::vector<TemplateItem> items;
  const FieldMap& fields = values.fields;
  if (!starred_) {
    const auto found = fields.find(prefix_);
    if (found == fields.end() || !is_value(found->second)) return items;
    const std::string name = prefix_.substr(prefix_.rfind('.') + 1);
    if (const auto* list = std::get_if<std::vector<FieldScalar>>(&found->second)) {
      for (const FieldScalar& each : *list) items.push_back({name, each, 0});
    } else {
      items.push_back({name, found->second, 0});
    }
  } else {
    for (auto at = fields.lower_bound(prefix_); at != fields.end() && at->first.starts_with(prefix_); ++at) {
      const std::string_view rest = std::string_view(at->first).substr(prefix_.size());
      if (!rest.ends_with(suffix_) || rest.size() == suffix_.size() || !is_value(at->second)) continue;
      const std::string_view name = rest.substr(0, rest.size() - suffix_.size());
      if (name.find('.') == std::string_view::npos) items.push_back({std::string(name), at->second, 0});
    }
    std::stable_sort(items.begin(), items.end(), comes_before);
  }
  for (std::size_t i = 0; i < items.size(); ++i) items[i].index = static_cast<std::int64_t>(i);
  return items;
}

}  // namespace connectors::http
