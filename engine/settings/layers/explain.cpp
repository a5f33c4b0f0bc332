#include "engine/settings/layers/explain.h"

#include <fmt/format.h>

#include "engine/model/row_json.h"

namespace engine::settings {
namespace {

/// Writes block style whatever the file had: so each value has a line, and each line one origin.
class Writer {
 public:
  void value(const std::string& before, const YamlNode& node, const Origin& origin, int depth) {
    if (node.is_scalar()) return scalar(before, node, origin, depth);
    const bool empty = node.entries().empty() && node.items().empty();
    if (empty) return line(before + (node.is_map() ? " {}" : " []"), origin);
    line(before, origin);
    children(node, depth);
  }

  void children(const YamlNode& node, int depth) {
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    for (const YamlEntry& entry : node.entries())
      value(indent + word(entry.key, entry.is_plain) + ":", entry.value, entry.origin, depth + 1);
    for (const YamlNode& item : node.items()) value(indent + "-", item, item.origin(), depth + 1);
  }

  std::vector<ExplainedLine> lines;

 private:
  void line(std::string text, const Origin& origin) { lines.push_back({std::move(text), origin}); }

  void scalar(const std::string& before, const YamlNode& node, const Origin& origin, int depth) {
    const std::string& text = node.text();
    if (node.style() != YamlNode::Style::literal) {
      line(text.empty() && node.is_plain() ? before : before + " " + word(text, node.is_plain()), node.origin());
      return;
    }
    line(before + " |-", origin);
    Origin at = node.origin();
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    for (std::size_t from = 0; from < text.size(); ++at.line) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      line(indent + text.substr(from, end - from), at);
      from = end + 1;
    }
  }

  /// What a variable put into an unquoted text may need quotes now.
  static std::string word(const std::string& text, bool plain) {
    const bool safe = text.find(": ") == std::string::npos && text.find(" #") == std::string::npos &&
                      text.find('\n') == std::string::npos;
    if (plain && safe) return text;
    std::string quoted;
    model::append_json_string(text, quoted);
    return quoted;
  }
};

ExplainedFile explained_file(const std::string& shown, const std::string& name, const YamlNode& root) {
  Writer writer;
  writer.children(root, 0);
  return {shown, name, json_of(root), std::move(writer.lines)};
}

}  // namespace

std::vector<ExplainedFile> explained(const InstancePlace& place, const std::string& wanted, Diagnostics& diagnostics) {
  const auto files = read_instance_files(place, diagnostics);
  std::vector<ExplainedFile> found;
  std::vector<std::string> names;
  if (!files) return found;
  const auto add = [&](const std::string& shown, const std::string& name, const std::string& family,
                       const std::optional<YamlNode>& root) {
    names.insert(names.end(), {shown, name});
    const bool fits = wanted.empty() || wanted == shown || wanted == name || wanted == family;
    if (fits && root) found.push_back(explained_file(shown, name, *root));
  };
  add("datapicker.yaml", "datapicker", {}, files->main);
  for (const auto* list : {&files->connections, &files->tables, &files->pipelines}) {
    for (const SettingsFile& file : *list) add(file.shown, file.name, file.family, file.root);
  }
  if (found.empty() && diagnostics.ok()) {
    diagnostics.error("reference.unknown", {wanted, 0, 0}, "no file or definition of the instance is called so",
                      did_you_mean(wanted, names));
  }
  return found;
}

}  // namespace engine::settings
