#include "engine/settings/layers/merge.h"

#include <algorithm>

namespace engine::settings {
namespace {

auto entry_called(std::vector<YamlEntry>& entries, std::string_view key) {
  return std::find_if(entries.begin(), entries.end(), [&](const YamlEntry& entry) { return entry.key == key; });
}

}  // namespace

YamlNode merged(const YamlNode& base, const YamlNode& over) {
  if (!base.is_map() || !over.is_map()) return over;
  auto content = std::make_shared<YamlNode::Content>(*over.content());
  content->entries.assign(base.entries().begin(), base.entries().end());
  for (const YamlEntry& entry : over.entries()) {
    const auto found = entry_called(content->entries, entry.key);
    if (found == content->entries.end()) {
      content->entries.push_back(entry);
      continue;
    }
    YamlNode value = merged(found->value, entry.value);
    *found = entry;
    found->value = std::move(value);
  }
  return YamlNode(std::move(content));
}

YamlNode without_key(const YamlNode& map, std::string_view key) {
  if (map.find(key) == nullptr) return map;
  auto content = std::make_shared<YamlNode::Content>(*map.content());
  content->entries.erase(entry_called(content->entries, key));
  return YamlNode(std::move(content));
}

YamlNode with_value(const YamlNode& map, std::string_view key, const YamlNode& value) {
  if (map.find(key) == nullptr) return map;
  auto content = std::make_shared<YamlNode::Content>(*map.content());
  entry_called(content->entries, key)->value = value;
  return YamlNode(std::move(content));
}

YamlNode with_text(const YamlNode& scalar, std::string text) {
  auto content = std::make_shared<YamlNode::Content>(*scalar.content());
  content->text = std::move(text);
  return YamlNode(std::move(content));
}

YamlNode standing_at(const YamlNode& node, const Origin& origin) {
  auto content = std::make_shared<YamlNode::Content>(*node.content());
  content->origin = origin;
  return YamlNode(std::move(content));
}

YamlNode text_at(std::string text, const Origin& origin) {
  auto content = std::make_shared<YamlNode::Content>(*YamlNode().content());
  content->style = YamlNode::Style::double_quoted;
  content->text = std::move(text);
  content->origin = origin;
  return YamlNode(std::move(content));
}

YamlNode map_of(std::string key, const YamlNode& value) {
  auto content = std::make_shared<YamlNode::Content>(*YamlNode().content());
  content->kind = YamlNode::Kind::map;
  content->origin = value.origin();
  content->entries.push_back({std::move(key), value.origin(), true, value});
  return YamlNode(std::move(content));
}

}  // namespace engine::settings
