#include "engine/settings/instance.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/read/alerts_reader.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/cross_check.h"
#include "engine/settings/read/dialect_reader.h"
#include "engine/settings/read/instance_file_reader.h"
#include "engine/settings/read/table_reader.h"

namespace engine::settings {
namespace {

namespace fs = std::filesystem;

/// One load of one folder. Every step goes on after problems, so that all are told at once.
class Loader {
 public:
  Loader(const fs::path& folder, const Catalogues& catalogues, const LoadOptions& options, Diagnostics& diagnostics)
      : catalogues_(catalogues),
        options_(options),
        diagnostics_(diagnostics),
        secrets_(folder, options.resolve_secrets),
        targets_(folder, catalogues.targets) {
    instance_.folder = folder;
    instance_.journal_path = folder / "journal.db";
  }

  Instance load() {
    if (!read_main()) return std::move(instance_);
    read_connections();
    read_tables();
    read_pipelines();
    read_dialects();
    check_references(instance_, pipelines_, references_, diagnostics_);
    for (const ReadPipeline& pipeline : pipelines_) check_target_offers(instance_, pipeline, diagnostics_);
    check_owners(pipelines_, diagnostics_);
    for (ReadPipeline& pipeline : pipelines_) add(instance_.pipelines, std::move(pipeline.definition), "pipeline");
    return std::move(instance_);
  }

 private:
  bool read_main() {
    if (!fs::exists(instance_.folder / "datapicker.yaml")) {
      diagnostics_.error("file.missing", {"datapicker.yaml", 0, 0},
                         fmt::format("the folder '{}' has no datapicker.yaml", instance_.folder.string()),
                         "create it with 'instance: name', or name another folder");
      return false;
    }
    const auto root = read_yaml_file(instance_.folder / "datapicker.yaml", "datapicker.yaml", diagnostics_);
    if (!root) return true;
    variables_ = read_variables(*root, diagnostics_);
    const YamlNode whole = expanded(*root);
    defaults_ = read_instance_file(whole, instance_, diagnostics_);
    if (const YamlNode* alerts = whole.find("alerts")) instance_.alerts = read_alerts(*alerts, secrets_, diagnostics_);
    for (const YamlEntry& entry : root->entries()) {
      if (entry.key != "alerts") refuse_secrets(entry.value, "only connections and alerts may hold one", diagnostics_);
    }
    return true;
  }

  static Origin place_of(const YamlNode& map, const char* key) {
    const YamlNode* value = map.find(key);
    return value == nullptr ? map.origin() : value->origin();
  }

  /// Without readable variables every use of one would look wrong, so they are left alone.
  YamlNode expanded(const YamlNode& root) {
    return variables_ ? with_variables(root, *variables_, diagnostics_) : root;
  }

  /// nullopt when the file cannot be read or is no map; its name then counts as known.
  std::optional<YamlNode> read(const std::string& shown, const std::string& name, std::set<std::string>* unreadable) {
    auto root = read_yaml_file(instance_.folder / shown, shown, diagnostics_);
    if (root && !root->is_map()) {
      diagnostics_.error("value.type", {shown, 0, 0},
                         fmt::format("the file must hold a map, not {}", root->kind_name()));
      root.reset();
    }
    if (!root && unreadable != nullptr) unreadable->insert(name);
    if (root) root = expanded(*root);
    return root;
  }

  /// Names are unique among all things of a kind; the second one is refused.
  template <class Map, class Definition>
  void add(Map& map, Definition definition, const char* kind) {
    if (definition.name.empty()) return;
    const auto [first, is_new] = map.try_emplace(definition.name, definition);
    if (is_new) return;
    diagnostics_.error("name.duplicate", definition.origin,
                       fmt::format("a second {} is called '{}'", kind, definition.name),
                       fmt::format("the first one stands at {}", first->second.origin.text()));
  }

  void read_connections() {
    for (const std::string& name : yaml_names(instance_.folder / "connections")) {
      const std::string shown = "connections/" + name + ".yaml";
      const auto root = read(shown, name, &references_.unreadable_connections);
      if (root) read_connection(*root, name);
    }
    for (const auto& [name, target] : instance_.targets) {
      if (const auto source = instance_.sources.find(name); source != instance_.sources.end()) {
        diagnostics_.error("name.duplicate", target.origin, fmt::format("a second connection is called '{}'", name),
                           fmt::format("the first one stands at {}", source->second.origin.text()));
      }
    }
  }

