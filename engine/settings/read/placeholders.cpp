#include "engine/settings/read/placeholders.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

namespace engine::settings {
namespace {

/// One `${kind:name}` in a text; positions count bytes.
struct Placeholder {
  std::size_t start = 0;
  std::size_t end = 0;  ///< behind the brace
  std::string kind;
  std::string name;
};

/// The next `${kind:name}` at or behind `from`. Other uses of `$` and braces are none of ours.
std::optional<Placeholder> next_placeholder(const std::string& text, std::size_t from) {
  for (std::size_t start = text.find("${", from); start != std::string::npos; start = text.find("${", start + 2)) {
    const std::size_t end = text.find('}', start);
    const std::size_t colon = text.find(':', start);
    if (end == std::string::npos || colon == std::string::npos || colon > end) continue;
    return Placeholder{start, end + 1, text.substr(start + 2, colon - start - 2),
                       text.substr(colon + 1, end - colon - 1)};
  }
  return std::nullopt;
}

/// `text` with each placeholder replaced by what `value_of` gives; nothing given leaves it as it stands.
std::string replaced(const std::string& text,
                     const std::function<std::optional<std::string>(const Placeholder&)>& value_of) {
  std::string result;
  std::size_t from = 0;
  while (const auto placeholder = next_placeholder(text, from)) {
    result += text.substr(from, placeholder->start - from);
    const auto value = value_of(*placeholder);
    result += value ? *value : text.substr(placeholder->start, placeholder->end - placeholder->start);
    from = placeholder->end;
  }
  return result + text.substr(from);
}

/// Exact in a plain scalar on one line; quotes, escapes and further lines are not counted.
Origin moved(Origin origin, std::size_t columns) {
  origin.column += static_cast<int>(columns);
  return origin;
}

std::optional<std::string> variable(const Placeholder& placeholder, const Origin& origin, const Variables& variables,
                                    Diagnostics& diagnostics) {
  if (placeholder.kind == "secret") return std::nullopt;
  if (placeholder.kind != "var") {
    diagnostics.error("reference.unknown", moved(origin, placeholder.start),
                      fmt::format("there is no ${{{}:…}}", placeholder.kind),
                      "there are ${var:name} and, in connections, ${secret:name}");
    return std::nullopt;
  }
  const auto found = variables.find(placeholder.name);
  if (found != variables.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, value] : variables) names.push_back(name);
  diagnostics.error("reference.unknown", moved(origin, placeholder.start),
                    fmt::format("no variable is called '{}'", placeholder.name),
                    did_you_mean(placeholder.name, names, "add it below 'variables:' in datapicker.yaml"));
  return std::nullopt;
}

bool holds_placeholder(const YamlNode& node) {
  return node.text().find("${") != std::string::npos ||
         std::any_of(node.items().begin(), node.items().end(), holds_placeholder) ||
         std::any_of(node.entries().begin(), node.entries().end(),
                     [](const YamlEntry& entry) { return holds_placeholder(entry.value); });
}

/// `crm-token` is DATAPICKER_SECRET_CRM_TOKEN: shells allow no other characters.
std::string environment_name(const std::string& secret) {
  std::string name = "DATAPICKER_SECRET_";
  for (const char c : secret)
    name += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::toupper(c)) : '_';
  return name;
}

/// Editors end a file with a line end, which is no part of the secret.
std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::optional<std::string> file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return without_line_end(text.str());
}

bool is_secret_name(const std::string& name) {
  // The name becomes a file name: it must not lead out of the folder.
  return !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

}  // namespace

YamlNode with_variables(const YamlNode& node, const Variables& variables, Diagnostics& diagnostics) {
  if (!holds_placeholder(node)) return node;
  // Trees are shared and never changed; only the way down to a placeholder is copied.
  auto content = std::make_shared<YamlNode::Content>(*node.content());
  content->text = replaced(node.text(), [&](const Placeholder& placeholder) {
    return variable(placeholder, node.origin(), variables, diagnostics);
  });
  for (YamlNode& item : content->items) item = with_variables(item, variables, diagnostics);
  for (YamlEntry& entry : content->entries) entry.value = with_variables(entry.value, variables, diagnostics);
  return YamlNode(std::move(content));
}

