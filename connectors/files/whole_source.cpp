#include "connectors/files/whole_source.h"

#include <algorithm>

#include "engine/base/error.h"

namespace connectors::files {

namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;

namespace {

/// Of all rows those whose keys are wanted, and of these the first `limit`.
class ChosenRows final : public model::RowStream {
 public:
  ChosenRows(std::unique_ptr<model::RowStream> rows, std::size_t columns, std::vector<model::SourceKey> keys, std::size_t limit)
      : rows_(std::move(rows)), columns_(columns), wanted_(std::move(keys)), left_(limit) {
    std::sort(wanted_.begin(), wanted_.end(), by_parts);
  }

  bool next(model::RowBatch& into) override {
    into.begin(columns_);
    while (into.rows() == 0 && left_ > 0) {
      if (!rows_->next(batch_)) return false;
      for (std::size_t i = 0; i < batch_.rows() && left_ > 0; ++i) take(i, into);
    }
    return into.rows() > 0;
  }

 private:
  static bool by_parts(const model::SourceKey& left, const model::SourceKey& right) { return left.parts < right.parts; }

  void take(std::size_t index, model::RowBatch& into) {
    const model::SourceKey key = batch_.source_key(index);
    if (!wanted_.empty() && !std::binary_search(wanted_.begin(), wanted_.end(), key, by_parts)) return;
    const model::RowView row = batch_.row(index);
    for (std::size_t column = 0; column < row.size(); ++column) row.is_null(column) ? into.append_null() : into.append(row.text(column));
    into.end_row();
    into.append_key(key);
    --left_;
  }

  std::unique_ptr<model::RowStream> rows_;
  std::size_t columns_;
  std::vector<model::SourceKey> wanted_;  ///< empty: any
  std::size_t left_;
  model::RowBatch batch_;
};

/// A driver of which nothing is used but the reading of a whole table.
class WholeReads final : public WholeSource {
 public:
  explicit WholeReads(std::unique_ptr<model::Source> source) : source_(std::move(source)) {}

  model::TableShape describe(const model::TableRequest& table) override {
    refuse_query(table);
    model::TableShape shape = source_->describe(table);
    shape.key_is_indexed = false;
    return shape;
  }
  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override {
    refuse_query(table);
    return source_->open_whole(table, shape);
  }
  void close() override { source_->close(); }

 private:
  std::unique_ptr<model::Source> source_;
};

}  // namespace

void refuse_query(const model::TableRequest& table) {
  if (table.query.empty()) return;
  throw Error(ErrorCode::source_refused, "this source takes no queries: its tables are read whole", {},
              "name the table with `from`; what is not wanted is left out by `exclude` and by the pipeline's `where`");
}

std::unique_ptr<model::RowStream> WholeSource::open_range(const model::TableRequest& table, const model::TableShape& shape, const model::KeyRange& range,
                                                          std::size_t limit) {
  if (range.after || range.up_to) throw Error(ErrorCode::source_refused, "a range of keys cannot be read from " + table.from + ": it has no index");
  return std::make_unique<ChosenRows>(open_whole(table, shape), shape.layout.columns.size(), std::vector<model::SourceKey>(), limit);
}

std::unique_ptr<model::RowStream> WholeSource::open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                                         std::span<const model::SourceKey> keys) {
  ENGINE_ASSERT(!keys.empty() && keys.size() <= keys_max());
  return std::make_unique<ChosenRows>(open_whole(table, shape), shape.layout.columns.size(), std::vector<model::SourceKey>(keys.begin(), keys.end()),
                                      static_cast<std::size_t>(-1));
}

std::unique_ptr<model::Source> read_whole_only(std::unique_ptr<model::Source> source) { return std::make_unique<WholeReads>(std::move(source)); }

}  // namespace connectors::files