  void read_connection(const YamlNode& root, const std::string& name) {
    const YamlNode* written = root.find("connection");
    const std::string own_name = written != nullptr && written->is_scalar() ? written->text() : name;
    check_name(own_name, root.origin(), diagnostics_);
    const bool is_source = root.find("odbc") != nullptr;
    const bool is_target = root.find("target") != nullptr;
    if (is_source == is_target) {
      diagnostics_.error(is_source ? "key.conflict" : "key.missing", root.origin(),
                         fmt::format("the connection has {} 'odbc' {} 'target'", is_source ? "both" : "neither",
                                     is_source ? "and" : "nor"),
                         "a source has 'odbc: connection string', a target has 'target: name of its definition'");
      references_.unreadable_connections.insert(own_name);
    } else if (is_source) {
      references_.dialect_of.try_emplace(own_name, place_of(root, "dialect"));
      add(instance_.sources, read_source_connection(root, secrets_, diagnostics_), "connection");
    } else {
      auto target =
          read_target_connection(root, {instance_.folder, secrets_, targets_, options_.resolve_secrets}, diagnostics_);
      if (target)
        add(instance_.targets, std::move(*target), "connection");
      else
        references_.unreadable_connections.insert(own_name);
    }
  }

  void read_tables() {
    for (const std::string& name : yaml_names(instance_.folder / "tables")) {
      const auto root = read("tables/" + name + ".yaml", name, &references_.unreadable_tables);
      if (!root) continue;
      refuse_secrets(*root, "only connections may hold one", diagnostics_);
      TableDefinition table = read_table(*root, defaults_.every_ms, diagnostics_);
      references_.connection_of.try_emplace(table.name, place_of(*root, "connection"));
      add(instance_.tables, std::move(table), "table");
    }
  }

  void read_pipelines() {
    std::vector<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(instance_.folder / "pipelines", missing)) {
      if (entry.is_directory()) {
        names.push_back(entry.path().filename());
      } else if (entry.path().extension() == ".yaml") {
        const std::string stem = entry.path().stem();
        diagnostics_.error("file.misplaced", {"pipelines/" + stem + ".yaml", 0, 0},
                           "a pipeline has a folder of its own",
                           fmt::format("move it to pipelines/{}/pipeline.yaml", stem));
      }
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string shown = "pipelines/" + name + "/pipeline.yaml";
      if (!fs::exists(instance_.folder / shown)) {
        diagnostics_.error("file.missing", {shown, 0, 0}, "the folder of a pipeline holds no pipeline.yaml",
                           "add it, or remove the folder");
        continue;
      }
      const auto root = read(shown, name, nullptr);
      if (!root) continue;
      refuse_secrets(*root, "only connections may hold one", diagnostics_);
      pipelines_.push_back(read_pipeline(*root, name, diagnostics_));
    }
  }

  void read_dialects() {
    const fs::path own = instance_.folder / "dialects";
    for (const auto& [name, source] : instance_.sources) {
      if (instance_.dialects.contains(source.dialect)) continue;
      const bool is_own = fs::exists(own / (source.dialect + ".yaml"));
      const fs::path path = (is_own ? own : catalogues_.dialects) / (source.dialect + ".yaml");
      if (!is_own && !fs::exists(path)) {
        unknown_dialect(source, own);
        continue;
      }
      const auto root =
          read_yaml_file(path, is_own ? "dialects/" + source.dialect + ".yaml" : path.string(), diagnostics_);
      auto dialect = root ? read_dialect(*root, diagnostics_) : std::nullopt;
      if (!dialect) continue;
      if (dialect->name != source.dialect) {
        diagnostics_.error("name.mismatch", root->origin(),
                           fmt::format("the file {}.yaml describes the dialect '{}'", source.dialect, dialect->name),
                           "name the file as the dialect");
      }
      instance_.dialects.emplace(source.dialect, std::move(*dialect));
    }
  }

  void unknown_dialect(const SourceConnection& source, const fs::path& own) {
    std::vector<std::string> known = yaml_names(own);
    for (const std::string& name : yaml_names(catalogues_.dialects)) known.push_back(name);
    diagnostics_.error("reference.unknown", references_.dialect_of.at(source.name),
                       fmt::format("the connection '{}' has an unknown dialect '{}'", source.name, source.dialect),
                       did_you_mean(source.dialect, known, fmt::format("there are {}", listed(known, "and"))));
  }

  const Catalogues& catalogues_;
  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  SecretLookup secrets_;
  TargetCatalogue targets_;
  std::optional<Variables> variables_;  ///< none when they cannot be read
  InstanceDefaults defaults_;
  Instance instance_;
  std::vector<ReadPipeline> pipelines_;
  References references_;
};

}  // namespace

Instance load_instance(const fs::path& folder, const Catalogues& catalogues, const LoadOptions& options,
                       Diagnostics& diagnostics) {
  // Journal and certificates are opened long after the process may have changed its folder.
  Instance instance = Loader(fs::absolute(folder), catalogues, options, diagnostics).load();
  diagnostics.sort();
  return instance;
}

}  // namespace engine::settings
