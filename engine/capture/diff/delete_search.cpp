#include "engine/capture/diff/delete_search.h"

namespace engine::capture {

namespace {
constexpr std::size_t page_rows = 10'000;
}

std::int64_t DeleteSearch::run() {
  std::int64_t after = 0;
  while (true) {
    const auto ordinals = journal_.read()->images.ordinals(table_.row.id, after, page_rows);
    if (ordinals.empty()) break;
    after = ordinals.back();
    for (std::size_t at = 0; at < ordinals.size();) {
      settle(unseen(ordinals, at, recheck_.keys_max()));
      if (writer_.is_full()) writer_.write();
    }
    writer_.write();
  }
  return there_;
}

/// Images of the next `limit` ordinals, from `at`, that the pass did not mark.
std::vector<journal::RowImage> DeleteSearch::unseen(const std::vector<std::int64_t>& ordinals, std::size_t& at,
                                                    std::size_t limit) {
  std::vector<journal::RowImage> images;
  std::optional<journal::Journal::Lease> lease;
  for (; at < ordinals.size() && images.size() < limit; ++at) {
    if (seen_.contains(ordinals[at])) continue;
    if (!lease) lease.emplace(journal_.read());
    if (auto image = (*lease)->images.at(ordinals[at])) images.push_back(std::move(*image));
  }
  return images;
}

void DeleteSearch::settle(std::vector<journal::RowImage> images) {
  std::vector<Recheck::Suspect> suspects;
  for (const auto& image : images) {
    suspects.push_back({image.key, image.locator ? model::source_key_from_json(*image.locator) : canonical_source_key(table_.layout, image.image, row_)});
  }
  recheck_.look(suspects);
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!suspects[i].found) recheck_.look_by_canonical_key(suspects[i], images[i]);
    suspects[i].found ? void(++there_) : writer_.erase(std::move(images[i]));
  }
}

}  // namespace engine::capture
