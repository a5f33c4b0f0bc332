#include "engine/capture/reading/moved_rows.h"

#include <algorithm>

#include "engine/model/row_json.h"

namespace engine::capture {

namespace {
constexpr std::size_t page_rows = 1'000;
}

/// Only what is there tells rows apart: many have no value in such a column.
std::string MovedRows::identity_of(model::RowView row, const std::vector<std::size_t>& columns) const {
  std::string identity;
  for (const std::size_t column : columns) {
    if (row.is_null(column) || row.text(column).find_first_not_of(' ') == std::string_view::npos) return {};
    identity += std::to_string(row.text(column).size());
    identity += ':';
    identity += row.text(column);
  }
  return identity;
}

/// An image that was made with other columns may not tell.
std::string MovedRows::identity_of(const std::string& image) {
  model::Layout columns;
  std::vector<std::size_t> all;
  for (const std::size_t column : identity_) {
    all.push_back(columns.columns.size());
    columns.columns.push_back(table_.layout.columns[column]);
  }
  row_.begin(columns.columns.size());
  model::append_row_from_json(columns, image, row_);
  return identity_of(row_.row(0), all);
}

void MovedRows::put(Rows& rows, Found found, std::string identity) {
  Waiting waiting{std::move(found), std::move(identity), std::nullopt};
  if (waiting.found.provenance != nullptr) waiting.provenance = *waiting.found.provenance;
  bytes_ += sizeof waiting + waiting.found.image.image.size() + waiting.found.before.value_or("").size() + 2 * waiting.found.key.size();
  std::string key = waiting.found.image.key;
  rows.insert_or_assign(std::move(key), std::move(waiting));
}

void MovedRows::came(Found found, model::RowView row) { put(came_, std::move(found), identity_of(row, identity_)); }

void MovedRows::went(Found found) {
  std::string identity = identity_of(*found.before);
  put(went_, std::move(found), std::move(identity));
}

void MovedRows::is_there(std::string_view key) {
  if (const auto row = went_.find(key); row != went_.end()) went_.erase(row);
}

void MovedRows::is_gone(std::string_view key) {
  if (const auto row = came_.find(key); row != came_.end()) came_.erase(row);
}

void MovedRows::clear() {
  came_.clear();
  went_.clear();
  bytes_ = 0;
}

MovedRows::ByIdentity MovedRows::candidates() {
  ByIdentity all;
  for (auto [rows, member] : {std::pair(&came_, &Candidates::came), std::pair(&went_, &Candidates::went)}) {
    for (auto& [key, row] : *rows) {
      if (row.identity.empty()) continue;
      Candidates& same = all[row.identity];
      same.is_sure = same.is_sure && same.*member == nullptr;
      same.*member = &row;
    }
  }
  std::erase_if(all, [](const auto& each) { return !each.second.is_sure || each.second.came == nullptr || each.second.went == nullptr; });
  return all;
}

void MovedRows::count_images(ByIdentity& candidates) {
  std::int64_t after = 0;
  while (true) {
    const auto page = journal_.read()->images.page(table_.row.id, after, page_rows);
    if (page.empty()) return;
    for (const journal::RowImage& image : page) {
      if (const auto same = candidates.find(identity_of(image.image)); same != candidates.end()) ++same->second.images;
    }
    after = page.back().ordinal;
  }
}

std::vector<std::pair<MovedRows::Waiting*, MovedRows::Waiting*>> MovedRows::pairs() {
  std::vector<std::pair<Waiting*, Waiting*>> pairs;
  ByIdentity all = candidates();
  if (all.empty()) return pairs;
  count_images(all);
  for (const auto& [identity, same] : all) {
    // The image of the row that went.
    if (same.images == 1) pairs.emplace_back(same.came, same.went);
  }
  return pairs;
}

}  // namespace engine::capture
