#include "engine/capture/watermark/growth_pass.h"

#include "engine/base/error.h"

namespace engine::capture {

void GrowthPass::run(model::GrowthRange range) {
  const CycleScope& scope = reading_.scope;
  while (true) {
    // A row may be stamped anew while the pass goes on and then comes again with a later chunk: that is no doubled key, as it
    // would be within one statement.
    PassBitmap seen;
    Merge merge(scope.journal, scope.table, seen, reading_.writer);
    Chunk chunk = read_chunk(range, merge);
    if (chunk.rows == 0) return;
    const bool stands_still = range.behind && range.behind->value == chunk.last.value && range.behind->key == chunk.last.key;
    if (stands_still) {
      const std::string key = model::source_key_json(chunk.last.key);
      throw Error(ErrorCode::source_bad_data, "reading does not advance: a chunk ends with the row it should begin behind, " + key,
                  {{"key", key}}, "check the type of the watermark's column, and the collation of the key's");
    }
    if (merge.last_row_differed()) merge.doubt(merge.last_key(), chunk.last.key);
    merge.release();
    reading_.writer.write();
    settle_doubts(merge);
    if (chunk.rows < scope.definition.capture.chunk_rows && is_end_(chunk.last.value)) return;
    range.behind = std::move(chunk.last);
  }
}

GrowthPass::Chunk GrowthPass::read_chunk(const model::GrowthRange& range, Merge& merge) {
  const CycleScope& scope = reading_.scope;
  Chunk chunk;
  const auto stream = scope.source.open_growth(scope.definition.request, scope.shape, range, scope.definition.capture.chunk_rows);
  while (stream->next(rows_)) {
    stop_if_asked(scope.stop);
    if (rows_.rows() == 0) continue;
    merge.add(rows_);
    for (std::size_t index = 0; index < rows_.rows(); ++index) row_read_(rows_.row(index));
    chunk.rows += rows_.rows();
    chunk.last = {std::string(rows_.row(rows_.rows() - 1).text(range.within.column)), rows_.source_key(rows_.rows() - 1)};
    reading_.writer.rows_read(static_cast<std::int64_t>(rows_.rows()));
    if (scope.progress) scope.progress(reading_.writer.result().rows_read, 0);
    if (!reading_.writer.is_full()) continue;
    merge.release();
    reading_.writer.write();
  }
  return chunk;
}

/// Not before the stream is closed: some drivers allow one open statement a connection.
void GrowthPass::settle_doubts(Merge& merge) {
  std::vector<Recheck::Suspect> suspects;
  for (auto& [key, source_key] : merge.take_doubtful()) suspects.push_back({key, source_key});
  if (suspects.empty()) return;
  reading_.recheck.look(suspects);
  reading_.writer.write();
}

}  // namespace engine::capture
