#include "engine/capture/diff/pass.h"

#include "engine/base/error.h"

namespace engine::capture {

void Pass::run() { scope_.shape.key_is_indexed ? read_chunks() : read_whole(); }

void Pass::read_chunks() {
  std::optional<model::SourceKey> after = scope_.table.position.after;
  // Fewer rows than asked for are no sign of the end: only an empty chunk is.
  while (auto last = read_chunk(after)) {
    if (last == after) {
      throw Error(ErrorCode::source_bad_data,
                  "reading does not advance: a chunk ends with the key it should begin behind, " + model::source_key_json(*last),
                  {{"key", model::source_key_json(*last)}}, "check the collation of the key columns and the index that leads with them");
    }
    if (merge_.last_row_differed()) merge_.doubt(merge_.last_key(), *last);
    write(last);
    settle_doubts();
    after = std::move(last);
  }
}

std::optional<model::SourceKey> Pass::read_chunk(const std::optional<model::SourceKey>& after) {
  std::optional<model::SourceKey> last;
  const auto stream = scope_.source.open_after(scope_.definition.request, scope_.shape, after, scope_.definition.capture.chunk_rows);
  while (stream->next(rows_)) {
    stop_if_asked(scope_.stop);
    if (rows_.rows() == 0) continue;
    take_batch(*stream);
    last = stream->source_key(rows_.rows() - 1);
    if (writer_.is_full()) write(last);
  }
  return last;
}

void Pass::read_whole() {
  {
    const auto stream = scope_.source.open_whole(scope_.definition.request, scope_.shape);
    while (stream->next(rows_)) {
      stop_if_asked(scope_.stop);
      take_batch(*stream);
      if (writer_.is_full()) write(std::nullopt);
    }
  }
  write(std::nullopt);
  settle_doubts();
}

void Pass::take_batch(const model::RowStream& stream) {
  merge_.add(rows_, stream);
  writer_.rows_read(static_cast<std::int64_t>(rows_.rows()));
  if (scope_.progress) scope_.progress(writer_.result().rows_read, scope_.table.row.rows);
}

/// A first snapshot keeps the key up to which all is journaled; other passes have no position of their own.
void Pass::write(const std::optional<model::SourceKey>& up_to) {
  merge_.release();
  const bool resumable = scope_.table.position.snapshot && up_to;
  writer_.write(resumable ? std::optional(DiffPosition{true, up_to}) : std::nullopt);
}

/// Not before the stream is closed: some drivers allow one open statement a connection.
void Pass::settle_doubts() {
  std::vector<Recheck::Suspect> suspects;
  for (auto& [key, source_key] : merge_.take_doubtful()) suspects.push_back({key, source_key});
  if (suspects.empty()) return;
  recheck_.look(suspects);
  writer_.write();
}

}  // namespace engine::capture
