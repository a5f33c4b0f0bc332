#include "engine/operate/review/verify/journal_side.h"

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "connectors/catalog/catalog.h"
#include "engine/base/clock.h"
#include "engine/model/key.h"
#include "engine/model/row_json.h"
#include "engine/operate/instance_access.h"
#include "engine/operate/review/verify/counting.h"

namespace engine::operate {

namespace {

constexpr std::size_t page_ordinals = 10'000;
constexpr std::size_t looked_at_again_max = 2'000;
constexpr std::int64_t tell_every_rows = 10'000;
constexpr std::int64_t patience_ms_max = 30'000;
constexpr auto look_again_pause = std::chrono::milliseconds(250);

std::string cell_text(const model::RowView& row, std::size_t column) { return row.is_null(column) ? std::string() : std::string(row.text(column)); }

class SourceComparison {
 public:
  SourceComparison(journal::Records& records, const settings::Instance& instance, const settings::TableDefinition& table, const VerifyOptions& options)
      : records_(records), table_(table), options_(options) {
    const settings::SourceConnection& connection = instance.sources.at(table.connection);
    source_ = connectors::catalog::make_source(connection, instance.dialects.at(connection.dialect));
    shape_ = source_->describe(table.request);
    table_id_ = records.tables.find(table.name)->id;
  }

  VerifiedSide run() {
    read_source();
    find_gone();
    look_again();
    for (auto& [encoded, suspect] : suspects_) count(side_, std::move(suspect.mismatch), suspect.key, options_.samples);
    return std::move(side_);
  }

 private:
  /// What differed when it was first seen.
  struct Suspect {
    Mismatch mismatch;
    std::string key;
    model::SourceKey source_key;
  };

  void read_source() {
    const std::int64_t total = records_.images.count(table_id_);
    const auto rows = source_->open_whole(table_.request, shape_);
    model::RowBatch batch;
    while (rows->next(batch)) {
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        look_at(batch.row(i), batch.source_key(i));
        if (side_.looked_at % tell_every_rows == 0) options_.tell("source", side_.looked_at, total);
      }
    }
  }

  void look_at(const model::RowView& row, model::SourceKey source_key) {
    ++side_.looked_at;
    encoded_.clear();
    model::encode_key(shape_.layout, row, encoded_);
    const auto image = records_.images.find(table_id_, encoded_);
    if (image) mark_seen(image->ordinal);
    auto mismatch = mismatch_of(row, image);
    if (!mismatch) {
      ++side_.equal;
      return;
    }
    suspect(encoded_, {std::move(*mismatch), model::key_json(shape_.layout, row), std::move(source_key)});
  }

  /// Of a great many the first are looked at again; the others are believed as they were first seen.
  void suspect(const std::string& encoded, Suspect suspect) {
    if (suspects_.size() < looked_at_again_max) suspects_.emplace(encoded, std::move(suspect));
    else count(side_, std::move(suspect.mismatch), suspect.key, options_.samples);
  }

  std::optional<Mismatch> mismatch_of(const model::RowView& row, const std::optional<journal::RowImage>& image) {
    Mismatch mismatch{.kind = MismatchKind::missing, .key = model::key_json(shape_.layout, row), .values = {}};
    if (!image) return mismatch;
    if (image->digest == model::digest_of(row)) return std::nullopt;
    before_.begin(shape_.layout.columns.size());
    model::append_row_from_json(shape_.layout, image->image, before_);
    const model::RowView known = before_.row(0);
    for (std::size_t column = 0; column < shape_.layout.columns.size(); ++column) {
      if (row.is_null(column) == known.is_null(column) && row.text(column) == known.text(column)) continue;
      mismatch.values.push_back({shape_.layout.columns[column].name, cell_text(row, column), cell_text(known, column)});
    }
    mismatch.kind = MismatchKind::different;
    return mismatch.values.empty() ? std::nullopt : std::optional(std::move(mismatch));
  }

  void mark_seen(std::int64_t ordinal) {
    const auto place = static_cast<std::size_t>(ordinal);
    if (place >= seen_.size()) seen_.resize(std::max(place + 1, seen_.size() * 2));
    seen_[place] = true;
  }

