#include "engine/capture/reading/keyless_pass.h"

#include "engine/capture/reading/merge.h"

namespace engine::capture {

namespace {
constexpr std::size_t image_rows = 10'000;
}

void KeylessPass::run() {
  bool any_came = see_rows();
  if (!all_seen()) {
    any_came = see_rows() || any_came;
    erase_unseen();
  }
  if (any_came) insert_new();
}

/// Marks the images of rows that are there. True when a row has none.
bool KeylessPass::see_rows() {
  const CycleScope& scope = reading_.scope;
  KeyedBatch keys;
  bool any_came = false;
  std::int64_t rows = 0;
  const auto stream = scope.source.open_whole(scope.definition.request, scope.shape);
  while (stream->next(rows_)) {
    stop_if_asked(scope.stop);
    keys.fill(scope.table.layout, rows_);
    auto lease = scope.journal.read();
    auto images = lease->images.cursor(scope.table.row.id);
    for (std::size_t position = 0; position < keys.size(); ++position) {
      const bool known = images.move_to(keys.key(keys.in_order(position)));
      if (known) reading_.seen.mark(images.ordinal());
      any_came = any_came || !known;
    }
    rows += static_cast<std::int64_t>(rows_.rows());
    if (scope.progress) scope.progress(rows, scope.table.row.rows);
  }
  if (reading_.writer.result().rows_read == 0) reading_.writer.rows_read(rows);
  return any_came;
}

bool KeylessPass::all_seen() const {
  const CycleScope& scope = reading_.scope;
  return reading_.seen.marked() == scope.journal.read()->images.count(scope.table.row.id);
}

void KeylessPass::erase_unseen() {
  const CycleScope& scope = reading_.scope;
  for (std::int64_t after = 0;;) {
    const auto ordinals = scope.journal.read()->images.ordinals(scope.table.row.id, after, image_rows);
    if (ordinals.empty()) break;
    after = ordinals.back();
    for (const std::int64_t ordinal : ordinals) {
      if (reading_.seen.contains(ordinal)) continue;
      if (auto image = scope.journal.read()->images.at(ordinal)) reading_.writer.erase(std::move(*image));
      if (reading_.writer.is_full()) reading_.writer.write();
    }
  }
  reading_.writer.write();
}

void KeylessPass::insert_new() {
  const CycleScope& scope = reading_.scope;
  PassBitmap seen;
  Merge merge(scope.journal, scope.table, seen, reading_.writer);
  const auto stream = scope.source.open_whole(scope.definition.request, scope.shape);
  while (stream->next(rows_)) {
    stop_if_asked(scope.stop);
    merge.add(rows_);
    if (!reading_.writer.is_full()) continue;
    merge.release();
    reading_.writer.write();
  }
  merge.release();
  reading_.writer.write();
}

}  // namespace engine::capture
