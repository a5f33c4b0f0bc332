// `backup` and `forget`.
#include <boost/json.hpp>
#include <functional>

#include "engine/base/error.h"
#include "engine/operate/acts/act_kinds.h"
#include "engine/operate/acts/request.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/typed_key.h"

namespace engine::operate {

namespace json = boost::json;

json::object back_up(const json::object& request, const ActContext& context) {
  const std::filesystem::path to = text_of(request, "to");
  if (std::filesystem::exists(to)) {
    throw Error(ErrorCode::config_invalid, to.string() + " is there already", {}, "a backup overwrites nothing: give another name");
  }
  if (!std::filesystem::is_directory(to.parent_path())) {
    throw Error(ErrorCode::config_invalid, "there is no folder " + to.parent_path().string(), {}, "create it for the daemon's user");
  }
  context.journal.back_up(to, context.tell);
  return {{"file", to.string()}, {"bytes", static_cast<std::int64_t>(std::filesystem::file_size(to))}};
}

namespace {

json::object json_of(const journal::Forgotten& forgotten, bool wal_emptied) {
  return {{"changes", forgotten.changes}, {"deliveries", forgotten.deliveries}, {"attempts", forgotten.attempts},
          {"records", forgotten.records}, {"token", forgotten.token},           {"wal_emptied", wal_emptied}};
}

// What is still at the source would be read again as a new row, and what waits would still be sent.
void require_forgettable(journal::Records& records, const settings::Instance& instance, std::int64_t table_id, const TypedKey& key) {
  if (records.images.find(table_id, key.encoded)) {
    throw Error(ErrorCode::config_invalid, "the row is still at the source: it would be read, and sent, again", {},
                "delete it there or leave it out of the table's query, wait for the next read, then forget it");
  }
  if (const auto open = records.forgetting.open_deliveries(table_id, key.json); open > 0) {
    throw Error(ErrorCode::config_invalid, std::to_string(open) + " deliveries of this key are not finished", {},
                "wait for them, or decide them by `datapicker dead-letters`");
  }
  const auto newest = records.changes.of_key(table_id, key.json, 1);
  for (const journal::PipelineRow& row : records.pipelines.all()) {
    const bool follows = row.table_id == table_id && instance.pipelines.contains(row.name);
    if (!follows || newest.empty() || newest.front().seq <= row.position) continue;
    // Without its image the delete could not be mapped any more, and the record would stay at the target.
    throw Error(ErrorCode::config_invalid, "pipeline " + row.name + " has not mapped the newest change of this key", {},
                "wait for it, or let it go on: `datapicker resume pipeline " + row.name + "`");
  }
}

bool means(const std::string& word, const TypedKey& key, const model::Layout& layout, const std::string& table) {
  try {
    return typed_key(layout, table, word).json == key.json;
  } catch (const Error&) {
    return false;  // a word for a key of another table
  }
}

/// The key in a list of an old act's record: as a word somebody typed, or within a text that tells of it.
bool replace_in(json::value& value, const std::function<bool(std::string& text)>& replace, bool in_list) {
  bool any = false;
  if (value.is_object()) {
    for (auto& [name, member] : value.get_object()) any = replace_in(member, replace, false) || any;
  } else if (value.is_array()) {
    for (json::value& item : value.get_array()) any = replace_in(item, replace, true) || any;
  } else if (in_list && value.is_string()) {
    std::string text(value.get_string());
    any = replace(text);
    if (any) value = text;
  }
  return any;
}

/// Acts that were asked for by the key name it in the audit, and those that met it. The same word for a row of another table goes, too:
/// that costs an old record a word, and the other way round a person would stay.
void forget_in_audit(journal::Audit& audit, const TypedKey& key, const model::Layout& layout, const std::string& table,
                     const std::string& token) {
  const auto replace = [&](std::string& text) {
    if (means(text, key, layout, table)) return text = token, true;
    const std::size_t at = text.find(key.json);
    if (at == std::string::npos) return false;
    text.replace(at, key.json.size(), token);
    return true;
  };
  for (journal::AuditEntry& entry : audit.all()) {
    json::value request = json::parse(entry.request);
    json::value outcome = json::parse(entry.outcome);
    const bool asked = replace_in(request, replace, false);
    const bool met = replace_in(outcome, replace, false);
    if (asked || met) audit.rewrite(entry.id, json::serialize(request), json::serialize(outcome));
  }
}

}  // namespace

json::object forget(const json::object& request, const ActContext& context) {
  const std::string name = text_of(request, "table");
  known_definition(context.instance.tables, "table", name);
  auto reader = context.journal.read();
  const auto table = reader->tables.find(name);
  const auto layout = known_layout(*reader, name);
  if (!table || !layout) throw Error(ErrorCode::config_invalid, "table " + name + " was never read");
  const std::vector<std::string> parts = texts_of(request, "key");
  const TypedKey key = typed_key(*reader, name, parts);
  require_forgettable(*reader, context.instance, table->id, key);
  if (flag_of(request, "dry_run")) return json_of(reader->forgetting.count(table->id, key.json), false);
  journal::Forgotten forgotten;
  context.journal.write([&](journal::Records& records) {
    require_forgettable(records, context.instance, table->id, key);
    forgotten = records.forgetting.erase(table->id, key.json);
    forget_in_audit(records.audit, key, *layout, name, forgotten.token);
  });
  return json_of(forgotten, context.journal.truncate_wal());
}

}  // namespace engine::operate
