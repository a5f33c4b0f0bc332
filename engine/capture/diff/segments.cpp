#include "engine/capture/diff/segments.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/capture/reading/delete_search.h"
#include "engine/capture/reading/view.h"

namespace engine::capture {

namespace {

/// A segment that changed is cut into so many pieces, but not below so many rows: where changes come again, they cost less each time.
constexpr std::size_t cuts = 4;
constexpr std::size_t rows_min = 1'000;

/// While one lives, what is marked goes into a set as well.
class Recording {
 public:
  Recording(PassBitmap& seen, std::shared_ptr<OrdinalRuns> members) : seen_(seen) { seen_.record(std::move(members)); }
  ~Recording() { seen_.record(nullptr); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  PassBitmap& seen_;
};

std::optional<std::string> checksum_of(Reading& reading, const model::KeyRange& range) {
  const auto sums = reading.scope.source.checksums(reading.scope.definition.request, reading.scope.shape, {&range, 1});
  return sums ? std::optional(sums->front()) : std::nullopt;
}

/// The first rows of a range become a segment; none without rows.
std::optional<Segment> read_piece(Reading& reading, Pass& pass, const model::KeyRange& range, std::size_t rows) {
  const View view(reading.scope.source);
  Segment piece;
  {
    const Recording recording(reading.seen, piece.members);
    piece.up_to = pass.read_chunk(range, rows);
  }
  if (!piece.up_to) return std::nullopt;
  piece.members->pack();
  if (view.is_open()) piece.checksum = checksum_of(reading, {range.after, piece.up_to});
  return piece;
}

struct Renewed {
  std::optional<Segment> before;  ///< none: it did not change
  std::vector<Segment> pieces;    ///< in which its rows are now; none without rows
};

std::vector<Segment> read_pieces(Reading& reading, const Segment& segment, const std::optional<model::SourceKey>& after) {
  std::size_t rows = reading.scope.definition.capture.chunk_rows;
  if (segment.checksum) rows = std::min(rows, std::max(rows_min, static_cast<std::size_t>(segment.members->size()) / cuts));
  Pass pass(reading);
  std::vector<Segment> pieces;
  model::KeyRange rest{after, segment.up_to};
  while (auto piece = read_piece(reading, pass, rest, rows)) {
    rest.after = piece->up_to;
    pieces.push_back(std::move(*piece));
    if (rest.after == segment.up_to) break;  // nothing can lie behind the range's last key
  }
  // What lies between the last row and the segment's end is empty, and adds nothing to the checksum.
  if (!pieces.empty()) pieces.back().up_to = segment.up_to;
  return pieces;
}

void erase_gone(Reading& reading, Renewed& segment) {
  std::vector<std::int64_t> gone;
  segment.before->members->for_each([&](std::int64_t ordinal) {
    if (!reading.seen.contains(ordinal)) gone.push_back(ordinal);
  });
  const auto found = std::make_shared<OrdinalRuns>();
  {
    const Recording recording(reading.seen, found);
    DeleteSearch(reading).run(gone);
  }
  if (found->empty()) return;
  // There after all: of another state than the checksums.
  std::vector<Segment>& pieces = segment.pieces;
  if (pieces.empty()) pieces.emplace_back().up_to = segment.before->up_to;
  for (Segment& piece : pieces) piece.checksum.reset();
  found->for_each([&](std::int64_t ordinal) { pieces.back().members->add(ordinal); });
  pieces.back().members->pack();
}

}  // namespace

void Segments::forget() {
  segments_.clear();
  checksums_.clear();
}

bool Segments::compare(Reading& reading) {
  checksums_.clear();
  if (segments_.empty()) return false;
  std::vector<model::KeyRange> ranges;
  std::optional<model::SourceKey> after;
  for (const Segment& segment : segments_) ranges.push_back({std::exchange(after, segment.up_to), segment.up_to});
  auto checksums = reading.scope.source.checksums(reading.scope.definition.request, reading.scope.shape, ranges);
  if (!checksums) return false;
  ENGINE_ASSERT(checksums->size() == segments_.size());
  checksums_ = std::move(*checksums);
  return true;
}

Finding Segments::verdict() const {
  std::int64_t rows = 0, in_doubt = 0;
  bool any = false;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    rows += segments_[i].members->size();
    if (!changed(i)) continue;
    any = true;
    in_doubt += segments_[i].members->size();
  }
  if (!any) return Finding::nothing;
  return in_doubt > rows / 2 && rows > static_cast<std::int64_t>(rows_min) ? Finding::everything : Finding::part;
}

void Segments::read_changed(Reading& reading) {
  std::vector<Segment> before = std::exchange(segments_, {});
  const std::vector<std::string> checksums = std::exchange(checksums_, {});
  std::vector<Renewed> segments;
  std::optional<model::SourceKey> begin;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::optional<model::SourceKey> end = before[i].up_to;
    Renewed& segment = segments.emplace_back();
    if (before[i].checksum && before[i].checksum == checksums[i]) {
      segment.pieces.push_back(std::move(before[i]));
    } else {
      segment.pieces = read_pieces(reading, before[i], begin);
      segment.before = std::move(before[i]);
    }
    begin = end;
  }
  // Deletes last: a row that got the key of another range is journaled there before it goes here.
  std::vector<Segment> after;
  for (Renewed& segment : segments) {
    if (segment.before) erase_gone(reading, segment);
    std::ranges::move(segment.pieces, std::back_inserter(after));
  }
  // A segment that became empty is gone: its neighbours' checksums hold for its keys, too.
  if (!after.empty()) after.back().up_to.reset();
  segments_ = std::move(after);
}

void Segments::read_all(Reading& reading) {
  if (segments_.empty() || are_too_fine(reading.scope.definition.capture.chunk_rows)) return cut(reading);
  // As if each had changed: nothing that is remembered is believed.
  for (Segment& segment : segments_) segment.checksum.reset();
  read_changed(reading);
}

bool Segments::are_too_fine(std::size_t chunk_rows) const {
  std::int64_t rows = 0;
  for (const Segment& segment : segments_) rows += segment.members->size();
  return segments_.size() > cuts * (1 + static_cast<std::size_t>(rows) / chunk_rows);
}

void Segments::cut(Reading& reading) {
  forget();
  const CycleScope& scope = reading.scope;
  // A snapshot that goes on behind a key does not see the rows before it: they would belong to no segment.
  const bool can_sum = scope.source.checksums(scope.definition.request, scope.shape, {}).has_value();
  if (!can_sum || !scope.shape.key_is_indexed || scope.table.position.after) return Pass(reading).run();
  std::vector<Segment> pieces;
  Pass pass(reading);
  model::KeyRange rest;
  while (auto piece = read_piece(reading, pass, rest, scope.definition.capture.chunk_rows)) {
    rest.after = piece->up_to;
    pieces.push_back(std::move(*piece));
  }
  if (pieces.empty()) return;
  pieces.back().up_to.reset();
  segments_ = std::move(pieces);
}

}  // namespace engine::capture
