// Rows that came and rows that went within a cycle: which of them are one row that got another key.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/capture/reading/ordinal_runs.h"
#include "engine/capture/tracked_table.h"
#include "engine/model/source/change_log.h"

namespace engine::capture {

/// What a cycle found about one row, on its way into the journal.
struct Found {
  enum class Effect : std::uint8_t { insert, update, erase };
  Effect effect;
  std::optional<model::Operation> operation;  ///< none: the image alone
  journal::RowImage image;
  std::string key;  ///< JSON
  std::optional<std::string> before;
  std::string changed = "[]";
  const model::Provenance* provenance = nullptr;  ///< stays until this is written
  std::shared_ptr<OrdinalRuns> range{};           ///< of an insert: the rows among which it was seen
};

/// Without columns that stay with a row nothing waits here. A row is told to have moved only where these columns have the same values, all of them there, in
/// exactly one row that came, exactly one that went, and no other one of the table: a guess would give one row's record to another.
class MovedRows {
 public:
  MovedRows(journal::Journal& journal, const TrackedTable& table) : journal_(journal), table_(table) {}

  void watch(std::vector<std::size_t> identity) { identity_ = std::move(identity); }
  bool is_watched() const { return !identity_.empty(); }

  struct Waiting {
    Found found;
    std::string identity;  ///< empty: nothing tells it again
    std::optional<model::Provenance> provenance;
  };
  using Rows = std::map<std::string, Waiting, std::less<>>;  ///< by encoded key

  /// The latest reading of a row counts. Its provenance is copied.
  void came(Found found, model::RowView row);
  void went(Found found);
  /// The row was read again, and is there.
  void is_there(std::string_view key);
  /// The row was read again, and is not there.
  void is_gone(std::string_view key);
  bool has_come(std::string_view key) const { return came_.contains(key); }

  bool empty() const { return came_.empty() && went_.empty(); }
  bool is_full() const { return bytes_ >= bytes_max; }

  /// The same rows, the one that came first. All but what waits here is in the images.
  std::vector<std::pair<Waiting*, Waiting*>> pairs();
  Rows& came() { return came_; }
  Rows& went() { return went_; }
  void clear();

 private:
  static constexpr std::size_t bytes_max = 8 << 20;
  struct Candidates {
    Waiting* came = nullptr;
    Waiting* went = nullptr;
    bool is_sure = true;
    int images = 0;
  };
  using ByIdentity = std::map<std::string, Candidates, std::less<>>;

  std::string identity_of(model::RowView row, const std::vector<std::size_t>& columns) const;
  std::string identity_of(const std::string& image);
  void put(Rows& rows, Found found, std::string identity);
  ByIdentity candidates();
  void count_images(ByIdentity& candidates);

  journal::Journal& journal_;
  const TrackedTable& table_;
  std::vector<std::size_t> identity_;  ///< columns of the layout
  Rows came_;
  Rows went_;
  std::size_t bytes_ = 0;
  model::RowBatch row_;  ///< room for what an image says of these columns
};

}  // namespace engine::capture
