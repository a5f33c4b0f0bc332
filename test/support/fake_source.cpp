#include "test/support/fake_source.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/base/error.h"

namespace test {

using engine::model::ColumnType;
using engine::model::SourceKey;

class FakeSource::Stream final : public engine::model::RowStream {
 public:
  Stream(FakeSource& source, std::vector<Cells> rows, std::size_t statement)
      : source_(source), rows_(std::move(rows)), statement_(statement) {
    if (source_.cut_short) end_ = source_.cut_short(statement);
    if (source_.fail_after) fail_ = source_.fail_after(statement);
    source_.open_ = true;
  }
  ~Stream() override { source_.open_ = false; }

  bool next(engine::model::RowBatch& into) override {
    into.begin(source_.layout.columns.size());
    while (at_ < std::min(rows_.size(), end_.value_or(rows_.size())) && into.rows() < source_.array_size) {
      if (fail_ && at_ >= *fail_) throw engine::Error(engine::ErrorCode::source_unreachable, "the connection was lost");
      for (const auto& cell : rows_[at_]) cell ? into.append(*cell) : into.append_null();
      into.end_row();
      into.append_key(source_.source_key(rows_[at_]));
      ++at_;
    }
    source_.statements[statement_].given = at_;
    return into.rows() > 0;
  }

 private:
  FakeSource& source_;
  std::vector<Cells> rows_;
  std::size_t statement_;
  std::size_t at_ = 0;
  std::optional<std::size_t> end_;
  std::optional<std::size_t> fail_;
};

/// While they are there, nothing else is asked of the source.
class FakeSource::Chunks final : public engine::model::RowStream {
 public:
  Chunks(FakeSource& source, std::unique_ptr<engine::model::RowStream> rows) : source_(source), rows_(std::move(rows)) { source_.chunks_open_ = true; }
  ~Chunks() override { source_.chunks_open_ = false; }

  bool next(engine::model::RowBatch& into) override {
    if (!source_.reads_ahead) return rows_->next(into);
    Read read = ahead_ ? *std::exchange(ahead_, std::nullopt) : read_one();
    if (read.error) std::rethrow_exception(read.error);
    if (read.more || any_) ahead_ = read_one();
    any_ = read.more;
    into = std::move(read.rows);
    return read.more;
  }

 private:
  struct Read {
    engine::model::RowBatch rows;
    bool more = false;
    std::exception_ptr error;
  };
  Read read_one() {
    Read read;
    try {
      read.more = rows_->next(read.rows);
    } catch (const engine::Error&) {
      read.error = std::current_exception();
    }
    return read;
  }