  void find_gone() {
    std::int64_t after = 0;
    for (;;) {
      const std::vector<std::int64_t> page = records_.images.ordinals(table_id_, after, page_ordinals);
      if (page.empty()) return;
      after = page.back();
      for (const std::int64_t ordinal : page) {
        const auto place = static_cast<std::size_t>(ordinal);
        if (place < seen_.size() && seen_[place]) continue;
        if (const auto image = records_.images.at(ordinal)) suspect_gone(*image);
      }
    }
  }

  void suspect_gone(const journal::RowImage& image) {
    before_.begin(shape_.layout.columns.size());
    model::append_row_from_json(shape_.layout, image.image, before_);
    const std::string key = model::key_json(shape_.layout, before_.row(0));
    model::SourceKey source_key;
    if (image.locator) source_key = model::source_key_from_json(*image.locator);
    else source_key.parts = model::key_parts(key);
    suspect(image.key, {{.kind = MismatchKind::extra, .key = key, .values = {}}, key, std::move(source_key)});
  }

  /// What changed since the daemon read last is no mismatch: it comes with the next cycle.
  void look_again() {
    const std::int64_t patience = options_.patience_ms > 0 ? options_.patience_ms : std::min(2 * table_.capture.every_ms, patience_ms_max);
    const std::int64_t end = system_clock().steady_ms() + patience;
    while (!suspects_.empty()) {
      options_.tell("what differs, again", static_cast<std::int64_t>(suspects_.size()), 0);
      drop_those_that_agree();
      if (suspects_.empty() || system_clock().steady_ms() >= end) return;
      std::this_thread::sleep_for(look_again_pause);
    }
  }

  void drop_those_that_agree() {
    std::map<std::string, Suspect> there;
    std::vector<std::string> asked;
    std::vector<model::SourceKey> keys;
    const auto ask_now = [&] {
      read_keys(keys, there);
      keys.clear();
    };
    for (const auto& [encoded, suspect] : suspects_) {
      asked.push_back(encoded);
      keys.push_back(suspect.source_key);
      if (keys.size() == source_->keys_max()) ask_now();
    }
    if (!keys.empty()) ask_now();
    for (const std::string& encoded : asked) {
      const auto still = there.find(encoded);
      if (still != there.end()) suspects_.at(encoded) = std::move(still->second);
      else if (!is_gone_and_known(encoded)) {
        suspects_.erase(encoded);
        ++side_.equal;
      }
    }
  }

  /// Rows that are there and still differ.
  void read_keys(const std::vector<model::SourceKey>& keys, std::map<std::string, Suspect>& there) {
    const auto rows = source_->open_keys(table_.request, shape_, keys);
    model::RowBatch batch;
    while (rows->next(batch)) {
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        encoded_.clear();
        model::encode_key(shape_.layout, batch.row(i), encoded_);
        met_.insert(encoded_);
        auto mismatch = mismatch_of(batch.row(i), records_.images.find(table_id_, encoded_));
        if (mismatch) there.insert_or_assign(encoded_, Suspect{std::move(*mismatch), model::key_json(shape_.layout, batch.row(i)), batch.source_key(i)});
      }
    }
  }

  bool is_gone_and_known(const std::string& encoded) {
    const bool is_there = met_.erase(encoded) > 0;
    if (is_there || !records_.images.find(table_id_, encoded)) return false;
    suspects_.at(encoded).mismatch.kind = MismatchKind::extra;
    return true;
  }

  journal::Records& records_;
  const settings::TableDefinition& table_;
  const VerifyOptions& options_;
  std::unique_ptr<model::Source> source_;
  model::TableShape shape_;
  std::int64_t table_id_ = 0;
  VerifiedSide side_;
  std::vector<bool> seen_;  ///< by ordinal
  std::map<std::string, Suspect> suspects_;
  std::set<std::string> met_;
  std::string encoded_;
  model::RowBatch before_;
};

}  // namespace

VerifiedSide compare_source(journal::Records& records, const settings::Instance& instance, const settings::TableDefinition& table,
                            const VerifyOptions& options) {
  return SourceComparison(records, instance, table, options).run();
}

}  // namespace engine::operate
