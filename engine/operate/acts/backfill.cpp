// `backfill`: reads chosen rows again at the source and sends their newest state.
#include <boost/json.hpp>

#include "connectors/catalog/catalog.h"
#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/acts/resending.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/typed_key.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

// The pipelines asked for, or all that send records of the table: a message stands for a change, and none happened.
std::vector<std::string> pipelines_of(const json::object& request, const settings::Instance& instance, const std::string& table) {
  std::vector<std::string> names = texts_of(request, "pipelines");
  for (const std::string& name : names) {
    const auto& definition = known_definition(instance.pipelines, "pipeline", name);
    if (definition.table == table && definition.deliver != settings::DeliverPolicy::every_change) continue;
    throw Error(ErrorCode::config_invalid, "pipeline " + name + " sends no records of table " + table, {}, "name another, or none for all that do");
  }
  if (!names.empty()) return names;
  for (const auto& [name, definition] : instance.pipelines) {
    if (definition.table == table && definition.deliver != settings::DeliverPolicy::every_change) names.push_back(name);
  }
  return names;
}

capture::Selection selection_of(const json::object& request, const ActContext& context, const std::string& table) {
  capture::Selection selection{.keys = {}, .where = text_of(request, "where")};
  const std::vector<std::string> words = texts_of(request, "keys");
  if (words.empty() == selection.where.empty()) {
    throw Error(ErrorCode::config_invalid, "which rows of " + table + "?", {}, "choose by --key, by --from and --to, or by --where with a condition in the source's SQL");
  }
  auto reader = context.journal.read();
  for (const std::string& word : words) {
    TypedKey key = typed_key(*reader, table, word);
    // A key that the source pads is looked for as the source gave it.
    const auto image = reader->images.find(reader->tables.find(table)->id, key.encoded);
    const bool has_locator = image && image->locator;
    selection.keys.push_back({std::move(key.encoded), has_locator ? model::source_key_from_json(*image->locator) : model::SourceKey{key.parts}});
  }
  return selection;
}

void with_table(const ActContext& context, const settings::TableDefinition& table, const pipeline::CaptureScheduler::TableWork& work) {
  if (context.supervisor != nullptr && context.supervisor->with_table(table.name, work)) return;
  const settings::SourceConnection& connection = context.instance.sources.at(table.connection);
  const auto source = connectors::catalog::make_source(connection, context.instance.dialects.at(connection.dialect));
  work(*capture::make_capture_mode(table, context.journal, context.clock), *source);
}

}  // namespace

json::object backfill(const json::object& request, const ActContext& context) {
  const std::string name = text_of(request, "table");
  const settings::TableDefinition& table = known_definition(context.instance.tables, "table", name);
  const std::vector<std::string> pipelines = pipelines_of(request, context.instance, name);
  if (flag_of(request, "range")) return backfill_range(request, context, table, pipelines);
  const capture::Selection selection = selection_of(request, context, name);
  capture::SelectedRows rows;
  StopSignal stop;
  with_table(context, table, [&](capture::CaptureMode& mode, model::Source& source) {
    rows = mode.read_again(source, selection, stop, [&](std::int64_t read, std::int64_t) {
      if (!context.tell(read, 0)) stop.request();
    });
  });
  json::array counts;
  for (const std::string& each : pipelines) {
    counts.push_back(json_of(each, resend_images(context, each, rows.ordinals, flag_of(request, "dry_run"))));
  }
  return {{"table", name},
          {"rows", static_cast<std::int64_t>(rows.ordinals.size())},
          {"inserts", rows.result.inserts},
          {"updates", rows.result.updates},
          {"deletes", rows.result.deletes},
          {"pipelines", std::move(counts)}};
}

}  // namespace engine::operate
