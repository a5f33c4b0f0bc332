#include "engine/operate/inspect/reading_time.h"

#include <algorithm>
#include <chrono>

#include "engine/base/error.h"

namespace engine::operate {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t rows_max = 10'000;
constexpr double read_ms_max = 1'500;

double ms_since(Clock::time_point begin) { return std::chrono::duration<double, std::milli>(Clock::now() - begin).count(); }

/// Up to the key that was read last.
std::optional<model::SourceKey> read_rows(Look& look, const model::TableRequest& request, const model::TableShape& shape, ReadingTime& time) {
  const bool by_chunks = shape.key_is_indexed;
  const auto begin = Clock::now();
  const auto stream = by_chunks ? look.source->open_range(request, shape, {}, rows_max) : look.source->open_whole(request, shape);
  std::optional<model::SourceKey> last;
  model::RowBatch batch;
  while (time.rows < rows_max && ms_since(begin) < read_ms_max) {
    if (!stream->next(batch)) {
      time.all_read = !by_chunks || time.rows < rows_max;
      break;
    }
    time.rows += batch.rows();
    if (by_chunks && batch.rows() > 0) last = batch.source_key(batch.rows() - 1);
  }
  time.rows_ms = ms_since(begin);
  return last;
}

void time_probe(Look& look, const model::TableRequest& request, ReadingTime& time) {
  if (look.source->probe(request).empty()) return;
  const auto begin = Clock::now();  // the first one prepared its statement
  look.source->probe(request);
  time.probe_ms = ms_since(begin);
}

void time_checksums(Look& look, const model::TableRequest& request, const model::TableShape& shape, const model::SourceKey& last, ReadingTime& time) {
  const model::KeyRange range{.up_to = last};
  const auto begin = Clock::now();
  if (look.source->checksums(request, shape, {&range, 1})) time.checksum_ms = ms_since(begin);
}

double share(double ms, std::uint64_t of_rows, std::uint64_t rows) {
  return rows == 0 ? ms : ms * std::max(1.0, static_cast<double>(of_rows) / static_cast<double>(rows));
}

}  // namespace

double ReadingTime::reading_ms(std::uint64_t of_rows) const { return share(rows_ms, of_rows, rows); }

std::optional<double> ReadingTime::checking_ms(std::uint64_t of_rows) const {
  if (!checksum_ms) return std::nullopt;
  return share(*checksum_ms, of_rows, rows);
}

/// What was measured until a time-out still counts.
ReadingTime measure_reading(Look& look, const model::TableRequest& request) {
  ReadingTime time;
  try {
    const model::TableShape shape = look.source->describe(request);
    const auto last = read_rows(look, request, shape, time);
    time_probe(look, request, time);
    if (last) time_checksums(look, request, shape, *last, time);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::source_busy) throw;
  }
  return time;
}

}  // namespace engine::operate
