#include "engine/settings/map_reader.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "engine/base/error.h"
#include "engine/base/text/header_text.h"

namespace engine::settings {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> duration_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 8> size_units{{{"B", 1},
                                          {"KB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000},
                                          {"KiB", 1'024},
                                          {"MiB", 1'048'576},
                                          {"GiB", 1'073'741'824}}};

/// A whole number and one of the units, without anything between.
std::optional<std::int64_t> quantity(std::string_view text, std::span<const Unit> units, std::int64_t max) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& candidate : units) {
    if (candidate.name != unit) continue;
    if (number > max / candidate.factor) return std::nullopt;
    return number * candidate.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> duration_ms_of(std::string_view text) {
  return quantity(text, duration_units, 100LL * 366 * 86'400'000);
}

std::optional<std::int64_t> size_bytes_of(std::string_view text) {
  return quantity(text, size_units, 1'000'000'000'000'000);
}

void refuse_kind(const YamlNode& value, const std::string& named, std::string_view expected, Diagnostics& diagnostics) {
  diagnostics.error("value.type", value.origin(),
                    fmt::format("{} must be {}, not {}", named, expected, value.kind_name()));
}

void require_header_name(const std::string& name, const Origin& origin, Diagnostics& diagnostics) {
  if (is_header_name(name)) return;
  diagnostics.error("value.type", origin, fmt::format("'{}' cannot be the name of a header", name), "letters, digits and '-', as in X-Request-Id");
}

void refuse_not_yet(const std::string& feature, const Origin& origin, Diagnostics& diagnostics,
                    std::string suggestion) {
  diagnostics.error("feature.not_yet", origin, fmt::format("'{}' is not available in this version", feature),
                    std::move(suggestion));
}

MapReader::MapReader(const YamlNode& map, const Block& block, std::string what, Diagnostics& diagnostics)
    : map_(map), block_(block), what_(std::move(what)), diagnostics_(diagnostics) {
  if (!map.is_map()) refuse_kind(map, what_, "a map", diagnostics);
}

std::string MapReader::named(std::string_view key) const { return fmt::format("'{}' of {}", key, what_); }

const Origin& MapReader::origin_of(std::string_view key) const {
  for (const YamlEntry& entry : map_.entries()) {
    if (entry.key == key) return entry.origin;
  }
  return map_.origin();
}

const YamlNode* MapReader::take_any(std::string_view key) {
  ENGINE_ASSERT(block_.find(key) != nullptr);  // declared in engine/settings/schema
  known_.emplace(key);
  return map_.find(key);
}

const YamlNode* MapReader::take(std::string_view key) {
  const YamlNode* value = take_any(key);
  if (value == nullptr || !value->is_null()) return value;
  diagnostics_.error("value.missing", origin_of(key), fmt::format("{} is empty", named(key)),
                     "give it a value, or remove the key");
  return nullptr;
}

const YamlNode* MapReader::require(std::string_view key) {
  const YamlNode* value = take(key);
  if (value == nullptr && !has(key) && map_.is_map()) {
    diagnostics_.error("key.missing", map_.origin(), fmt::format("{} has no '{}'", what_, key),
                       fmt::format("add '{}:'", key));
  }
  return value;
}

const YamlNode* MapReader::take_scalar(std::string_view key) {
  const YamlNode* value = take(key);
  if (value == nullptr || value->is_scalar()) return value;
  refuse_kind(*value, named(key), "a single value", diagnostics_);
  return nullptr;
}

std::string MapReader::text(std::string_view key, std::string fallback) {
  const YamlNode* value = take_scalar(key);
  return value == nullptr ? std::move(fallback) : value->text();
}

std::string MapReader::required_text(std::string_view key) {
  const YamlNode* value = require(key);
  if (value == nullptr) return {};
  if (!value->is_scalar())
    refuse_kind(*value, named(key), "a single value", diagnostics_);
  else if (value->text().empty())
    diagnostics_.error("value.missing", value->origin(), fmt::format("{} is empty", named(key)));
  return value->text();
}

bool MapReader::boolean(std::string_view key, bool fallback) {
  const YamlNode* value = take_scalar(key);
  if (value == nullptr) return fallback;
  const model::FieldScalar scalar = core_scalar(*value);
  if (const bool* flag = std::get_if<bool>(&scalar)) return *flag;
  diagnostics_.error("value.type", value->origin(),
                     fmt::format("{} is '{}', but must be true or false", named(key), value->text()));
  return fallback;
}

std::int64_t MapReader::integer(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const YamlNode* value = take_scalar(key);
  if (value == nullptr) return fallback;
  const model::FieldScalar scalar = core_scalar(*value);
  const std::int64_t* number = std::get_if<std::int64_t>(&scalar);
  if (number != nullptr && *number >= min && *number <= max) return *number;
  diagnostics_.error(
      number == nullptr ? "value.type" : "value.range", value->origin(),
      fmt::format("{} is '{}', but must be a whole number from {} to {}", named(key), value->text(), min, max));
  return fallback;
}

double MapReader::number(std::string_view key, double fallback, double min, double max) {
  const YamlNode* value = take_scalar(key);
  if (value == nullptr) return fallback;
  const model::FieldScalar scalar = core_scalar(*value);
  std::optional<double> number;
  if (const auto* whole = std::get_if<std::int64_t>(&scalar)) number = static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&scalar)) number = *real;
  if (number && *number >= min && *number <= max) return *number;
  diagnostics_.error(
      number ? "value.range" : "value.type", value->origin(),
      fmt::format("{} is '{}', but must be a number from {} to {}", named(key), value->text(), min, max));
  return fallback;
}

std::int64_t MapReader::duration_ms(std::string_view key, std::int64_t fallback, std::int64_t min_ms) {
  const YamlNode* value = take_scalar(key);
  if (value == nullptr) return fallback;
  const auto duration = duration_ms_of(value->text());
  if (duration && *duration >= min_ms) return *duration;
  if (duration) {
    diagnostics_.error("value.range", value->origin(),
                       fmt::format("{} is '{}', but must be at least {}ms", named(key), value->text(), min_ms));
  } else {
    diagnostics_.error("value.duration", value->origin(),
                       fmt::format("{} is '{}', which is not a duration", named(key), value->text()),
                       "write a whole number and its unit: 100ms, 5s, 10m, 1h or 30d");
  }
  return fallback;
}

std::int64_t MapReader::size_bytes(std::string_view key, std::int64_t fallback) {
  const YamlNode* value = take_scalar(key);
  if (value == nullptr) return fallback;
  if (const auto size = size_bytes_of(value->text())) return *size;
  diagnostics_.error("value.size", value->origin(),
                     fmt::format("{} is '{}', which is not a size", named(key), value->text()),
                     "write a whole number and its unit: 512B, 10KB, 1MB or 10GB");
  return fallback;
}

std::vector<std::string> MapReader::texts(std::string_view key) {
  const YamlNode* value = take(key);
  std::vector<std::string> list;
  if (value == nullptr) return list;
  if (value->is_scalar()) return {value->text()};
  if (value->is_map()) refuse_kind(*value, named(key), "a list", diagnostics_);
  for (const YamlNode& item : value->items()) {
    if (item.is_scalar() && !item.text().empty())
      list.push_back(item.text());
    else
      refuse_kind(item, "an item of " + named(key), "a text", diagnostics_);
  }
  return list;
}

std::vector<std::pair<std::string, std::string>> MapReader::text_map(std::string_view key) {
  const YamlNode* value = take(key);
  std::vector<std::pair<std::string, std::string>> pairs;
  if (value == nullptr) return pairs;
  if (!value->is_map()) refuse_kind(*value, named(key), "a map", diagnostics_);
  for (const YamlEntry& entry : value->entries()) {
    if (entry.value.is_scalar())
      pairs.emplace_back(entry.key, entry.value.text());
    else
      refuse_kind(entry.value, fmt::format("'{}' in {}", entry.key, named(key)), "a text", diagnostics_);
  }
  return pairs;
}

std::map<std::string, std::string> MapReader::named_texts(std::string_view key) {
  std::map<std::string, std::string> texts;
  for (auto& [name, value] : text_map(key)) texts.emplace(std::move(name), std::move(value));
  return texts;
}

std::map<std::string, std::string> MapReader::headers(std::string_view key) {
  const YamlNode* value = take(key);
  if (value != nullptr && value->is_map()) {
    for (const YamlEntry& entry : value->entries()) require_header_name(entry.key, entry.origin, diagnostics_);
  }
  return named_texts(key);
}

std::string MapReader::header_name(std::string_view key) {
  std::string name = text(key);
  if (!name.empty()) require_header_name(name, map_.find(key)->origin(), diagnostics_);
  return name;
}

void MapReader::finish() {
  for (const Key& key : block_.keys) {
    if (key.later && take_any(key.name) != nullptr) refuse_not_yet(key.name, origin_of(key.name), diagnostics_);
  }
  const std::vector<std::string> names(known_.begin(), known_.end());
  for (const YamlEntry& entry : map_.entries()) {
    if (known_.contains(entry.key)) continue;
    diagnostics_.error("key.unknown", entry.origin, fmt::format("{} has no key '{}'", what_, entry.key),
                       did_you_mean(entry.key, names, fmt::format("it may have {}", listed(names, "and"))));
  }
}

void MapReader::refuse_choice(std::string_view key, const YamlNode& value, const std::vector<std::string>& names) {
  if (!value.is_scalar()) {
    refuse_kind(value, named(key), listed(names), diagnostics_);
    return;
  }
  diagnostics_.error("value.unknown", value.origin(),
                     fmt::format("{} is '{}', but must be {}", named(key), value.text(), listed(names)),
                     did_you_mean(value.text(), names));
}

}  // namespace engine::settings
