#include "connectors/catalog/constant_columns.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace connectors::catalog {

namespace model = engine::model;

namespace {

using Constants = std::vector<std::pair<std::string, std::string>>;

class ConstantRows final : public model::RowStream {
 public:
  ConstantRows(std::unique_ptr<model::RowStream> rows, const Constants& constants)
      : rows_(std::move(rows)), constants_(constants) {}

  bool next(model::RowBatch& into) override {
    if (!rows_->next(batch_)) return false;
    into.begin(batch_.columns() + constants_.size());
    for (std::size_t i = 0; i < batch_.rows(); ++i) {
      for (const auto& [name, value] : constants_) into.append(value);
      const model::RowView row = batch_.row(i);
      for (std::size_t column = 0; column < row.size(); ++column)
        row.is_null(column) ? into.append_null() : into.append(row.text(column));
      into.end_row();
      for (const auto& [name, value] : constants_) into.append_key_part(value);
      into.append_key(batch_.source_key(i));
    }
    return true;
  }

 private:
  std::unique_ptr<model::RowStream> rows_;
  Constants constants_;
  model::RowBatch batch_;
};

model::TableShape with_constants(const model::TableRequest& table, const model::TableShape& shape) {
  model::TableShape wider{.key_is_indexed = shape.key_is_indexed};
  for (const auto& [name, value] : table.constants) {
    if (shape.layout.find(name)) {
      throw engine::Error(engine::ErrorCode::source_refused,
                          fmt::format("{} has a column '{}' itself", table.from.empty() ? "the query" : table.from, name),
                          {}, "call the value of 'for_each' otherwise, or exclude the column");
    }
    wider.layout.key.push_back(wider.layout.columns.size());
    wider.layout.columns.push_back({.name = name, .nullable = false, .source_type = "for_each"});
  }
  const std::size_t added = table.constants.size();
  for (const std::size_t column : shape.layout.key) wider.layout.key.push_back(column + added);
  wider.layout.columns.insert(wider.layout.columns.end(), shape.layout.columns.begin(), shape.layout.columns.end());
  return wider;
}

/// What the source itself knows: the shape and keys without the constants.
model::TableShape without_constants(const model::TableRequest& table, const model::TableShape& shape) {
  const std::size_t added = table.constants.size();
  model::TableShape own{.key_is_indexed = shape.key_is_indexed};
  for (std::size_t i = added; i < shape.layout.columns.size(); ++i) own.layout.columns.push_back(shape.layout.columns[i]);
  for (std::size_t i = added; i < shape.layout.key.size(); ++i) own.layout.key.push_back(shape.layout.key[i] - added);
  return own;
}

model::SourceKey without_constants(const model::TableRequest& table, const model::SourceKey& key) {
  const auto own = key.parts.begin() + static_cast<std::ptrdiff_t>(table.constants.size());
  return {{own, key.parts.end()}};
}

model::KeyRange without_constants(const model::TableRequest& table, const model::KeyRange& range) {
  model::KeyRange own;
  if (range.after) own.after = without_constants(table, *range.after);
  if (range.up_to) own.up_to = without_constants(table, *range.up_to);
  return own;
}

/// A constant never grows: who names one is told so.
std::size_t without_constants(const model::TableRequest& table, const model::TableShape& shape, std::size_t column) {
  if (column >= table.constants.size()) return column - table.constants.size();
  throw engine::Error(engine::ErrorCode::source_refused, fmt::format("'{}' is the same in all rows and cannot be a watermark", shape.layout.columns[column].name));
}

model::GrowthRange without_constants(const model::TableRequest& table, const model::TableShape& shape, model::GrowthRange range) {
  range.within.column = without_constants(table, shape, range.within.column);
  for (model::GrowthBound& other : range.without) other.column = without_constants(table, shape, other.column);
  if (range.behind) range.behind->key = without_constants(table, range.behind->key);
  return range;
}

/// Nothing stands before a key that is not there.
void put_before(const Constants& constants, model::LoggedChange& change) {
  if (change.cells.empty()) return;
  std::vector<std::string> values;
  for (const auto& [name, value] : constants) values.push_back(value);
  change.cells.insert(change.cells.begin(), values.begin(), values.end());
  change.key.parts.insert(change.key.parts.begin(), values.begin(), values.end());
}

class ConstantLog final : public model::ChangeLog {
 public:
  ConstantLog(std::unique_ptr<model::ChangeLog> log, Constants constants) : log_(std::move(log)), constants_(std::move(constants)) {}

  bool next_page(std::vector<model::LoggedChange>& into) override {
    if (!log_->next_page(into)) return false;
    for (model::LoggedChange& entry : into) put_before(constants_, entry);
    return true;
  }
  bool knows_places() const override { return log_->knows_places(); }
  void rewind_places() override { log_->rewind_places(); }
  bool next_places(std::vector<model::LoggedChange>& into) override {
    if (!log_->next_places(into)) return false;
    for (model::LoggedChange& entry : into) put_before(constants_, entry);
    return true;
  }

  void resume(const std::string& mark) override { log_->resume(mark); }
  void refresh(bool at_once) override { log_->refresh(at_once); }
  void require_installed() override { log_->require_installed(); }
  void require_usable() override { log_->require_usable(); }
  std::vector<std::string> remarks() override { return log_->remarks(); }
  bool keeps_entries() const override { return log_->keeps_entries(); }
  bool names_each_change() const override { return log_->names_each_change(); }
  bool has_entries() override { return log_->has_entries(); }
  Backlog backlog() override { return log_->backlog(); }
  void rewind() override { log_->rewind(); }
  std::string forget() override { return log_->forget(); }
  void give_up() override { log_->give_up(); }

