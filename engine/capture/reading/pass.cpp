#include "engine/capture/reading/pass.h"

#include "engine/base/error.h"

namespace engine::capture {

void Pass::run() {
  if (!reading_.scope.shape.key_is_indexed) return read_whole();
  std::optional<model::SourceKey> after = reading_.scope.table.position.after;
  // Where rows change in all places, as in a first snapshot, each chunk leaves a doubt: what was opened behind it would be closed unread.
  doubted_ = reading_.scope.table.position.snapshot;
  do {
    after = doubted_ ? read_chunk({after, std::nullopt}, reading_.scope.definition.capture.chunk_rows) : read_on(std::move(after));
  } while (after);
}

std::optional<model::SourceKey> Pass::read_chunk(const model::KeyRange& range, std::size_t rows) {
  const CycleScope& scope = reading_.scope;
  std::optional<model::SourceKey> last;
  {
    const auto chunk = scope.source.open_range(scope.definition.request, scope.shape, range, rows);
    last = take_chunk(*chunk, range.after);
  }
  settle_doubts();
  return last;
}

std::optional<model::SourceKey> Pass::read_on(std::optional<model::SourceKey> after) {
  const CycleScope& scope = reading_.scope;
  {
    const auto chunks = scope.source.open_chunks(scope.definition.request, scope.shape, {after, std::nullopt}, scope.definition.capture.chunk_rows);
    do {
      after = take_chunk(*chunks, after);
    } while (after && !merge_.is_in_doubt());
  }
  settle_doubts();
  return after;
}

std::optional<model::SourceKey> Pass::take_chunk(model::RowStream& stream, const std::optional<model::SourceKey>& after) {
  std::optional<model::SourceKey> last;
  while (stream.next(rows_)) {
    stop_if_asked(reading_.scope.stop);
    if (rows_.rows() == 0) continue;
    take_batch();
    last = rows_.source_key(rows_.rows() - 1);
    if (reading_.writer.is_full()) write(last);
  }
  if (!last) return last;
  if (last == after) {
    throw Error(ErrorCode::source_bad_data,
                "reading does not advance: a chunk ends with the key it should begin behind, " + model::source_key_json(*last),
                {{"key", model::source_key_json(*last)}}, "check the collation of the key columns and the index that leads with them");
  }
  if (merge_.last_row_differed()) merge_.doubt(merge_.last_key(), *last);
  write(last);
  return last;
}

void Pass::read_whole() {
  const CycleScope& scope = reading_.scope;
  {
    const auto stream = scope.source.open_whole(scope.definition.request, scope.shape);
    while (stream->next(rows_)) {
      stop_if_asked(scope.stop);
      take_batch();
      if (reading_.writer.is_full()) write(std::nullopt);
    }
  }
  write(std::nullopt);
  settle_doubts();
}

void Pass::take_batch() {
  merge_.add(rows_);
  reading_.writer.rows_read(static_cast<std::int64_t>(rows_.rows()));
  if (reading_.scope.progress) reading_.scope.progress(reading_.writer.result().rows_read, reading_.scope.table.row.rows);
}

/// A first snapshot keeps the key up to which all is journaled; other passes have no position of their own.
void Pass::write(const std::optional<model::SourceKey>& up_to) {
  merge_.release();
  reading_.writer.write(reading_.scope.table.position.snapshot ? up_to : std::nullopt);
}

/// Not before the stream is closed: some drivers allow one open statement a connection.
void Pass::settle_doubts() {
  std::vector<Recheck::Suspect> suspects;
  for (auto& [key, source_key] : merge_.take_doubtful()) suspects.push_back({key, source_key});
  doubted_ = !suspects.empty();
  if (!doubted_) return;
  reading_.recheck.look(suspects);
  reading_.writer.write();
}

}  // namespace engine::capture
