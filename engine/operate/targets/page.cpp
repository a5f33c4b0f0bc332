#include "engine/operate/targets/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/operate/targets/source_text.h"

namespace engine::operate {

using settings::YamlEntry;
using settings::YamlNode;

namespace {

/// What a table row of a request already shows, or what nobody asks a reference page for.
constexpr std::string_view request_keys[] = {"method", "path",   "query", "headers", "body",  "request", "id",
                                             "items",  "record", "form",  "gone",    "absent", "as",     "fields"};

/// A longer body is read in the file itself.
constexpr std::size_t shown_bytes_max = 160;

/// "|" ends a cell, and a line break the table.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

bool is_request_key(std::string_view key) {
  return std::find(std::begin(request_keys), std::end(request_keys), key) != std::end(request_keys);
}

/// "PUT /ticket/{remote_id}" and what goes with it, as cells show it; empty: the map is no call.
std::string request_of(const YamlNode& call) {
  if (const YamlNode* as = call.find("as")) return "as " + as->text();
  const YamlNode* request = call.find("request");
  const YamlNode& at = request != nullptr && request->is_map() ? *request : call;
  const YamlNode* method = at.find("method");
  const YamlNode* path = at.find("path");
  if (method == nullptr || path == nullptr) return {};
  std::string text = code(method->text() + " " + path->text());
  for (const char* part : {"query", "body", "form"}) {
    const YamlNode* value = at.find(part);
    const std::string shown = value == nullptr ? "" : on_one_line(*value);
    if (!shown.empty() && shown.size() <= shown_bytes_max) text += ", " + code(fmt::format("{}: {}", part, shown));
  }
  return text;
}

/// Everything is taken from the file itself: a page that is written by hand would grow old beside it.
class PageWriter {
 public:
  explicit PageWriter(const ShelvedTarget& target) : target_(target), definition_(target.definition) {}

  std::string page() {
    head();
    if (target_.root) {
      connection();
      for (const auto& [title, key] : {std::pair("How it is entered", "auth"), std::pair("Limits", "limits")}) raw(title, key);
      objects(*target_.root->find("objects"));
      if (const YamlNode* answers = target_.root->find("answers")) rules(*answers);
    } else {
      calls_of_code();
    }
    example("Pipeline", example_of(target_, "pipeline"));
    return std::move(text_);
  }

 private:
  void head() {
    text_ = fmt::format("# {}\n\n{}\n\n", definition_.name, definition_.about);
    const std::string proof = proof_of(definition_);
    if (!proof.empty()) text_ += fmt::format("Proved by: {}.\n\n", proof);
    if (!target_.root) return;
    const std::string comment = head_comment(*target_.root);
    if (!comment.empty()) text_ += comment + "\n\n";
  }

  void connection() {
    example("Connection", example_of(target_, "connection"));
    const YamlNode* options = target_.root->find("options");
    if (options == nullptr) return;
    text_ += "Options (`options:` of the connection):\n\n| option | without it | |\n|---|---|---|\n";
    for (const YamlEntry& entry : options->entries()) {
      const std::string without = entry.value.is_null() ? "required where it is used" : code(entry.value.text());
      text_ += fmt::format("| `{}` | {} | {} |\n", entry.key, cell(without), cell(comment_of(*options, entry.origin)));
    }
    text_ += "\n";
  }

  void example(const char* title, const std::string& yaml) {
    if (yaml.empty()) return;
    text_ += fmt::format("## {}\n\n```yaml\n{}{}```\n\n", title, yaml, yaml.ends_with('\n') ? "" : "\n");
  }

  void raw(const char* title, const char* key) {
    const std::string source = source_of(*target_.root, key);
    if (!source.empty()) text_ += fmt::format("## {}\n\n```text\n{}```\n\n", title, source);
  }

  void objects(const YamlNode& map) {
    text_ += "## Objects\n\n";
    for (const YamlEntry& object : map.entries()) {
      text_ += fmt::format("### {}\n\n", object.key == "*" ? "any name" : object.key);
      const std::string comment = comment_of(map, object.origin);
      if (!comment.empty()) text_ += comment + "\n\n";
      if (object.value.entries().empty()) {
        text_ += "Its requests stand in the connection, under `requests:` and `batch:`.\n\n";
        continue;
      }
      text_ += "| call | request | |\n|---|---|---|\n";
      rest_.clear();
      calls("", object.value);
      text_ += "\n" + rest_ + (rest_.empty() ? "" : "\n");
      if (const YamlNode* fields = object.value.find("fields")) field_table(*fields);
    }
  }

