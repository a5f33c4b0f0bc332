#include "engine/settings/instance.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/layers/instance_files.h"
#include "engine/settings/read/alerts_reader.h"
#include "engine/settings/read/checks/use_check.h"
#include "engine/settings/read/connection_reader.h"
#include "engine/settings/read/checks/cross_check.h"
#include "engine/settings/read/dialect_reader.h"
#include "engine/settings/read/instance_file_reader.h"
#include "engine/settings/read/table/table_reader.h"

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

  Instance load(const InstancePlace& place) {
    const auto files = read_instance_files(place, diagnostics_);
    if (!files) return std::move(instance_);
    if (files->main) read_main(*files->main);
    read_connections(files->connections);
    targets_.read_own(diagnostics_);
    read_tables(files->tables);
    share_logs();
    read_pipelines(files->pipelines);
    read_dialects();
    check_references(instance_, pipelines_, references_, diagnostics_);
    for (const ReadPipeline& pipeline : pipelines_) check_target_offers(instance_, pipeline, diagnostics_);
    check_parents(instance_, pipelines_, diagnostics_);
    check_together(instance_, pipelines_, diagnostics_);
    check_renames(instance_, pipelines_, references_, diagnostics_);
    check_redirects(pipelines_, references_, diagnostics_);
    check_webhooks(instance_, diagnostics_);
    check_owners(pipelines_, diagnostics_);
    for (ReadPipeline& pipeline : pipelines_) redirect(pipeline.definition.target);
    for (ReadPipeline& pipeline : pipelines_) add(instance_.pipelines, std::move(pipeline.definition), "pipeline");
    return std::move(instance_);
  }

 private:
  void read_main(const YamlNode& root) {
    defaults_ = read_instance_file(root, instance_, diagnostics_);
    if (const YamlNode* alerts = root.find("alerts")) instance_.alerts = read_alerts(*alerts, instance_.folder, secrets_, diagnostics_);
    for (const YamlEntry& entry : root.entries()) {
      if (entry.key != "alerts") refuse_secrets(entry.value, "only connections and alerts may hold one", diagnostics_);
    }
  }

  static Origin place_of(const YamlNode& map, const char* key) {
    const YamlNode* value = map.find(key);
    return value == nullptr ? map.origin() : value->origin();
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

  void read_connections(const std::vector<SettingsFile>& files) {
    for (const SettingsFile& file : files) {
      if (file.root)
        read_connection(*file.root, file.name);
      else
        references_.unreadable_connections.insert(file.name);
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
    // A database that is written has both.
    const YamlNode* target = root.find("target");
    const bool is_target = target != nullptr;
    const bool is_csv = root.find("csv") != nullptr;
    const bool has_odbc = root.find("odbc") != nullptr && !(is_target && target->is_scalar() && target->text() == "odbc");
    const bool is_source = has_odbc || is_csv;
    if (is_source == is_target) {
      diagnostics_.error(is_source ? "key.conflict" : "key.missing", root.origin(),
                         fmt::format("the connection has {} '{}' {} 'target'", is_source ? "both" : "neither",
                                     is_csv ? "csv" : "odbc", is_source ? "and" : "nor"),
                         "a source has 'odbc: connection string' or 'csv: folder', a target has 'target: name of its definition'");
      references_.unreadable_connections.insert(own_name);
    } else if (has_odbc && is_csv) {
      diagnostics_.error("key.conflict", root.find("csv")->origin(), "the connection has both 'odbc' and 'csv'", "a source has one of them");
      references_.unreadable_connections.insert(own_name);
    } else if (is_csv) {
      references_.dialect_of.try_emplace(own_name, place_of(root, "csv"));
      add(instance_.sources, read_csv_connection(root, instance_.folder, diagnostics_), "connection");
    } else if (is_source) {
      references_.dialect_of.try_emplace(own_name, place_of(root, "dialect"));
      add(instance_.sources, read_source_connection(root, secrets_, diagnostics_), "connection");
    } else {
      references_.dialect_of.try_emplace(own_name, place_of(root, "dialect"));
      if (const YamlNode* redirect = root.find("redirect")) {
        for (const YamlEntry& entry : redirect->entries())
          references_.redirected[own_name].try_emplace(entry.key, entry.origin);
      }
      auto target =
          read_target_connection(root, {instance_.folder, secrets_, targets_, options_.resolve_secrets}, diagnostics_);
      if (target) target->tokens = {instance_.journal_path.parent_path() / "tokens", secrets_.credential("token_key")};
      if (target)
        add(instance_.targets, std::move(*target), "connection");
      else
        references_.unreadable_connections.insert(own_name);
    }
  }

  void read_tables(const std::vector<SettingsFile>& files) {
    for (const SettingsFile& file : files) {
      if (!file.root) {
        references_.unreadable_tables.insert(file.name);
        continue;
      }
      refuse_secrets(*file.root, "only connections may hold one", diagnostics_);
      TableDefinition table = read_table(*file.root, defaults_.every_ms, diagnostics_);
      references_.connection_of.try_emplace(table.name, place_of(*file.root, "connection"));
      references_.table_renamed.try_emplace(table.name, place_of(*file.root, "renamed_from"));
      if (!file.each_name.empty()) put_in_key(file, table);
      add(instance_.tables, std::move(table), "table");
    }
  }

  /// A log that the database keeps is read once for all tables that name it.
  void share_logs() {
    std::map<std::string, std::vector<model::LoggedTable>> sharing;
    const auto log_of = [](const TableDefinition& table) {
      const bool own = table.capture.mode != "tail" || !table.capture.is_fed();
      return own ? std::string() : table.connection + "\n" + (table.capture.by == "slot" ? table.capture.log : "." + table.name);
    };
    for (const auto& [name, table] : instance_.tables) sharing[log_of(table)].push_back({name, table.request.from, table.request.key});
    for (auto& [name, table] : instance_.tables) {
      if (const std::string log = log_of(table); !log.empty()) table.capture.sharing = sharing.at(log);
    }
  }

  /// Rows of two companies with the same key are two rows.
  void put_in_key(const SettingsFile& file, TableDefinition& table) {
    table.request.constants = {{file.each_name, file.each_value}};
    for (const auto* columns : {&table.request.key, &table.request.exclude}) {
      if (std::find(columns->begin(), columns->end(), file.each_name) == columns->end()) continue;
      diagnostics_.error("key.conflict", place_of(*file.root, columns == &table.request.key ? "key" : "exclude"),
                         fmt::format("'{}' is the column that for_each adds to the key", file.each_name),
                         "remove it here, or call the value of for_each otherwise");
    }
  }

  void read_pipelines(const std::vector<SettingsFile>& files) {
    for (const SettingsFile& file : files) {
      if (!file.root) continue;
      refuse_secrets(*file.root, "only connections may hold one", diagnostics_);
      ReadPipeline& pipeline = pipelines_.emplace_back(read_pipeline(*file.root, file.name, diagnostics_));
      pipeline.definition.family = file.family;
      pipeline.definition.each_name = file.each_name;
    }
  }

  void redirect(TargetUse& use) const {
    const auto target = instance_.targets.find(use.connection);
    if (target != instance_.targets.end()) use.redirect = target->second.redirect;
  }

  void read_dialects() {
    for (const auto& [name, source] : instance_.sources) {
      if (!instance_.dialects.contains(source.dialect)) {
        if (auto dialect = read_dialect_named(source.dialect, name)) instance_.dialects.emplace(source.dialect, std::move(*dialect));
      }
      check_file(source);
    }
    for (auto& [name, target] : instance_.targets) {
      if (target.target.name != "odbc") continue;
      if (auto dialect = read_dialect_named(target.database.dialect.name, name)) target.database.dialect = std::move(*dialect);
    }
  }

  /// A database that others read while it is written may write its file, or one beside it, without a pause.
  void check_file(const SourceConnection& source) {
    const auto dialect = instance_.dialects.find(source.dialect);
    if (source.file.empty() || dialect == instance_.dialects.end() || dialect->second.open_view.empty()) return;
    diagnostics_.error("key.conflict", source.origin, fmt::format("'file' is not for dialect '{}', which reads one state while others write", source.dialect),
                       "remove it: the dialect has a probe of its own");
  }

  std::optional<DialectDefinition> read_dialect_named(const std::string& dialect_name, const std::string& connection) {
    const fs::path own = instance_.folder / "dialects";
    const bool is_own = fs::exists(own / (dialect_name + ".yaml"));
    const fs::path path = (is_own ? own : catalogues_.dialects) / (dialect_name + ".yaml");
    if (!is_own && !fs::exists(path)) {
      unknown_dialect(dialect_name, connection, own);
      return std::nullopt;
    }
    const auto root = read_yaml_file(path, is_own ? "dialects/" + dialect_name + ".yaml" : path.string(), diagnostics_);
    auto dialect = root ? read_dialect(*root, diagnostics_) : std::nullopt;
    if (dialect && dialect->name != dialect_name) {
      diagnostics_.error("name.mismatch", root->origin(),
                         fmt::format("the file {}.yaml describes the dialect '{}'", dialect_name, dialect->name),
                         "name the file as the dialect");
    }
    return dialect;
  }

  void unknown_dialect(const std::string& dialect_name, const std::string& connection, const fs::path& own) {
    std::vector<std::string> known = yaml_names(own);
    for (const std::string& name : yaml_names(catalogues_.dialects)) known.push_back(name);
    diagnostics_.error("reference.unknown", references_.dialect_of.at(connection),
                       fmt::format("the connection '{}' has an unknown dialect '{}'", connection, dialect_name),
                       did_you_mean(dialect_name, known, fmt::format("there are {}", listed(known, "and"))));
  }

  const Catalogues& catalogues_;
  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  SecretLookup secrets_;
  TargetCatalogue targets_;
  InstanceDefaults defaults_;
  Instance instance_;
  std::vector<ReadPipeline> pipelines_;
  References references_;
};

}  // namespace

Instance load_instance(const InstancePlace& place, const Catalogues& catalogues, const LoadOptions& options,
                       Diagnostics& diagnostics) {
  // Journal and certificates are opened long after the process may have changed its folder.
  const InstancePlace absolute(fs::absolute(place.path), place.environment);
  Instance instance = Loader(absolute.path, catalogues, options, diagnostics).load(absolute);
  diagnostics.sort();
  return instance;
}

}  // namespace engine::settings
