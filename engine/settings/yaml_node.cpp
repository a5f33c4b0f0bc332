#include "engine/settings/yaml_node.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <fstream>
#include <sstream>

namespace engine::settings {
namespace {

std::string quoted_json(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string scalar_json(const model::FieldScalar& scalar) {
  struct Writer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const model::NumberText& value) const { return value.digits; }
    std::string operator()(const model::JsonText& value) const { return value.json; }
    std::string operator()(const std::string& value) const { return quoted_json(value); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
  };
  return std::visit(Writer{}, scalar);
}

}  // namespace

const std::string& YamlSource::line(int number) const {
  static const std::string nothing;
  const bool there = number >= 1 && number <= static_cast<int>(lines.size());
  return there ? lines[static_cast<std::size_t>(number) - 1] : nothing;
}

YamlNode::YamlNode() {
  static const std::shared_ptr<const Content> nothing = [] {
    auto content = std::make_shared<Content>();
    content->source = std::make_shared<YamlSource>();
    return content;
  }();
  content_ = nothing;
}

bool YamlNode::is_scalar() const { return content_->kind == Kind::scalar; }
bool YamlNode::is_sequence() const { return content_->kind == Kind::sequence; }
bool YamlNode::is_map() const { return content_->kind == Kind::map; }

bool YamlNode::is_null() const {
  if (!is_scalar() || !is_plain()) return false;
  const std::string& word = content_->text;
  return word.empty() || word == "~" || word == "null" || word == "Null" || word == "NULL";
}

std::string_view YamlNode::kind_name() const {
  if (is_sequence()) return "a list";
  if (is_map()) return "a map";
  return is_null() ? "nothing" : "a text";
}

const std::string& YamlNode::text() const { return content_->text; }
YamlNode::Style YamlNode::style() const { return content_->style; }
bool YamlNode::is_flow() const { return content_->flow; }
const Origin& YamlNode::origin() const { return content_->origin; }
int YamlNode::literal_indent() const { return content_->literal_indent; }
std::span<const YamlNode> YamlNode::items() const { return content_->items; }
std::span<const YamlEntry> YamlNode::entries() const { return content_->entries; }
const YamlSource& YamlNode::source() const { return *content_->source; }

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : content_->entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::optional<YamlNode> read_yaml_file(const std::filesystem::path& path, const std::string& shown,
                                       Diagnostics& diagnostics) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // A folder opens as a stream and fails only at the first read.
  if (file) text << file.rdbuf();
  if (!file || (text.str().empty() && file.peek() != std::ifstream::traits_type::eof())) {
    diagnostics.error("file.unreadable", {shown, 0, 0}, "the file cannot be read",
                      "check that it exists and its permissions");
    return std::nullopt;
  }
  return parse_yaml(text.str(), shown, diagnostics);
}

std::string json_of(const YamlNode& node) {
  if (node.is_scalar()) return scalar_json(core_scalar(node));
  std::string text = node.is_map() ? "{" : "[";
  for (const YamlEntry& entry : node.entries()) {
    if (text.size() > 1) text += ',';
    text += quoted_json(entry.key) + ':' + json_of(entry.value);
  }
  for (const YamlNode& item : node.items()) {
    if (text.size() > 1) text += ',';
    text += json_of(item);
  }
  return text + (node.is_map() ? '}' : ']');
}

}  // namespace engine::settings
