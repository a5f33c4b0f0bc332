// `backfill --from --to`: a range of keys that is read between the table's cycles, for as long as it takes.
#include "engine/operate/acts/range_backfill.h"

#include <boost/json.hpp>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/typed_key.h"

namespace engine::operate {

namespace json = boost::json;

namespace {

json::value key_of(const std::optional<std::string>& key) { return key ? json::parse(*key) : json::value(nullptr); }

/// As the source gave it where it pads keys, else as it was typed.
std::string source_key_text(journal::Records& records, std::int64_t table_id, const TypedKey& key) {
  const auto image = records.images.find(table_id, key.encoded);
  return image && image->locator ? *image->locator : model::source_key_json(model::SourceKey{key.parts});
}

journal::RangeBackfill asked_for(const json::object& request, journal::Records& records, const settings::TableDefinition& table,
                                 const std::vector<std::string>& pipelines) {
  const auto row = records.tables.find(table.name);
  const auto layout = known_layout(records, table.name);
  if (!row || !layout || row->state == "snapshot") {
    throw Error(ErrorCode::config_invalid, "the first read of table " + table.name + " is not complete", {}, "wait for it: it reads every row");
  }
  journal::RangeBackfill backfill{.table_id = row->id, .pipelines = pipelines};
  if (const std::string from = text_of(request, "from"); !from.empty()) {
    const TypedKey key = typed_key(*layout, table.name, from);
    backfill.first = source_key_text(records, row->id, key);
    backfill.first_encoded = key.encoded;
  }
  if (const std::string to = text_of(request, "to"); !to.empty()) backfill.last = source_key_text(records, row->id, typed_key(*layout, table.name, to));
  return backfill;
}

json::object outcome_of(const std::string& table, const journal::RangeBackfill& backfill, bool running) {
  json::object outcome = json_of(backfill);
  outcome["table"] = table;
  outcome["daemon_running"] = running;
  return outcome;
}

json::object end(const settings::TableDefinition& table, const ActContext& context) {
  std::optional<journal::RangeBackfill> ended;
  context.journal.write([&](journal::Records& records) {
    const auto row = records.tables.find(table.name);
    ended = row ? records.backfills.find(row->id) : std::nullopt;
    if (!ended || !ended->is_open()) throw Error(ErrorCode::config_invalid, "no range of table " + table.name + " is being read again");
    ended->ended_ms = context.clock.wall_ms();
    ended->reason = "ended by " + context.actor;
    records.backfills.put(*ended);
  });
  return outcome_of(table.name, *ended, context.supervisor != nullptr);
}

}  // namespace

json::object json_of(const journal::RangeBackfill& backfill) {
  json::array pipelines;
  for (const std::string& name : backfill.pipelines) pipelines.emplace_back(name);
  json::object object{{"from", key_of(backfill.first)}, {"to", key_of(backfill.last)}, {"at", key_of(backfill.at)}};
  object["rows"] = backfill.rows;
  object["sent"] = backfill.sent;
  object["failed"] = backfill.failed;
  object["begun_ms"] = backfill.begun_ms;
  object["ended_ms"] = backfill.ended_ms ? json::value(*backfill.ended_ms) : json::value(nullptr);
  object["reason"] = backfill.reason;
  object["pipelines"] = std::move(pipelines);
  return object;
}

json::object backfill_range(const json::object& request, const ActContext& context, const settings::TableDefinition& table,
                            const std::vector<std::string>& pipelines) {
  if (flag_of(request, "end")) return end(table, context);
  journal::RangeBackfill backfill = asked_for(request, *context.journal.read(), table, pipelines);
  if (flag_of(request, "dry_run")) return outcome_of(table.name, backfill, context.supervisor != nullptr);
  context.journal.write([&](journal::Records& records) {
    const auto before = records.backfills.find(backfill.table_id);
    if (before && before->is_open()) {
      throw Error(ErrorCode::config_invalid, "a range of table " + table.name + " is being read again already", {},
                  "`datapicker status` shows how far it is; `datapicker backfill " + table.name + " --end` ends it");
    }
    backfill.begun_ms = context.clock.wall_ms();
    records.backfills.put(backfill);
  });
  if (context.supervisor != nullptr) context.supervisor->begin_backfill(table.name);
  return outcome_of(table.name, backfill, context.supervisor != nullptr);
}

}  // namespace engine::operate
