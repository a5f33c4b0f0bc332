#include "engine/operate/cases/update.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/whole_file.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

/// A value in YAML's flow style: JSON, with plain keys where they need no quotes.
std::string flow(const json::value& value) {
  if (const json::object* object = value.if_object()) {
    std::string text;
    for (const auto& member : *object) {
      const std::string key(member.key());
      const bool is_plain = key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos &&
                            !key.empty() && std::isalpha(static_cast<unsigned char>(key.front())) != 0;
      text += (text.empty() ? " " : ", ") + (is_plain ? key : json::serialize(json::string(key))) + ": " + flow(member.value());
    }
    return object->empty() ? "{}" : "{" + text + " }";
  }
  if (const json::array* array = value.if_array()) {
    std::string text;
    for (const json::value& item : *array) text += (text.empty() ? "" : ", ") + flow(item);
    return "[" + text + "]";
  }
  return json::serialize(value);
}

std::string line_of(const SentRequest& request, const std::string& indent) {
  std::string line = fmt::format("{}- {{ method: {}, path: {}", indent, request.method, json::serialize(json::string(request.path)));
  json::error_code broken;
  const json::value body = json::parse(request.body, broken);
  if (!request.body.empty()) line += ", body: " + (broken ? json::serialize(json::string(request.body)) : flow(body));
  return line + " }";
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t indent_of(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }

struct Block {
  std::size_t key = 0;  ///< the line of `requests:`
  std::size_t end = 0;  ///< behind its last line
};

[[noreturn]] void refuse(const std::filesystem::path& file, std::size_t line, const std::string& why) {
  throw Error(ErrorCode::config_invalid, "the case cannot be updated: " + why, {{"file", fmt::format("{}:{}", file.string(), line + 1)}},
              "write what came by hand, or give `requests:` lines of its own");
}

/// `requests:` alone on its line, the list below it.
Block find_block(const std::filesystem::path& file, const std::vector<std::string>& lines) {
  Block block;
  const auto begins = [](const std::string& line) { return std::string_view(line).substr(indent_of(line)).starts_with("requests:"); };
  while (block.key < lines.size() && !begins(lines[block.key])) ++block.key;
  if (block.key == lines.size()) refuse(file, 0, "its 'requests:' does not begin a line");
  const std::size_t indent = indent_of(lines[block.key]);
  const std::string rest = lines[block.key].substr(indent + 9);
  if (rest.find_first_not_of(' ') != std::string::npos && rest.find("[]") == std::string::npos) {
    refuse(file, block.key, "the list begins on the line of its key");
  }
  block.end = block.key + 1;
  while (block.end < lines.size()) {
    const std::string& line = lines[block.end];
    const bool is_item = indent_of(line) == indent && line.compare(indent, 1, "-") == 0;
    if (!line.empty() && indent_of(line) <= indent && !is_item) break;
    if (line.find(" #") != std::string::npos || line.compare(indent_of(line), 1, "#") == 0) {
      refuse(file, block.end, "a comment inside the list would be lost");
    }
    ++block.end;
  }
  while (block.end > block.key + 1 && lines[block.end - 1].empty()) --block.end;
  return block;
}

}  // namespace

/// The rest of the file stays as it is, comments and all.
void update_requests(const std::filesystem::path& file, std::span<const SentRequest> came) {
  std::vector<std::string> lines = lines_of(file);
  const Block block = find_block(file, lines);
  const std::size_t indent = indent_of(lines[block.key]);
  std::vector<std::string> fresh;
  for (const SentRequest& request : came) {
    if (!model::only_reads(request.kind)) {
      fresh.push_back(line_of(request, std::string(indent + 2, ' ')));
    }
  }
  fresh.insert(fresh.begin(), std::string(indent, ' ') + (fresh.empty() ? "requests: []" : "requests:"));
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == block.key) {
      for (const std::string& line : fresh) text += line + '\n';
    }
    if (i < block.key || i >= block.end) text += lines[i] + '\n';
  }
  try {
    replace_file(file, text);
  } catch (const std::system_error& problem) {
    refuse(file, block.key, problem.code().message());
  }
}

}  // namespace engine::operate