 private:
  std::unique_ptr<model::ChangeLog> log_;
  Constants constants_;
};

class ConstantFeed final : public model::ChangeFeed {
 public:
  ConstantFeed(std::unique_ptr<model::ChangeFeed> feed, Constants constants) : feed_(std::move(feed)), constants_(std::move(constants)) {}

  model::LoggedChange change_of(const std::string& key, model::Provenance provenance) const override {
    model::LoggedChange change = feed_->change_of(key, std::move(provenance));
    put_before(constants_, change);
    return change;
  }

  void require_table() override { feed_->require_table(); }
  bool tells_transactions() const override { return feed_->tells_transactions(); }
  void require_usable() override { feed_->require_usable(); }
  std::vector<std::string> identities() override { return feed_->identities(); }
  Standing standing(const std::string& position) override { return feed_->standing(position); }
  void begin_anew() override { feed_->begin_anew(); }
  void read(const std::string& position, const Take& take) override { feed_->read(position, take); }
  void confirm(const std::string& position) override { feed_->confirm(position); }

 private:
  std::unique_ptr<model::ChangeFeed> feed_;
  Constants constants_;
};

class ConstantColumns final : public model::Source {
 public:
  explicit ConstantColumns(std::unique_ptr<model::Source> source) : source_(std::move(source)) {}

  model::TableShape describe(const model::TableRequest& table) override {
    const model::TableShape shape = source_->describe(table);
    return table.constants.empty() ? shape : with_constants(table, shape);
  }

  std::unique_ptr<model::RowStream> open_range(const model::TableRequest& table, const model::TableShape& shape,
                                               const model::KeyRange& range, std::size_t limit) override {
    if (table.constants.empty()) return source_->open_range(table, shape, range, limit);
    return wider(table, source_->open_range(table, without_constants(table, shape), without_constants(table, range), limit));
  }

  bool open_view() override { return source_->open_view(); }
  void close_view() override { source_->close_view(); }
  std::vector<std::string> probe(const model::TableRequest& table) override { return source_->probe(table); }

  std::optional<std::vector<std::string>> checksums(const model::TableRequest& table, const model::TableShape& shape,
                                                    std::span<const model::KeyRange> ranges) override {
    if (table.constants.empty()) return source_->checksums(table, shape, ranges);
    std::vector<model::KeyRange> own;
    for (const model::KeyRange& range : ranges) own.push_back(without_constants(table, range));
    return source_->checksums(table, without_constants(table, shape), own);
  }

  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table,
                                               const model::TableShape& shape) override {
    if (table.constants.empty()) return source_->open_whole(table, shape);
    return wider(table, source_->open_whole(table, without_constants(table, shape)));
  }

  std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                              std::span<const model::SourceKey> keys) override {
    if (table.constants.empty()) return source_->open_keys(table, shape, keys);
    std::vector<model::SourceKey> own_keys;
    own_keys.reserve(keys.size());
    for (const model::SourceKey& key : keys) own_keys.push_back(without_constants(table, key));
    return wider(table, source_->open_keys(table, without_constants(table, shape), own_keys));
  }

  std::optional<std::string> now(const model::TableRequest& table, const model::Column& column) override { return source_->now(table, column); }

  std::optional<std::string> highest(const model::TableRequest& table, const model::TableShape& shape, std::size_t column,
                                     const std::optional<std::string>& not_above) override {
    if (table.constants.empty()) return source_->highest(table, shape, column, not_above);
    return source_->highest(table, without_constants(table, shape), without_constants(table, shape, column), not_above);
  }

  std::unique_ptr<model::RowStream> open_growth(const model::TableRequest& table, const model::TableShape& shape,
                                                const model::GrowthRange& range, std::size_t limit) override {
    if (table.constants.empty()) return source_->open_growth(table, shape, range, limit);
    return wider(table, source_->open_growth(table, without_constants(table, shape), without_constants(table, shape, range), limit));
  }

  std::unique_ptr<model::ChangeLog> change_log(const model::TableRequest& table, const model::TableShape& shape,
                                               const model::LogName& name) override {
    if (table.constants.empty()) return source_->change_log(table, shape, name);
    auto log = source_->change_log(table, without_constants(table, shape), name);
    return log ? std::make_unique<ConstantLog>(std::move(log), table.constants) : nullptr;
  }

  std::unique_ptr<model::ChangeFeed> change_feed(const model::TableRequest& table, const model::TableShape& shape,
                                                 const model::LogName& name) override {
    if (table.constants.empty()) return source_->change_feed(table, shape, name);
    auto feed = source_->change_feed(table, without_constants(table, shape), name);
    return feed ? std::make_unique<ConstantFeed>(std::move(feed), table.constants) : nullptr;
  }

  std::size_t keys_max() const override { return source_->keys_max(); }
  void close() override { source_->close(); }

 private:
  static std::unique_ptr<model::RowStream> wider(const model::TableRequest& table,
                                                 std::unique_ptr<model::RowStream> rows) {
    return std::make_unique<ConstantRows>(std::move(rows), table.constants);
  }

  std::unique_ptr<model::Source> source_;
};

}  // namespace

std::unique_ptr<model::Source> with_constant_columns(std::unique_ptr<model::Source> source) {
  return std::make_unique<ConstantColumns>(std::move(source));
}

}  // namespace connectors::catalog