  void field_table(const YamlNode& fields) {
    text_ += "| field | | |\n|---|---|---|\n";
    for (const YamlEntry& field : fields.entries()) {
      std::string said;
      for (const YamlEntry& entry : field.value.entries()) {
        const bool is_flag = entry.value.is_scalar() && entry.value.text() == "true";
        said += (said.empty() ? "" : ", ") + (is_flag ? entry.key : entry.key + ": " + on_one_line(entry.value));
      }
      text_ += fmt::format("| `{}` | {} | {} |\n", field.key, cell(said), cell(comment_of(fields, field.origin)));
    }
    text_ += "\n";
  }

  /// Calls stand at the object itself, or in maps below it such as `batch`.
  void calls(const std::string& above, const YamlNode& map) {
    for (const YamlEntry& entry : map.entries()) {
      const std::string name = above.empty() ? entry.key : above + " " + entry.key;
      const std::string request = entry.value.is_map() ? request_of(entry.value) : "";
      if (!request.empty()) {
        text_ += fmt::format("| {} | {} | {} |\n", name, cell(request), cell(notes(map, entry)));
      } else if (entry.value.is_map() && entry.key != "fields") {
        calls(name, entry.value);
      } else if (entry.key != "fields") {
        rest_ += fmt::format("- {}: {}\n", name, code(on_one_line(entry.value)));
      }
    }
  }

  /// The author's comments, then the keys that no other cell shows.
  static std::string notes(const YamlNode& map, const YamlEntry& call) {
    std::string said = comment_of(map, call.origin);
    std::string keys;
    for (const YamlEntry& entry : call.value.entries()) {
      const std::string comment = comment_of(call.value, entry.origin);
      if (!comment.empty() && entry.origin.line != call.origin.line) said += (said.empty() ? "" : " ") + comment;
      if (!is_request_key(entry.key)) keys += (keys.empty() ? "" : ", ") + code(entry.key + ": " + on_one_line(entry.value));
    }
    return said + (said.empty() || keys.empty() ? "" : " ") + keys;
  }

  /// In the order in which they are asked.
  void rules(const YamlNode& list) {
    text_ += "## Answers\n\nThe first rule that fits speaks; what none fits means what HTTP says it means.\n\n"
             "| answer | means | |\n|---|---|---|\n";
    for (const YamlNode& rule : list.items()) {
      std::string when;
      for (const YamlEntry& entry : rule.entries()) {
        if (entry.key != "class" && entry.key != "after" && entry.key != "reason") {
          when += (when.empty() ? "" : ", ") + code(entry.key + ": " + on_one_line(entry.value));
        }
      }
      const YamlNode* means = rule.find("class");
      const YamlNode* after = rule.find("after");
      std::string meaning = means == nullptr ? "" : means->text();
      if (after != nullptr) meaning += ", after " + code(on_one_line(*after));
      std::string note = rule.entries().empty() ? "" : comment_of(rule, rule.entries().front().origin);
      if (const YamlNode* reason = rule.find("reason")) note += (note.empty() ? "" : " ") + fmt::format("Says: {}.", reason->text());
      text_ += fmt::format("| {} | {} | {} |\n", cell(when), cell(meaning), cell(note));
    }
    text_ += "\n";
  }

  void calls_of_code() {
    for (const auto& [name, object] : definition_.objects) {
      text_ += fmt::format("Any object (`{}`) takes: ", name);
      std::string calls;
      for (const auto& [kind, call] : object.calls) calls += (calls.empty() ? "" : ", ") + std::string(model::name_of(kind));
      text_ += calls + ".\n\n";
    }
  }

  const ShelvedTarget& target_;
  const settings::TargetDefinition& definition_;
  std::string text_;
  std::string rest_;
};

}  // namespace

std::string target_page(const ShelvedTarget& target) {
  std::string page = PageWriter(target).page();
  while (page.ends_with("\n\n")) page.pop_back();
  return page;
}

}  // namespace engine::operate
