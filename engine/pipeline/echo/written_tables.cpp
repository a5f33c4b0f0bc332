#include "engine/pipeline/echo/written_tables.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "engine/base/text/characters.h"

namespace engine::pipeline {

namespace {

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return std::string(text);
}

/// What drivers call the same thing.
std::string meaning_of(std::string_view key) {
  for (const std::string_view server : {"server", "servername", "host", "hostname", "system", "address", "addr"}) {
    if (key == server) return "server";
  }
  for (const std::string_view database : {"database", "db", "dbq", "dbname", "initial catalog"}) {
    if (key == database) return "database";
  }
  return key == "dsn" || key == "port" ? std::string(key) : std::string();
}

std::map<std::string, std::string> place_of(const std::string& connection_string) {
  std::map<std::string, std::string> place;
  for (std::size_t at = 0; at < connection_string.size();) {
    const std::size_t equals = std::min(connection_string.find('=', at), connection_string.size());
    const bool braced = equals + 1 < connection_string.size() && connection_string[equals + 1] == '{';
    const std::size_t from = braced ? std::min(connection_string.find('}', equals), connection_string.size()) : equals;
    const std::size_t end = std::min(connection_string.find(';', from), connection_string.size());
    const std::string key = meaning_of(lower_case(trimmed(std::string_view(connection_string).substr(at, equals - at))));
    std::string value = trimmed(std::string_view(connection_string).substr(std::min(equals + 1, end), end - std::min(equals + 1, end)));
    if (braced && value.size() > 1) value = value.substr(1, value.size() - 2);
    // Paths of files are told apart by case, names of servers are not.
    if (!key.empty() && !value.empty()) place[key] = key == "database" ? value : lower_case(value);
    at = end + 1;
  }
  return place;
}

std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts{""};
  for (const char c : lower_case(name)) {
    if (c == '.') parts.emplace_back();
    else if (c != '"' && c != '`' && c != '[' && c != ']') parts.back() += c;
  }
  return parts;
}

bool is_followed(const settings::Instance& instance, const std::string& table) {
  return std::any_of(instance.pipelines.begin(), instance.pipelines.end(), [&](const auto& pipeline) { return pipeline.second.table == table; });
}

}  // namespace

bool is_same_database(const std::string& left, const std::string& right) {
  const auto place = place_of(left);
  return !place.empty() && place == place_of(right);
}

bool is_same_table(std::string_view left, std::string_view right) {
  const std::vector<std::string> one = parts_of(left), other = parts_of(right);
  const std::size_t shared = std::min(one.size(), other.size());
  return std::equal(one.end() - static_cast<std::ptrdiff_t>(shared), one.end(), other.end() - static_cast<std::ptrdiff_t>(shared));
}

std::map<std::string, std::set<std::string>> written_tables(const settings::Instance& instance) {
  std::map<std::string, std::set<std::string>> written;
  for (const auto& [name, pipeline] : instance.pipelines) {
    const auto target = instance.targets.find(pipeline.target.connection);
    if (target == instance.targets.end() || target->second.target.name != "odbc") continue;
    for (const auto& [table_name, table] : instance.tables) {
      const auto source = instance.sources.find(table.connection);
      // We write headers, not documents: what we wrote of one says nothing about its lines.
      if (!table.request.nested.empty()) continue;
      if (source == instance.sources.end() || table.request.from.empty() || !is_same_table(table.request.from, pipeline.target.object)) continue;
      if (!is_same_database(source->second.odbc.reveal(), target->second.database.odbc.reveal())) continue;
      if (is_followed(instance, table_name)) written[table_name].insert(name);
    }
  }
  return written;
}

}  // namespace engine::pipeline
