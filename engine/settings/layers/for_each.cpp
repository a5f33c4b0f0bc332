#include "engine/settings/layers/for_each.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/settings/layers/merge.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/connection_reader.h"

namespace engine::settings {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

/// Replaces `${name}`; `${var:x}` and `${secret:x}` are for others, and any other word is no name that `for_each` gives.
class Replacement {
 public:
  Replacement(std::string name, std::string value, Diagnostics& diagnostics)
      : name_(std::move(name)), value_(std::move(value)), diagnostics_(diagnostics) {}

  YamlNode in(const YamlNode& node) const {
    auto content = std::make_shared<YamlNode::Content>(*node.content());
    content->text = in_text(node);
    for (YamlNode& item : content->items) item = in(item);
    for (YamlEntry& entry : content->entries) entry.value = in(entry.value);
    return YamlNode(std::move(content));
  }

 private:
  std::string in_text(const YamlNode& node) const {
    const std::string& text = node.text();
    std::string result;
    std::size_t from = 0;
    for (std::size_t start = text.find("${"); start != std::string::npos; start = text.find("${", start + 2)) {
      const std::size_t end = text.find('}', start);
      if (end == std::string::npos) break;
      const std::string word = text.substr(start + 2, end - start - 2);
      if (!is_word(word)) continue;
      if (word != name_) {
        Origin origin = node.origin();
        origin.column += static_cast<int>(start);
        diagnostics_.error("reference.unknown", origin, fmt::format("'for_each' gives no '{}'", word),
                           fmt::format("it gives ${{{}}}", name_));
        continue;
      }
      result += text.substr(from, start - from) + value_;
      from = end + 1;
    }
    return result + text.substr(from);
  }

  std::string name_;
  std::string value_;
  Diagnostics& diagnostics_;
};

/// The values, each fit to be a part of a name; none after a problem.
std::vector<std::string> values_of(const YamlEntry& variable, Diagnostics& diagnostics) {
  const std::string named = fmt::format("'{}' of for_each", variable.key);
  if (!variable.value.is_sequence() || variable.value.items().empty()) {
    refuse_kind(variable.value, named, "a list of values, as in [A01, A02]", diagnostics);
    return {};
  }
  std::vector<std::string> values;
  std::set<std::string> seen;
  const std::size_t problems = diagnostics.errors();
  for (const YamlNode& item : variable.value.items()) {
    if (!item.is_scalar() || item.text().empty()) {
      refuse_kind(item, "an item of " + named, "a text", diagnostics);
      continue;
    }
    check_name(item.text(), item.origin(), diagnostics);
    if (!seen.insert(item.text()).second)
      diagnostics.error("name.duplicate", item.origin(), fmt::format("'{}' stands twice in {}", item.text(), named));
    values.push_back(item.text());
  }
  return diagnostics.errors() == problems ? values : std::vector<std::string>{};
}

}  // namespace

std::vector<Expansion> expanded(const YamlNode& file, const char* name_key, Diagnostics& diagnostics) {
  const YamlNode* for_each = file.find("for_each");
  if (for_each == nullptr) return {{file, {}, {}}};
  if (!for_each->is_map() || for_each->entries().size() != 1 || !is_word(for_each->entries()[0].key)) {
    diagnostics.error("value.type", for_each->origin(), "'for_each' must give one name its values",
                      "write for_each: { company: [A01, A02] }");
    return {};
  }
  const YamlEntry& variable = for_each->entries()[0];
  const YamlNode own = without_key(file, "for_each");
  const YamlNode* name = own.find(name_key);
  std::vector<Expansion> expansions;
  for (const std::string& value : values_of(variable, diagnostics)) {
    YamlNode root = Replacement(variable.key, value, diagnostics).in(own);
    if (name != nullptr && name->is_scalar() && !name->text().empty())
      root = with_value(root, name_key, with_text(*name, name->text() + "_" + value));
    expansions.push_back({std::move(root), variable.key, value});
  }
  return expansions;
}

}  // namespace engine::settings
