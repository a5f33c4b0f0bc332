// A source in memory that can do what real ones do: order keys its own way, pad them, cut reads short, change between
// chunks, fail.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "test/support/fake_feed.h"
#include "test/support/fake_log.h"

namespace test {

using Cells = std::vector<std::optional<std::string>>;

class FakeSource final : public engine::model::Source {
 public:
  using Key = std::vector<std::string>;

  explicit FakeSource(engine::model::Layout layout);

  engine::model::Layout layout;
  bool key_is_indexed = true;
  std::size_t array_size = 100;
  std::size_t keys_max_ = 100;
  /// Blanks that the source pads text keys with, up to this width. Cells stay unpadded.
  std::size_t padded_to = 0;
  /// The server's own order and equality of keys; by default numbers by value and the rest by bytes.
  std::function<int(const Key&, const Key&)> compare;
  /// Called before each statement with its number from 0: may change the rows, or throw.
  std::function<void(std::size_t)> before_statement;
  /// What it proves when it is probed.
  std::function<std::vector<std::string>()> proofs;
  /// It reads chunks before they are asked for: a batch, and what fails in its place.
  bool reads_ahead = false;
  /// It gives checksums of ranges, and views.
  bool sums = false;
  /// Rows that a statement gives before it ends early, none: all of them.
  std::function<std::optional<std::size_t>(std::size_t statement)> cut_short;
  /// Rows that a statement gives before it fails with source_unreachable.
  std::function<std::optional<std::size_t>(std::size_t statement)> fail_after;
  /// What the database's clock says; none: it does not tell.
  std::optional<std::string> database_clock;
  /// The source logs what changes; the test says what.
  std::optional<FakeLog> log;
  /// The same for a log of its own.
  std::optional<FakeFeed> feed;
  /// Several rows of one key may be put.
  std::vector<Cells> rows;

  void put(Cells row);          ///< replaces the row with this key, or adds it
  void erase(const Key& key);
  Key key_of(const Cells& row) const;

  struct Statement {
    char kind;  ///< 'a'fter, 'w'hole, 'k'eys, check's'ums, 'g'rown
    std::optional<engine::model::SourceKey> after;
    std::size_t given = 0;
  };
  std::vector<Statement> statements;  ///< since the last clear
  std::size_t rows_given(char kind) const;

  engine::model::TableShape describe(const engine::model::TableRequest& table) override;
  std::unique_ptr<engine::model::RowStream> open_range(const engine::model::TableRequest& table,
                                                       const engine::model::TableShape& shape,
                                                       const engine::model::KeyRange& range, std::size_t limit) override;
  std::unique_ptr<engine::model::RowStream> open_chunks(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                        const engine::model::KeyRange& range, std::size_t limit) override;
  std::unique_ptr<engine::model::RowStream> open_whole(const engine::model::TableRequest& table,
                                                       const engine::model::TableShape& shape) override;
  std::unique_ptr<engine::model::RowStream> open_keys(const engine::model::TableRequest& table,
                                                      const engine::model::TableShape& shape,
                                                      std::span<const engine::model::SourceKey> keys) override;
  bool open_view() override;
  void close_view() override { viewed_.reset(); }
  std::vector<std::string> probe(const engine::model::TableRequest&) override { return proofs ? proofs() : std::vector<std::string>(); }
  std::optional<std::vector<std::string>> checksums(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                    std::span<const engine::model::KeyRange> ranges) override;
  std::optional<std::string> now(const engine::model::TableRequest& table, const engine::model::Column& column) override;
  std::optional<std::string> highest(const engine::model::TableRequest& table, const engine::model::TableShape& shape, std::size_t column,
                                     const std::optional<std::string>& not_above) override;
  std::unique_ptr<engine::model::RowStream> open_growth(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                        const engine::model::GrowthRange& range, std::size_t limit) override;
  std::size_t keys_max() const override { return keys_max_; }
  void close() override { viewed_.reset(); }
  std::unique_ptr<engine::model::ChangeLog> change_log(const engine::model::TableRequest&, const engine::model::TableShape&,
                                                       const engine::model::LogName&) override {
    return log ? log->open() : nullptr;
  }
  std::unique_ptr<engine::model::ChangeFeed> change_feed(const engine::model::TableRequest&, const engine::model::TableShape&,
                                                         const engine::model::LogName&) override {
    return feed ? feed->open() : nullptr;
  }

 private:
  class Stream;
  class Chunks;
  std::size_t begin_statement(char kind, const std::optional<engine::model::SourceKey>& after);
  std::unique_ptr<engine::model::RowStream> stream(std::vector<Cells> rows, std::size_t statement);
  engine::model::SourceKey source_key(const Cells& row) const;
  Key without_padding(const engine::model::SourceKey& key) const;
  std::vector<const Cells*> ordered() const;
  bool lies_in(const Cells& row, const engine::model::KeyRange& range) const;
  bool less(std::size_t column, const std::string& one, const std::string& other) const;
  bool is_within(const Cells& row, const engine::model::GrowthBound& bound) const;

  /// The rows that statements read.
  const std::vector<Cells>& visible() const { return viewed_ ? *viewed_ : rows; }

  std::optional<std::vector<Cells>> viewed_;
  bool open_ = false;  ///< a statement is: like many drivers, no second one beside it
  bool chunks_open_ = false;
};

}  // namespace test