  FakeSource& source_;
  std::unique_ptr<engine::model::RowStream> rows_;
  std::optional<Read> ahead_;
  bool any_ = false;
};

FakeSource::FakeSource(engine::model::Layout described) : layout(std::move(described)) {
  compare = [this](const Key& one, const Key& other) {
    for (std::size_t i = 0; i < one.size(); ++i) {
      const bool number = layout.columns[layout.key[i]].type == ColumnType::integer;
      const auto order = number ? std::stoll(one[i]) <=> std::stoll(other[i]) : one[i].compare(other[i]) <=> 0;
      if (order != 0) return order < 0 ? -1 : 1;
    }
    return 0;
  };
}

void FakeSource::put(Cells row) {
  const Key key = key_of(row);
  const auto found = std::ranges::find_if(rows, [&](const Cells& one) { return key_of(one) == key; });
  found == rows.end() ? rows.push_back(std::move(row)) : void(*found = std::move(row));
}

void FakeSource::erase(const Key& key) {
  std::erase_if(rows, [&](const Cells& row) { return key_of(row) == key; });
}

FakeSource::Key FakeSource::key_of(const Cells& row) const {
  Key key;
  for (const std::size_t column : layout.key) key.push_back(row[column].value_or(""));
  return key;
}

SourceKey FakeSource::source_key(const Cells& row) const {
  SourceKey key{key_of(row)};
  for (std::size_t i = 0; i < key.parts.size(); ++i) {
    if (layout.columns[layout.key[i]].type == ColumnType::text && key.parts[i].size() < padded_to) key.parts[i].resize(padded_to, ' ');
  }
  return key;
}

FakeSource::Key FakeSource::without_padding(const SourceKey& source_key) const {
  Key key = source_key.parts;
  for (std::string& part : key) {
    while (padded_to > 0 && part.ends_with(' ')) part.pop_back();
  }
  return key;
}

std::vector<const Cells*> FakeSource::ordered() const {
  std::vector<std::pair<Key, const Cells*>> keyed;
  for (const Cells& row : rows) keyed.emplace_back(key_of(row), &row);
  std::ranges::stable_sort(keyed, [this](const auto& one, const auto& other) { return compare(one.first, other.first) < 0; });
  std::vector<const Cells*> all;
  for (const auto& [key, row] : keyed) all.push_back(row);
  return all;
}

std::size_t FakeSource::rows_given(char kind) const {
  std::size_t given = 0;
  for (const Statement& statement : statements) given += statement.kind == kind ? statement.given : 0;
  return given;
}

std::size_t FakeSource::begin_statement(char kind, const std::optional<SourceKey>& after) {
  ENGINE_ASSERT(!open_ && (kind == 'a' || !chunks_open_));
  statements.push_back({kind, after});
  if (before_statement) before_statement(statements.size() - 1);
  return statements.size() - 1;
}

std::unique_ptr<engine::model::RowStream> FakeSource::stream(std::vector<Cells> given, std::size_t statement) {
  return std::make_unique<Stream>(*this, std::move(given), statement);
}

engine::model::TableShape FakeSource::describe(const engine::model::TableRequest&) { return {layout, key_is_indexed}; }

std::unique_ptr<engine::model::RowStream> FakeSource::open_range(const engine::model::TableRequest&,
                                                                 const engine::model::TableShape&,
                                                                 const engine::model::KeyRange& range, std::size_t limit) {
  const std::size_t statement = begin_statement('a', range.after);
  std::vector<Cells> given;
  for (const Cells* row : ordered()) {
    if (given.size() == limit) break;
    if (lies_in(*row, range)) given.push_back(*row);
  }
  return stream(std::move(given), statement);
}

std::unique_ptr<engine::model::RowStream> FakeSource::open_chunks(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                                  const engine::model::KeyRange& range, std::size_t limit) {
  ENGINE_ASSERT(!chunks_open_);
  return std::make_unique<Chunks>(*this, Source::open_chunks(table, shape, range, limit));
}

bool FakeSource::lies_in(const Cells& row, const engine::model::KeyRange& range) const {
  const Key key = key_of(row);
  return (!range.after || compare(key, without_padding(*range.after)) > 0) && (!range.up_to || compare(key, without_padding(*range.up_to)) <= 0);
}

bool FakeSource::open_view() {
  if (!sums) return false;
  viewed_ = rows;
  return true;
}

// The rows themselves: a checksum that never lies.
std::optional<std::vector<std::string>> FakeSource::checksums(const engine::model::TableRequest&, const engine::model::TableShape&,
                                                              std::span<const engine::model::KeyRange> ranges) {
  if (!sums) return std::nullopt;
  begin_statement('s', std::nullopt);
  std::vector<std::string> all;
  for (const engine::model::KeyRange& range : ranges) {
    std::string& sum = all.emplace_back();
    for (const Cells* row : ordered()) {
      if (!lies_in(*row, range)) continue;
      for (const auto& cell : *row) sum += cell ? *cell + "," : "NULL,";
    }
  }
  return all;
}

std::unique_ptr<engine::model::RowStream> FakeSource::open_whole(const engine::model::TableRequest&,
                                                                 const engine::model::TableShape&) {
  const std::size_t statement = begin_statement('w', std::nullopt);
  return stream(visible(), statement);
}

std::unique_ptr<engine::model::RowStream> FakeSource::open_keys(const engine::model::TableRequest&,
                                                                const engine::model::TableShape&,
                                                                std::span<const SourceKey> keys) {
  ENGINE_ASSERT(keys.size() <= keys_max_);
  const std::size_t statement = begin_statement('k', std::nullopt);
  std::vector<Cells> given;
  for (const Cells& row : visible()) {
    const auto wanted = [&](const SourceKey& key) { return compare(key_of(row), without_padding(key)) == 0; };
    if (std::ranges::any_of(keys, wanted)) given.push_back(row);
  }
  return stream(std::move(given), statement);
}

bool FakeSource::less(std::size_t column, const std::string& one, const std::string& other) const {
  const ColumnType type = layout.columns[column].type;
  const bool number = type == ColumnType::integer || type == ColumnType::decimal;
  return number ? std::stold(one) < std::stold(other) : one < other;
}

bool FakeSource::is_within(const Cells& row, const engine::model::GrowthBound& bound) const {
  const auto& cell = row[bound.column];
  return cell && (!bound.from || !less(bound.column, *cell, *bound.from));
}

std::optional<std::string> FakeSource::now(const engine::model::TableRequest&, const engine::model::Column&) { return database_clock; }

std::optional<std::string> FakeSource::highest(const engine::model::TableRequest&, const engine::model::TableShape&, std::size_t column,
                                               const std::optional<std::string>& not_above) {
  std::optional<std::string> highest;
  for (const Cells& row : rows) {
    const auto& cell = row[column];
    if (!cell || (not_above && less(column, *not_above, *cell))) continue;
    if (!highest || less(column, *highest, *cell)) highest = *cell;
  }
  return highest;
}

std::unique_ptr<engine::model::RowStream> FakeSource::open_growth(const engine::model::TableRequest&, const engine::model::TableShape&,
                                                                  const engine::model::GrowthRange& range, std::size_t limit) {
  const std::size_t statement = begin_statement('g', std::nullopt);
  const std::size_t column = range.within.column;
  std::vector<const Cells*> grown;
  for (const Cells* row : ordered()) {
    const auto is_left_out = [&](const engine::model::GrowthBound& other) { return is_within(*row, other); };
    if (is_within(*row, range.within) && !std::ranges::any_of(range.without, is_left_out)) grown.push_back(row);
  }
  std::ranges::stable_sort(grown, [&](const Cells* one, const Cells* other) { return less(column, *(*one)[column], *(*other)[column]); });
  std::vector<Cells> given;
  for (const Cells* row : grown) {
    if (given.size() == limit) break;
    const std::string& value = *(*row)[column];
    const bool is_passed = range.behind && (less(column, value, range.behind->value) ||
                                            (value == range.behind->value && compare(key_of(*row), without_padding(range.behind->key)) <= 0));
    if (!is_passed) given.push_back(*row);
  }
  return stream(std::move(given), statement);
}

}  // namespace test
