#include "engine/pipeline/range_backfill.h"

#include <algorithm>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/pipeline/planning/resend.h"

namespace engine::pipeline {

namespace {

/// All deliveries of a chunk are planned in one transaction, which others wait for.
constexpr std::size_t chunk_rows_max = 1'000;

std::optional<journal::RangeBackfill> open_one(journal::Records& records, const std::string& table) {
  const auto row = records.tables.find(table);
  auto backfill = row ? records.backfills.find(row->id) : std::nullopt;
  return backfill && backfill->is_open() ? backfill : std::nullopt;
}

std::optional<model::SourceKey> key_of(const std::optional<std::string>& json) {
  return json ? std::optional(model::source_key_from_json(*json)) : std::nullopt;
}

/// One that is gone from the folder, or does not compile any more, is told of by the planner.
struct Planned {
  std::unique_ptr<Planning> planning;
  std::unique_ptr<Resend> resend;
};
std::vector<Planned> planned_for(journal::Records& records, const settings::Instance& instance, const journal::RangeBackfill& backfill,
                                 const model::Layout& layout, const Clock& clock) {
  std::vector<Planned> all;
  for (const std::string& name : backfill.pipelines) {
    const auto definition = instance.pipelines.find(name);
    auto row = records.pipelines.find(name);
    if (definition == instance.pipelines.end() || !row) continue;
    settings::Diagnostics diagnostics;
    Planned each{Planning::compile(definition->second, layout, diagnostics), nullptr};
    if (!each.planning) continue;
    each.resend = std::make_unique<Resend>(*each.planning, std::move(*row), ResendOptions{.force = true}, clock);
    all.push_back(std::move(each));
  }
  return all;
}

}  // namespace

std::vector<std::string> RangeBackfillReading::waiting() const {
  std::vector<std::string> tables;
  auto records = journal_.read();
  for (const auto& [name, table] : instance_.tables) {
    if (open_one(*records, name)) tables.push_back(name);
  }
  return tables;
}

bool RangeBackfillReading::read_chunk(const std::string& table, capture::CaptureMode& mode, model::Source& source, const StopSignal& stop) const {
  const auto backfill = open_one(*journal_.read(), table);
  if (!backfill) return false;
  capture::KeyChunk chunk{.first = std::nullopt, .after = key_of(backfill->at), .up_to = key_of(backfill->last), .rows = chunk_rows_max};
  if (backfill->first) chunk.first = {backfill->first_encoded, model::source_key_from_json(*backfill->first)};
  chunk.rows = std::min(chunk.rows, instance_.tables.at(table).capture.chunk_rows);
  try {
    const capture::ChunkRows rows = mode.read_chunk(source, chunk, stop);
    plan(table, *backfill, rows);
    return rows.last.has_value();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config_invalid) throw;
    give_up(table, *backfill, error.what());
    return false;
  }
}

/// Unless a person ended it, or began another, while the chunk was read.
void RangeBackfillReading::plan(const std::string& table, const journal::RangeBackfill& read_for, const capture::ChunkRows& rows) const {
  std::vector<Planned> pipelines;
  {
    auto records = journal_.read();
    const auto row = records->tables.find(table);
    const auto layout = row && row->layout_id ? records->tables.layout(*row->layout_id) : std::nullopt;
    if (layout) pipelines = planned_for(*records, instance_, read_for, *layout, clock_);
  }
  std::optional<journal::RangeBackfill> ended;
  journal_.write([&](journal::Records& records) {
    auto backfill = records.backfills.find(read_for.table_id);
    if (!backfill || !backfill->is_open() || backfill->begun_ms != read_for.begun_ms) return;
    for (const Planned& each : pipelines) {
      for (const std::int64_t ordinal : rows.ordinals) {
        if (const auto image = records.images.at(ordinal)) each.resend->image(records, *image);
      }
      backfill->sent += each.resend->counts().sent();
      backfill->failed += each.resend->counts().failed;
    }
    backfill->rows += static_cast<std::int64_t>(rows.ordinals.size());
    if (rows.last) backfill->at = model::source_key_json(*rows.last);
    if (!rows.last) backfill->ended_ms = clock_.wall_ms();
    records.backfills.put(*backfill);
    if (!rows.last) ended = backfill;
  });
  if (!ended) return;
  log_event(LogLevel::info, "backfill.done",
            {{"table", table}, {"rows", std::to_string(ended->rows)}, {"sent", std::to_string(ended->sent)}, {"failed", std::to_string(ended->failed)}});
}

void RangeBackfillReading::give_up(const std::string& table, const journal::RangeBackfill& backfill, const std::string& reason) const {
  log_event(LogLevel::warning, "backfill.given_up", {{"table", table}, {"message", reason}});
  journal_.write([&](journal::Records& records) {
    auto now = records.backfills.find(backfill.table_id);
    if (!now || !now->is_open() || now->begun_ms != backfill.begun_ms) return;
    now->ended_ms = clock_.wall_ms();
    now->reason = reason;
    records.backfills.put(*now);
  });
}

}  // namespace engine::pipeline
