#include "engine/settings/layers/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/settings/layers/merge.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/target_catalogue.h"

namespace engine::settings {
namespace {

struct SectionRule {
  Section section;
  const char* key;    ///< of env/NAME.yaml
  const char* thing;  ///< what one entry is
  std::vector<std::string> may_change;  ///< empty: everything but the name
};

const std::array<SectionRule, 3>& section_rules() {
  static const std::array<SectionRule, 3> rules{{{Section::connections, "connections", "connection", {}},
                                                 {Section::tables, "tables", "table", {"capture"}},
                                                 {Section::pipelines, "pipelines", "pipeline", {"set"}}}};
  return rules;
}

const SectionRule& rule_of(Section section) { return section_rules()[static_cast<std::size_t>(section)]; }

const std::vector<std::string>& intervals() {
  static const std::vector<std::string> names{"every", "full_every", "chunk_rows"};
  return names;
}

const std::vector<std::string>& keys_of_instance() {
  static const std::vector<std::string> names{"journal", "metrics", "listen", "alerts", "defaults", "variables"};
  return names;
}

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Only the entries of `map` named in `allowed`; the others are reported. `thing` is "a table", "capture".
YamlNode only(const YamlNode& map, const std::vector<std::string>& allowed, const std::string& thing,
              Diagnostics& diagnostics) {
  YamlNode kept = map;
  for (const YamlEntry& entry : map.entries()) {
    if (is_among(allowed, entry.key)) continue;
    kept = without_key(kept, entry.key);
    const std::string near = nearest(entry.key, allowed);
    diagnostics.error("environment.forbidden", entry.origin,
                      fmt::format("an environment cannot change '{}' of {}: what is tried here would not be what runs "
                                  "there",
                                  entry.key, thing),
                      near.empty() ? fmt::format("it may change {}", listed(allowed, "and"))
                                   : fmt::format("did you mean '{}'?", near));
  }
  return kept;
}

/// "state/journal.db" → "state/journal.test.db"
std::string path_with_name(const std::string& path, const std::string& name) {
  const std::filesystem::path whole(path);
  return (whole.parent_path() / (whole.stem().string() + "." + name + whole.extension().string())).string();
}

bool is_true(const YamlNode* node) { return node != nullptr && node->is_scalar() && node->text() == "true"; }

bool is_map_with_entries(const YamlNode* node) { return node != nullptr && node->is_map() && !node->entries().empty(); }

}  // namespace

Environment::Environment(const std::filesystem::path& instance_folder, const std::string& name,
                         Diagnostics& diagnostics)
    : name_(name), diagnostics_(diagnostics) {
  if (name.empty()) return;
  const std::vector<std::string> names = yaml_names(instance_folder / "env");
  const std::string shown = "env/" + name + ".yaml";
  if (!is_among(names, name)) {
    diagnostics.error("reference.unknown", {shown, 0, 0}, fmt::format("no environment is called '{}'", name),
                      did_you_mean(name, names, names.empty() ? "the instance has none: write " + shown
                                                              : fmt::format("there are {}", listed(names, "and"))));
    return;
  }
  const auto root = read_yaml_file(instance_folder / shown, shown, diagnostics);
  if (root) read_sections(*root);
  is_readable_ = root && root->is_map();
}

void Environment::read_sections(const YamlNode& root) {
  MapReader reader(root, environment_block(), "the environment", diagnostics_);
  if (const std::string own = reader.text("environment", name_); own != name_) {
    diagnostics_.error("name.mismatch", reader.node().find("environment")->origin(),
                       fmt::format("the environment '{}' stands in env/{}.yaml", own, name_),
                       "name the file as the environment");
  }
  instance_ = root;
  for (const std::string& key : keys_of_instance()) reader.take(key);
  for (const SectionRule& rule : section_rules()) {
    instance_ = without_key(instance_, rule.key);
    const YamlNode* section = reader.take(rule.key);
    if (section == nullptr) continue;
    if (!section->is_map()) refuse_kind(*section, reader.named(rule.key), "a map of names", diagnostics_);
    for (const YamlEntry& entry : section->entries()) {
      origins_[rule.section][entry.key] = entry.origin;
      said_[rule.section][entry.key] = allowed_of(rule.section, entry);
    }
  }
  instance_ = allowed_of_instance(without_key(instance_, "environment"));
  reader.finish();
}

YamlNode Environment::allowed_of_instance(const YamlNode& root) {
  YamlNode kept = root;
  for (const YamlEntry& entry : root.entries()) {
    if (!is_among(keys_of_instance(), entry.key)) kept = without_key(kept, entry.key);
  }
  return kept;
}

YamlNode Environment::allowed_of(Section section, const YamlEntry& entry) {
  const SectionRule& rule = rule_of(section);
  const std::string named = fmt::format("the {} '{}'", rule.thing, entry.key);
  if (!entry.value.is_map()) {
    refuse_kind(entry.value, named, "a map of what it changes", diagnostics_);
    return {};
  }
  if (const YamlNode* own = entry.value.find(rule.thing)) {
    diagnostics_.error("environment.forbidden", own->origin(),
                       fmt::format("an environment cannot rename {}", named), "remove it");
    return without_key(entry.value, rule.thing);
  }
  if (rule.may_change.empty()) return entry.value;
  YamlNode kept = only(entry.value, rule.may_change, named, diagnostics_);
  const YamlNode* capture = kept.find("capture");
  if (section != Section::tables || capture == nullptr) return kept;
  return with_value(kept, "capture", only(*capture, intervals(), "capture of " + named, diagnostics_));
}

YamlNode Environment::over_instance_file(const YamlNode& file) {
  if (name_.empty() || !file.is_map()) return file;
  const YamlNode whole = instance_.is_map() ? standing_at(merged(file, instance_), file.origin()) : file;
  const YamlNode* own_journal = instance_.find("journal");
  if (own_journal != nullptr && !own_journal->is_map()) return whole;
  const YamlNode* own_path = own_journal == nullptr ? nullptr : own_journal->find("path");
  const YamlNode* journal = file.find("journal");
  const YamlNode* path = journal == nullptr ? nullptr : journal->find("path");
  const std::string production = path == nullptr ? "journal.db" : path->text();
  if (own_path != nullptr) {
    if (own_path->text() == production) {
      diagnostics_.error("environment.forbidden", own_path->origin(),
                         fmt::format("this is the journal of the instance without --env {}", name_),
                         "name another file, or none: its name then carries the environment's");
    }
    return whole;
  }
  const std::string named = path_with_name(production, name_);
  const YamlNode path_there = path == nullptr ? text_at(named, file.origin()) : with_text(*path, named);
  return standing_at(merged(whole, map_of("journal", map_of("path", path_there))), file.origin());
}

YamlNode Environment::over(Section section, const std::string& name, const YamlNode& file) {
  known_[section].insert(name);
  const auto& said = said_[section];
  const auto found = said.find(name);
  if (found == said.end() || !found->second.is_map() || !file.is_map()) return file;
  const YamlNode& own = found->second;
  if (section != Section::connections) return standing_at(merged(file, own), file.origin());
  YamlNode base = file;
  if (own.find("target") != nullptr) {
    for (const YamlEntry& entry : file.entries()) {
      if (entry.key != "connection") base = without_key(base, entry.key);
    }
  }
  if (own.find("auth") != nullptr) base = without_key(base, "auth");
  return standing_at(merged(base, own), file.origin());
}

void Environment::require_safe(const std::string& name, const YamlNode& file) {
  if (!is_readable_ || file.find("target") == nullptr) return;
  if (is_true(file.find("dry_run")) || is_map_with_entries(file.find("redirect"))) return;
  const auto& said = said_[Section::connections];
  const auto own = said.find(name);
  if (own != said.end()) {
    for (const char* key : {"url", "auth", "target", "path"}) {
      if (own->second.find(key) != nullptr) return;
    }
  }
  diagnostics_.error("environment.unsafe", file.origin(),
                     fmt::format("--env {} refuses to send to '{}', which is production's: it has neither 'dry_run' nor "
                                 "'redirect', nor an address or credentials of its own",
                                 name_, name),
                     fmt::format("add to env/{}.yaml below 'connections:'  {}: {{ dry_run: true }}", name_, name));
}

void Environment::report_unknown() {
  for (const SectionRule& rule : section_rules()) {
    const auto& known = known_[rule.section];
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& [name, origin] : origins_[rule.section]) {
      if (known.contains(name)) continue;
      diagnostics_.error("reference.unknown", origin, fmt::format("no {} is called '{}'", rule.thing, name),
                         did_you_mean(name, names, fmt::format("there are {}", listed(names, "and"))));
    }
  }
}

}  // namespace engine::settings
