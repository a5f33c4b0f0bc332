#include "connectors/catalog/keyless_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/model/source/row_identity.h"

namespace connectors::catalog {

namespace model = engine::model;

namespace {

constexpr std::size_t identity_columns = 2;

/// How often each row came. Half of the digest is enough to count by: that two of ten million rows share it is as likely as three in a million, and
/// would only number one of them 2.
class Numbers {
 public:
  std::uint32_t next(std::string_view digest) {
    std::uint64_t half = 0;
    std::from_chars(digest.data(), digest.data() + 16, half, 16);
    if (half == free) half = 1;
    if (2 * (used_ + 1) > slots_.size()) grow();
    return put(half) ? 1 : 1 + ++again_[half];
  }

 private:
  static constexpr std::uint64_t free = 0;

  bool put(std::uint64_t half) {
    std::size_t at = half % slots_.size();
    while (slots_[at] != free && slots_[at] != half) at = (at + 1) % slots_.size();
    if (slots_[at] == half) return false;
    slots_[at] = half;
    ++used_;
    return true;
  }
  void grow() {
    const std::vector<std::uint64_t> before = std::exchange(slots_, std::vector<std::uint64_t>(std::max<std::size_t>(1'024, 2 * slots_.size()), free));
    used_ = 0;
    for (const std::uint64_t half : before) {
      if (half != free) put(half);
    }
  }

  std::vector<std::uint64_t> slots_;
  std::size_t used_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> again_;  ///< of rows that came more than once
};

/// All rows, or those of some keys: a row is only found by reading all.
class IdentifiedRows final : public model::RowStream {
 public:
  IdentifiedRows(std::unique_ptr<model::RowStream> rows, const model::Layout& layout, std::vector<model::SourceKey> wanted)
      : rows_(std::move(rows)), digests_(layout), wanted_(std::move(wanted)) {
    std::ranges::sort(wanted_, {}, &model::SourceKey::parts);
  }

  bool next(model::RowBatch& into) override {
    do {
      if (!rows_->next(batch_)) {
        into.begin(1);
        return false;
      }
      into.begin(batch_.columns() + identity_columns);
      for (std::size_t i = 0; i < batch_.rows(); ++i) take(batch_.row(i), into);
    } while (into.rows() == 0);
    return true;
  }

 private:
  void take(model::RowView row, model::RowBatch& into) {
    std::string digest = digests_.of(row);
    std::string number = std::to_string(numbers_.next(digest));
    model::SourceKey key{{std::move(digest), std::move(number)}};
    if (!wanted_.empty() && !std::ranges::binary_search(wanted_, key.parts, {}, &model::SourceKey::parts)) return;
    for (std::size_t column = 0; column < row.size(); ++column) row.is_null(column) ? into.append_null() : into.append(row.text(column));
    for (const std::string& part : key.parts) into.append(part);
    into.end_row();
    into.append_key(key);
  }

  std::unique_ptr<model::RowStream> rows_;
  model::RowDigests digests_;
  Numbers numbers_;
  std::vector<model::SourceKey> wanted_;  ///< empty: any
  model::RowBatch batch_;
};

/// As the source itself sees the table: no key at all.
model::TableRequest own(model::TableRequest table) {
  table.key.clear();
  return table;
}

model::TableShape own(model::TableShape shape) {
  shape.layout.columns.resize(shape.layout.columns.size() - identity_columns);
  shape.layout.key.clear();
  return shape;
}

model::TableShape with_identity(const model::TableRequest& table, model::TableShape shape) {
  shape.key_is_indexed = false;
  shape.layout.key.clear();
  for (const std::string_view name : {model::row_digest_column, model::row_number_column}) {
    if (shape.layout.find(name)) {
      throw engine::Error(engine::ErrorCode::source_refused,
                          fmt::format("{} has a column '{}' itself", table.from.empty() ? "the query" : table.from, name), {},
                          "exclude it, or give it another name in a `query:`");
    }
    const bool is_number = name == model::row_number_column;
    shape.layout.key.push_back(shape.layout.columns.size());
    shape.layout.columns.push_back({.name = std::string(name),
                                    .type = is_number ? model::ColumnType::integer : model::ColumnType::text,
                                    .size = is_number ? std::uint64_t{10} : std::uint64_t{32},
                                    .nullable = false,
                                    .source_type = "key: none"});
  }
  return shape;
}

class KeylessRows final : public model::Source {
 public:
  explicit KeylessRows(std::unique_ptr<model::Source> source) : source_(std::move(source)) {}

  model::TableShape describe(const model::TableRequest& table) override {
    return is_keyless(table) ? with_identity(table, source_->describe(own(table))) : source_->describe(table);
  }
  std::unique_ptr<model::RowStream> open_range(const model::TableRequest& table, const model::TableShape& shape, const model::KeyRange& range,
                                               std::size_t limit) override {
    if (!is_keyless(table)) return source_->open_range(table, shape, range, limit);
    throw engine::Error(engine::ErrorCode::source_refused, "a table without a key is only read as a whole");
  }
  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override {
    return is_keyless(table) ? identified(table, shape, {}) : source_->open_whole(table, shape);
  }
  std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                              std::span<const model::SourceKey> keys) override {
    if (!is_keyless(table)) return source_->open_keys(table, shape, keys);
    return identified(table, shape, {keys.begin(), keys.end()});
  }
  std::optional<std::vector<std::string>> checksums(const model::TableRequest& table, const model::TableShape& shape,
                                                    std::span<const model::KeyRange> ranges) override {
    return is_keyless(table) ? std::nullopt : source_->checksums(table, shape, ranges);
  }
  bool open_view() override { return source_->open_view(); }
  void close_view() override { source_->close_view(); }
  std::vector<std::string> probe(const model::TableRequest& table) override { return source_->probe(table); }
  std::optional<std::string> now(const model::TableRequest& table, const model::Column& column) override { return source_->now(table, column); }
  std::optional<std::string> highest(const model::TableRequest& table, const model::TableShape& shape, std::size_t column,
                                     const std::optional<std::string>& not_above) override {
    return source_->highest(table, shape, column, not_above);
  }
  std::unique_ptr<model::RowStream> open_growth(const model::TableRequest& table, const model::TableShape& shape, const model::GrowthRange& range,
                                                std::size_t limit) override {
    return source_->open_growth(table, shape, range, limit);
  }
  std::unique_ptr<model::ChangeFeed> change_feed(const model::TableRequest& table, const model::TableShape& shape, const model::LogName& name) override {
    return source_->change_feed(table, shape, name);
  }
  std::unique_ptr<model::ChangeLog> change_log(const model::TableRequest& table, const model::TableShape& shape, const model::LogName& name) override {
    return source_->change_log(table, shape, name);
  }
  std::size_t keys_max() const override { return source_->keys_max(); }
  void close() override { source_->close(); }

 private:
  static bool is_keyless(const model::TableRequest& table) { return model::is_row_identity(table.key); }

  std::unique_ptr<model::RowStream> identified(const model::TableRequest& table, const model::TableShape& shape, std::vector<model::SourceKey> wanted) {
    const model::TableShape as_source = own(shape);
    return std::make_unique<IdentifiedRows>(source_->open_whole(own(table), as_source), as_source.layout, std::move(wanted));
  }

  std::unique_ptr<model::Source> source_;
};

}  // namespace

std::unique_ptr<model::Source> with_keyless_rows(std::unique_ptr<model::Source> source) { return std::make_unique<KeylessRows>(std::move(source)); }

}  // namespace connectors::catalog
