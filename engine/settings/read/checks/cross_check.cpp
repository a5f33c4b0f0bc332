#include "engine/settings/read/checks/cross_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/read/checks/use_check.h"

namespace engine::settings {
namespace {

template <class Value>
std::vector<std::string> names_of(const std::map<std::string, Value>& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

/// With the nearest name, else with all there are.
void unknown(const char* kind, const std::string& name, const std::vector<std::string>& known, const Origin& origin,
             Diagnostics& diagnostics) {
  const std::string otherwise =
      known.empty() ? fmt::format("no {} is configured", kind) : fmt::format("there are {}", listed(known, "and"));
  diagnostics.error("reference.unknown", origin, fmt::format("no {} is called '{}'", kind, name),
                    did_you_mean(name, known, otherwise));
}

bool is_read_whole(const Instance& instance, const std::string& connection) {
  const auto source = instance.sources.find(connection);
  if (source == instance.sources.end()) return false;
  const auto dialect = instance.dialects.find(source->second.dialect);
  return source->second.csv || (dialect != instance.dialects.end() && dialect->second.whole_only);
}

/// What could not be read has told its own problem, and is not told again as missing.
void check_tables(const Instance& instance, const References& references, Diagnostics& diagnostics) {
  for (const auto& [name, table] : instance.tables) {
    const std::string& connection = table.connection;
    const Origin& origin = references.connection_of.at(name);
    if (!table.request.nested.empty() && is_read_whole(instance, connection)) {
      diagnostics.error("table.document_whole", origin, fmt::format("tables of connection '{}' are only read whole, and the lines of a document by its key", connection),
                        "read each of its tables as a table of its own");
    }
    if (connection.empty() || instance.sources.contains(connection) ||
        references.unreadable_connections.contains(connection))
      continue;
    if (instance.targets.contains(connection)) {
      diagnostics.error("reference.unknown", origin,
                        fmt::format("the connection '{}' is a target: nothing is read from it", connection));
    } else {
      unknown("source connection", connection, names_of(instance.sources), origin, diagnostics);
    }
  }
}

/// Conditions are asked of databases that are read, whoever else reads them.
void check_conditions(const Instance& instance, const PipelineDefinition& pipeline, const References& references, Diagnostics& diagnostics) {
  std::vector<std::string> asked;
  for (const auto& [name, source] : instance.sources) {
    if (!source.csv) asked.push_back(name);
  }
  for (const HoldWhile& condition : pipeline.hold_while) {
    const std::string& connection = condition.connection;
    if (connection.empty() || references.unreadable_connections.contains(connection)) continue;
    const auto source = instance.sources.find(connection);
    if (source != instance.sources.end() && !source->second.csv) continue;
    if (source != instance.sources.end() || instance.targets.contains(connection)) {
      diagnostics.error("reference.unknown", condition.connection_origin, fmt::format("the connection '{}' takes no queries", connection),
                        "name a source with 'odbc:'");
    } else {
      unknown("source connection", connection, asked, condition.connection_origin, diagnostics);
    }
  }
}

/// The call that `on_delete` needs, as far as one call says it.
std::optional<model::CallKind> call_of(OnDelete on_delete) {
  switch (on_delete) {
    case OnDelete::delete_:
      return model::CallKind::delete_;
    case OnDelete::archive:
      return model::CallKind::archive;
    case OnDelete::resolve:
      return model::CallKind::resolve;
    case OnDelete::update:
    case OnDelete::ignore:
      return std::nullopt;
  }
  return std::nullopt;
}

/// "*" stands for every object that is not written down, as in the targets that take any.
const ObjectDefinition* object_of(const TargetDefinition& target, const std::string& name) {
  auto found = target.objects.find(name);
  if (found == target.objects.end()) found = target.objects.find("*");
  return found == target.objects.end() ? nullptr : &found->second;
}

/// What `on_delete` may say at this object.
std::string offered_on_delete(const ObjectDefinition& object) {
  std::vector<std::string> offered;
  for (const OnDelete on_delete : {OnDelete::delete_, OnDelete::archive, OnDelete::resolve}) {
    if (object.calls.contains(*call_of(on_delete))) offered.emplace_back(model::name_of(*call_of(on_delete)));
  }
  if (object.calls.contains(model::CallKind::update) || object.calls.contains(model::CallKind::upsert))
    offered.emplace_back("{ update: … }");
  offered.emplace_back("ignore");
  return listed(offered);
}

/// The old names that things of one kind claim.
class Renames {
 public:
  Renames(const char* kind, const std::map<std::string, Origin>& things, Diagnostics& diagnostics)
      : kind_(kind), things_(things), diagnostics_(diagnostics) {}

  void add(const std::string& name, const std::string& old_name, const Origin& origin) {
    if (old_name.empty()) return;
    if (const auto thing = things_.find(old_name); thing != things_.end()) {
      diagnostics_.error("rename.ambiguous", origin,
                         fmt::format("'{}' cannot be '{}' renamed: a {} is still called so", name, old_name, kind_),
                         old_name == name ? "remove 'renamed_from'"
                                          : fmt::format("it stands at {}", thing->second.text()));
      return;
    }
    const auto [first, is_new] = claimed_.try_emplace(old_name, origin);
    if (is_new) return;
    diagnostics_.error("rename.ambiguous", origin, fmt::format("two {}s say that they were '{}'", kind_, old_name),
                       fmt::format("the other one says so at {}", first->second.text()));
  }

 private:
  const char* kind_;
  const std::map<std::string, Origin>& things_;
  Diagnostics& diagnostics_;
  std::map<std::string, Origin> claimed_;
};

}  // namespace

void check_references(const Instance& instance, const std::vector<ReadPipeline>& pipelines,
                      const References& references, Diagnostics& diagnostics) {
  check_tables(instance, references, diagnostics);
  for (const ReadPipeline& pipeline : pipelines) {
    const std::string& table = pipeline.definition.table;
    if (!table.empty() && !instance.tables.contains(table) && !references.unreadable_tables.contains(table)) {
      unknown("table", table, names_of(instance.tables), pipeline.table, diagnostics);
    }
    check_conditions(instance, pipeline.definition, references, diagnostics);
    const std::string& connection = pipeline.definition.target.connection;
    if (connection.empty() || instance.targets.contains(connection) ||
        references.unreadable_connections.contains(connection))
      continue;
    if (instance.sources.contains(connection)) {
      diagnostics.error("reference.unknown", pipeline.connection,
                        fmt::format("the connection '{}' is a source: nothing is written to it", connection));
    } else {
      unknown("target connection", connection, names_of(instance.targets), pipeline.connection, diagnostics);
    }
  }
}

void check_target_offers(const Instance& instance, const ReadPipeline& pipeline, Diagnostics& diagnostics) {
  const TargetUse& use = pipeline.definition.target;
  const auto connection = instance.targets.find(use.connection);
  if (connection == instance.targets.end() || use.object.empty()) return;
  const TargetDefinition& target = connection->second.target;
  const ObjectDefinition* object = object_of(target, use.object);
  if (object == nullptr) {
    unknown("object of this target", use.object, names_of(target.objects), pipeline.object, diagnostics);
    return;
  }
  check_writing(*object, pipeline, diagnostics);
  check_drift(*object, pipeline, diagnostics);
  check_fields(*object, pipeline, diagnostics);
  const auto call = call_of(use.on_delete);
  const bool updates =
      object->calls.contains(model::CallKind::update) || object->calls.contains(model::CallKind::upsert);
  const bool lacks = call ? !object->calls.contains(*call) : use.on_delete == OnDelete::update && !updates;
  if (lacks) {
    diagnostics.error("target.lacks", pipeline.on_delete,
                      fmt::format("the target '{}' cannot {} '{}'", use.connection,
                                  call ? model::name_of(*call) : "update", use.object),
                      fmt::format("say on_delete: {}", offered_on_delete(*object)));
  }
  if (use.comment && !object->calls.contains(model::CallKind::comment)) {
    diagnostics.error("target.lacks", use.comment->text.origin,
                      fmt::format("the target '{}' takes no comments on '{}'", use.connection, use.object));
  }
}

void check_redirects(const std::vector<ReadPipeline>& pipelines, const References& references,
                     Diagnostics& diagnostics) {
  for (const auto& [connection, redirected] : references.redirected) {
    std::map<std::string, Origin> written;
    for (const ReadPipeline& pipeline : pipelines) {
      if (pipeline.definition.target.connection != connection) continue;
      const auto writes = [&](const auto& field) { return pipeline.fields.contains(field.first); };
      if (std::none_of(redirected.begin(), redirected.end(), writes)) {
        diagnostics.warning("redirect.none", pipeline.connection,
                            fmt::format("the pipeline '{}' writes none of the fields that the connection '{}' redirects: "
                                        "what it sends goes out as it is",
                                        pipeline.definition.name, connection));
      }
      written.insert(pipeline.fields.begin(), pipeline.fields.end());
    }
    const std::vector<std::string> names = names_of(written);
    for (const auto& [field, origin] : redirected) {
      if (written.contains(field)) continue;
      diagnostics.error("reference.unknown", origin,
                        fmt::format("no pipeline writes the field '{}' to '{}'", field, connection),
                        did_you_mean(field, names));
    }
  }
}

void check_renames(const Instance& instance, const std::vector<ReadPipeline>& pipelines, const References& references,
                   Diagnostics& diagnostics) {
  std::map<std::string, Origin> tables;
  for (const auto& [name, table] : instance.tables) tables.emplace(name, table.origin);
  Renames table_renames("table", tables, diagnostics);
  for (const auto& [name, table] : instance.tables)
    table_renames.add(name, table.renamed_from, references.table_renamed.at(name));
  std::map<std::string, Origin> names;
  for (const ReadPipeline& pipeline : pipelines) names.emplace(pipeline.definition.name, pipeline.definition.origin);
  Renames pipeline_renames("pipeline", names, diagnostics);
  for (const ReadPipeline& pipeline : pipelines)
    pipeline_renames.add(pipeline.definition.name, pipeline.definition.renamed_from, pipeline.renamed_from);
}

void check_webhooks(const Instance& instance, Diagnostics& diagnostics) {
  std::map<std::string, const TargetConnection*> by_path;
  for (const auto& [name, connection] : instance.targets) {
    if (!connection.webhook || connection.target.webhook == WebhookFormat::none) continue;
    const WebhookRule& rule = *connection.webhook;
    if (!instance.webhooks) {
      diagnostics.error("key.missing", rule.origin, fmt::format("the target '{}' posts to us, but nothing listens", name),
                        "add listen: { webhooks: 127.0.0.1:8421 } to datapicker.yaml");
    }
    // A post says its path, not its connection: at one path every connection has to accept the same signature.
    const auto [other, is_new] = by_path.emplace(rule.path, &connection);
    if (is_new) continue;
    const WebhookRule& first = *other->second->webhook;
    const bool same = first.app_secret.reveal() == rule.app_secret.reveal() &&
                      first.verify_token.reveal() == rule.verify_token.reveal();
    if (same && other->second->target.webhook == connection.target.webhook) continue;
    diagnostics.error("value.unknown", rule.origin,
                      fmt::format("'{}' and '{}' are posted to at the same path '{}' with different secrets",
                                  other->second->name, name, rule.path),
                      "give one of them another 'path'");
  }
}

}  // namespace engine::settings
