#include "engine/journal/pipelines.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/journal/connection.h"

namespace engine::journal {
namespace {

#define PIPELINE_COLUMNS "SELECT id, name, table_id, position, mapping, layout_id FROM pipeline "

PipelineRow read_pipeline(const Statement& row) {
  return {.id = row.integer(0),
          .name = std::string(row.text(1)),
          .table_id = row.integer(2),
          .position = row.integer(3),
          .mapping = std::string(row.text(4)),
          .layout_id = row.optional_integer(5)};
}

}  // namespace

std::optional<PipelineRow> Pipelines::find(const std::string& name) {
  Statement row = connection_.prepare(PIPELINE_COLUMNS "WHERE name = ?1");
  if (!row.bind(1, name).step()) return std::nullopt;
  return read_pipeline(row);
}

std::vector<PipelineRow> Pipelines::all() {
  Statement row = connection_.prepare(PIPELINE_COLUMNS "ORDER BY name");
  std::vector<PipelineRow> pipelines;
  while (row.step()) pipelines.push_back(read_pipeline(row));
  return pipelines;
}

PipelineRow Pipelines::ensure(const std::string& name, std::int64_t table_id, std::int64_t start_position) {
  if (auto known = find(name)) return *known;
  connection_.prepare("INSERT INTO pipeline (name, table_id, position, mapping) VALUES (?, ?, ?, '')")
      .bind(1, name)
      .bind(2, table_id)
      .bind(3, start_position)
      .run();
  return {connection_.last_row_id(), name, table_id, start_position, {}, {}};
}

bool Pipelines::rename(const std::string& from, const std::string& to) {
  if (!find(from)) return false;
  if (find(to)) {
    throw Error(ErrorCode::config_invalid,
                fmt::format("the pipeline '{}' is said to be '{}' renamed, but the journal knows both", to, from), {},
                "remove 'renamed_from', or give the pipeline a name that was never used");
  }
  connection_.prepare("UPDATE pipeline SET name = ?2 WHERE name = ?1").bind(1, from).bind(2, to).run();
  return true;
}

std::int64_t Pipelines::live_records(std::int64_t pipeline_id) {
  Statement count = connection_.prepare("SELECT count(*) FROM last_sent WHERE pipeline_id = ?1 AND live = 1");
  count.bind(1, pipeline_id).step();
  return count.integer(0);
}

void Pipelines::set_position(std::int64_t pipeline_id, std::int64_t seq) {
  connection_.prepare("UPDATE pipeline SET position = ?2 WHERE id = ?1").bind(1, pipeline_id).bind(2, seq).run();
}

void Pipelines::set_mapping(std::int64_t pipeline_id, const std::string& fingerprint) {
  connection_.prepare("UPDATE pipeline SET mapping = ?2 WHERE id = ?1").bind(1, pipeline_id).bind(2, fingerprint).run();
}

void Pipelines::set_layout(std::int64_t pipeline_id, std::int64_t layout_id) {
  connection_.prepare("UPDATE pipeline SET layout_id = ?2 WHERE id = ?1").bind(1, pipeline_id).bind(2, layout_id).run();
}

std::vector<std::string> Pipelines::keys_at_target(std::int64_t pipeline_id, const std::string& after, std::size_t limit) {
  // Spelt as the indexes of open deliveries are, so that theirs is used.
  Statement row = connection_.prepare(
      "SELECT key FROM last_sent WHERE pipeline_id = ?1 AND live = 1 AND key > ?2"
      " UNION SELECT key FROM delivery WHERE pipeline_id = ?1 AND key > ?2"
      " AND (state = 'pending' OR state = 'held' OR state = 'in_flight' OR state = 'uncertain')"
      " ORDER BY key LIMIT ?3");
  row.bind(1, pipeline_id).bind(2, after).bind(3, static_cast<std::int64_t>(limit));
  std::vector<std::string> keys;
  while (row.step()) keys.emplace_back(row.text(0));
  return keys;
}

}  // namespace engine::journal