void refuse_secrets(const YamlNode& node, const std::string& where, Diagnostics& diagnostics) {
  if (holds_secret(node)) {
    diagnostics.error("secret.misplaced", node.origin(),
                      "a secret must not stand here, since what stands here is kept and shown", where);
  }
  for (const YamlNode& item : node.items()) refuse_secrets(item, where, diagnostics);
  for (const YamlEntry& entry : node.entries()) refuse_secrets(entry.value, where, diagnostics);
}

bool holds_secret(const YamlNode& scalar) { return scalar.text().find("${secret:") != std::string::npos; }

/// A secret that is missing becomes `***`, so that one problem does not bring others about the value.
std::string SecretLookup::filled(const YamlNode& scalar, Diagnostics& diagnostics) const {
  return replaced(scalar.text(), [&](const Placeholder& placeholder) -> std::optional<std::string> {
    if (placeholder.kind != "secret") return std::nullopt;
    const Origin origin = moved(scalar.origin(), placeholder.start);
    if (!is_secret_name(placeholder.name)) {
      diagnostics.error(
          "secret.name", origin,
          fmt::format("'{}' is no name of a secret: letters, digits, '_', '-' and '.'", placeholder.name));
      return "***";
    }
    if (!resolve_) return "***";
    auto value = find(placeholder.name, origin, diagnostics);
    if (value) remember_secret(*value);
    return value.value_or("***");
  });
}

Secret SecretLookup::secret(const YamlNode& scalar, Diagnostics& diagnostics) const {
  return Secret(filled(scalar, diagnostics));
}

Secret SecretLookup::credential(const std::string& name) const {
  const char* folder = resolve_ ? std::getenv("CREDENTIALS_DIRECTORY") : nullptr;
  return Secret(folder == nullptr ? "" : file_text(std::filesystem::path(folder) / name).value_or(""));
}

std::optional<std::string> SecretLookup::find(const std::string& name, const Origin& origin,
                                              Diagnostics& diagnostics) const {
  std::optional<std::string> value;
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY"))
    value = file_text(std::filesystem::path(credentials) / name);
  bool refused = false;
  if (!value) value = from_file(name, origin, refused, diagnostics);
  // A file that others can read is not passed over for the environment: its owner has to learn of it.
  if (refused) return std::nullopt;
  const std::string variable = environment_name(name);
  if (!value) {
    if (const char* text = std::getenv(variable.c_str())) value = text;
  }
  if (!value) {
    diagnostics.error(
        "secret.missing", origin, fmt::format("the secret '{}' is nowhere to be found", name),
        fmt::format("give it as the systemd credential {0}, as the file secrets/{0} (mode 0600), or as {1}", name,
                    variable));
  } else if (value->empty()) {
    diagnostics.error("secret.missing", origin, fmt::format("the secret '{}' is empty", name));
  }
  return value;
}

/// `refused` tells a file that must not be used from one that is not there.
std::optional<std::string> SecretLookup::from_file(const std::string& name, const Origin& origin, bool& refused,
                                                   Diagnostics& diagnostics) const {
  const std::filesystem::path path = folder_ / "secrets" / name;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  const unsigned mode = status.st_mode & 0777;
  if (!S_ISREG(status.st_mode) || (mode != 0600 && mode != 0400)) {
    refused = true;
    diagnostics.error("secret.permissions", origin,
                      fmt::format("the file secrets/{} has mode {:04o}, but must be its owner's alone", name, mode),
                      fmt::format("chmod 0600 secrets/{}", name));
    return std::nullopt;
  }
  auto text = file_text(path);
  if (!text) {
    refused = true;
    diagnostics.error("secret.permissions", origin, fmt::format("the file secrets/{} cannot be read", name),
                      "give it to the user who runs datapicker");
  }
  return text;
}

}  // namespace engine::settings
