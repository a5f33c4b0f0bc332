// `backup` and `forget`.
#include <boost/json.hpp>

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
void require_forgettable(journal::Records& records, std::int64_t table_id, const TypedKey& key) {
  if (records.images.find(table_id, key.encoded)) {
    throw Error(ErrorCode::config_invalid, "the row is still at the source: it would be read, and sent, again", {},
                "delete it there or leave it out of the table's query, wait for the next read, then forget it");
  }
  if (const auto open = records.forgetting.open_deliveries(table_id, key.json); open > 0) {
    throw Error(ErrorCode::config_invalid, std::to_string(open) + " deliveries of this key are not finished", {},
                "wait for them, or decide them by `datapicker dead-letters`");
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
  const TypedKey key = typed_key(*layout, name, parts);
  require_forgettable(*reader, table->id, key);
  if (flag_of(request, "dry_run")) return json_of(reader->forgetting.count(table->id, key.json), false);
  journal::Forgotten forgotten;
  context.journal.write([&](journal::Records& records) {
    require_forgettable(records, table->id, key);
    forgotten = records.forgetting.erase(table->id, key.json);
  });
  return json_of(forgotten, context.journal.truncate_wal());
}

}  // namespace engine::operate
