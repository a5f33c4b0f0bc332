#include "engine/capture/reading/delete_search.h"

namespace engine::capture {

namespace {
constexpr std::size_t page_rows = 10'000;
}

std::int64_t DeleteSearch::run() {
  std::int64_t after = 0;
  while (true) {
    const auto ordinals = reading_.scope.journal.read()->images.ordinals(reading_.scope.table.row.id, after, page_rows);
    if (ordinals.empty()) return there_;
    after = ordinals.back();
    run(ordinals);
  }
}

void DeleteSearch::run(std::span<const std::int64_t> ordinals) {
  for (std::size_t at = 0; at < ordinals.size();) {
    settle(unseen(ordinals, at));
    if (reading_.writer.is_full()) reading_.writer.write();
  }
  reading_.writer.write();
}

/// Images of the next ordinals, from `at`, that were not marked: as many as one statement looks up.
std::vector<journal::RowImage> DeleteSearch::unseen(std::span<const std::int64_t> ordinals, std::size_t& at) {
  std::vector<journal::RowImage> images;
  std::optional<journal::Journal::Lease> lease;
  for (; at < ordinals.size() && images.size() < reading_.recheck.keys_max(); ++at) {
    if (reading_.seen.contains(ordinals[at])) continue;
    if (!lease) lease.emplace(reading_.scope.journal.read());
    if (auto image = (*lease)->images.at(ordinals[at])) images.push_back(std::move(*image));
  }
  return images;
}

void DeleteSearch::settle(std::vector<journal::RowImage> images) {
  std::vector<Recheck::Suspect> suspects;
  for (const auto& image : images) suspects.push_back({image.key, source_key_of(reading_.scope.table.layout, image, row_)});
  reading_.recheck.look(suspects);
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!suspects[i].found) reading_.recheck.look_by_canonical_key(suspects[i], images[i]);
    if (suspects[i].found) {
      ++there_;
      reading_.seen.mark(images[i].ordinal);
    } else {
      reading_.writer.erase(std::move(images[i]));
    }
  }
}

}  // namespace engine::capture
