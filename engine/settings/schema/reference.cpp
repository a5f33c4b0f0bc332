#include "engine/settings/schema/reference.h"

#include <fmt/format.h>

#include <set>

#include "engine/settings/schema/keys.h"

namespace engine::settings {
namespace {

std::string_view words_of(KeyType type) {
  switch (type) {
    case KeyType::text: return "text";
    case KeyType::boolean: return "true or false";
    case KeyType::integer: return "whole number";
    case KeyType::number: return "number";
    case KeyType::duration: return "duration";
    case KeyType::size: return "size";
    case KeyType::address: return "host:port";
    case KeyType::texts: return "list of texts";
    case KeyType::text_map: return "names and texts";
    case KeyType::sql: return "SQL";
    case KeyType::fields: return "fields and SQL";
    case KeyType::constants: return "fields and constants";
    case KeyType::statuses: return "list of statuses";
    case KeyType::block: return "map";
    case KeyType::named: return "names and maps";
    case KeyType::list: return "list of maps";
    case KeyType::anything: return "any YAML";
  }
  return "";
}

/// "|" ends a cell, and a backtick the code it stands in.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

std::string link(const Block& block) {
  std::string anchor = block.name;
  for (char& c : anchor) c = c == ' ' ? '-' : c;
  return fmt::format("[{}](#{})", block.name, anchor);
}

std::string values_of(const Key& key) {
  std::string text;
  for (const char* choice : key.choices) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", choice);
  const bool has_values = key.choices.empty() || (key.type != KeyType::text && key.type != KeyType::block);
  if (has_values) text += fmt::format("{}{}", text.empty() ? "" : ", ", words_of(key.type));
  if (key.block != nullptr) text += (key.choices.empty() ? ": " : " or ") + link(*key.block);
  return text;
}

class ReferenceWriter {
 public:
  void write(const Block& block, int level) {
    if (!written_.insert(&block).second) return;
    text += fmt::format("\n{} {}\n\n{}\n\n| key | value | without it | |\n|---|---|---|---|\n",
                        std::string(static_cast<std::size_t>(level), '#'), block.name, block.about);
    for (const Key& key : block.keys) {
      const std::string fallback = key.required ? "required" : *key.fallback == '\0' ? "" : fmt::format("`{}`", key.fallback);
      const std::string about = key.later ? fmt::format("Not available in this version. {}", key.about) : key.about;
      text += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.later ? "" : cell(values_of(key)), cell(fallback),
                          cell(about));
    }
    for (const Key& key : block.keys) {
      if (key.block != nullptr) write(*key.block, 3);
    }
  }

  std::string text;

 private:
  std::set<const Block*> written_;
};

}  // namespace

std::string reference() {
  ReferenceWriter writer;
  writer.text =
      "# Every key of the configuration\n\n"
      "Printed by `datapicker schema --reference` from the declarations that the program reads by; a key that does not stand here is\n"
      "refused. Durations are a whole number and a unit (`100ms`, `5s`, `10m`, `1h`, `30d`), sizes as well (`512B`, `10KB`, `1MB`, `10GB`).\n"
      "`${var:name}` may stand in any value, `${secret:name}` where it is said.\n";
  for (const Block* block : {&instance_block(), &source_block(), &csv_block(), &target_connection_block(), &table_block(),
                             &pipeline_block(), &case_block(), &environment_block(), &target_definition_block(), &dialect_block()})
    writer.write(*block, 2);
  return std::move(writer.text);
}

}  // namespace engine::settings
