// A source of several tables in memory, which change between statements as a test says.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "test/support/fake_log.h"

namespace test {

class TablesInMemory final : public engine::model::Source {
 public:
  using Cells = std::vector<std::optional<std::string>>;
  struct Table {
    std::vector<engine::model::Column> columns;
    std::vector<Cells> rows;
  };
  std::map<std::string, Table> tables;
  bool has_views = true;
  std::size_t keys_max_ = 100;
  /// Called before each statement with its number from 0.
  std::function<void(std::size_t)> before_statement;
  std::map<std::string, std::vector<std::string>> proofs;  ///< by table
  std::map<std::string, FakeLog> logs;                     ///< by the name that a table has in its log
  std::map<std::string, std::vector<std::size_t>> logged_by;  ///< by the same name, the columns whose values its entries hold
  std::size_t statements = 0;
  int views_open = 0;

  void put(const std::string& table, Cells row) { tables[table].rows.push_back(std::move(row)); }

  engine::model::TableShape describe(const engine::model::TableRequest& table) override;
  std::unique_ptr<engine::model::RowStream> open_range(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                       const engine::model::KeyRange& range, std::size_t limit) override;
  std::unique_ptr<engine::model::RowStream> open_whole(const engine::model::TableRequest& table, const engine::model::TableShape& shape) override;
  std::unique_ptr<engine::model::RowStream> open_keys(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                      std::span<const engine::model::SourceKey> keys) override;
  bool open_view() override;
  void close_view() override;
  std::vector<std::string> probe(const engine::model::TableRequest& table) override { return proofs[table.from]; }
  /// How many rows each range has.
  std::optional<std::vector<std::string>> checksums(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                    std::span<const engine::model::KeyRange> ranges) override;
  std::unique_ptr<engine::model::RowStream> open_growth(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                        const engine::model::GrowthRange& range, std::size_t limit) override;
  std::unique_ptr<engine::model::ChangeLog> change_log(const engine::model::TableRequest&, const engine::model::TableShape& shape,
                                                       const engine::model::LogName& name) override;
  std::size_t keys_max() const override { return keys_max_; }
  void close() override {}

 private:
  class Rows;
  using Keyed = std::pair<std::vector<std::string>, Cells>;
  std::vector<Keyed> keyed(const engine::model::TableRequest& table, const engine::model::TableShape& shape);
  std::unique_ptr<engine::model::RowStream> stream(std::vector<Keyed> rows, const engine::model::TableShape& shape) const;

  std::optional<std::map<std::string, Table>> viewed_;
};

}  // namespace test
