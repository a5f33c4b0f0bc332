#include "test/connectors/documents/tables_in_memory.h"

#include <algorithm>

#include "engine/base/error.h"

namespace test {

using namespace engine::model;

class TablesInMemory::Rows final : public RowStream {
 public:
  Rows(std::vector<Keyed> rows, std::size_t columns) : rows_(std::move(rows)), columns_(columns) {}

  bool next(RowBatch& into) override {
    into.begin(columns_);
    if (given_ || rows_.empty()) return false;
    given_ = true;
    for (const auto& [key, cells] : rows_) {
      for (const auto& cell : cells) cell ? into.append(*cell) : into.append_null();
      into.end_row();
      into.append_key({key});
    }
    return true;
  }

 private:
  std::vector<Keyed> rows_;
  std::size_t columns_;
  bool given_ = false;
};

TableShape TablesInMemory::describe(const TableRequest& table) {
  TableShape shape{.layout = {.columns = tables.at(table.from).columns, .key = {}}, .key_is_indexed = true};
  for (const std::string& name : table.key) {
    const auto position = shape.layout.find(name);
    if (!position) throw engine::Error(engine::ErrorCode::source_refused, table.from + " has no column " + name);
    shape.layout.key.push_back(*position);
  }
  return shape;
}

std::vector<TablesInMemory::Keyed> TablesInMemory::keyed(const TableRequest& table, const TableShape& shape) {
  if (before_statement) before_statement(statements);
  ++statements;
  std::vector<Keyed> rows;
  for (const Cells& cells : (viewed_ ? *viewed_ : tables).at(table.from).rows) {
    std::vector<std::string> key;
    for (const std::size_t column : shape.layout.key) key.push_back(cells[column].value_or(""));
    rows.emplace_back(std::move(key), cells);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Keyed& one, const Keyed& other) { return one.first < other.first; });
  return rows;
}

std::unique_ptr<RowStream> TablesInMemory::stream(std::vector<Keyed> rows, const TableShape& shape) const {
  return std::make_unique<Rows>(std::move(rows), shape.layout.columns.size());
}

std::unique_ptr<RowStream> TablesInMemory::open_range(const TableRequest& table, const TableShape& shape, const KeyRange& range, std::size_t limit) {
  std::vector<Keyed> rows = keyed(table, shape);
  std::erase_if(
      rows, [&](const Keyed& row) { return (range.after && row.first <= range.after->parts) || (range.up_to && row.first > range.up_to->parts); });
  if (rows.size() > limit) rows.resize(limit);
  return stream(std::move(rows), shape);
}

std::unique_ptr<RowStream> TablesInMemory::open_whole(const TableRequest& table, const TableShape& shape) {
  return stream(keyed(table, shape), shape);
}

std::unique_ptr<RowStream> TablesInMemory::open_keys(const TableRequest& table, const TableShape& shape, std::span<const SourceKey> keys) {
  std::vector<Keyed> rows = keyed(table, shape);
  // Without regard to case, as many servers compare.
  const auto lowered = [](std::vector<std::string> parts) {
    for (std::string& part : parts)
      std::transform(part.begin(), part.end(), part.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return parts;
  };
  std::erase_if(rows, [&](const Keyed& row) {
    return std::none_of(keys.begin(), keys.end(), [&](const SourceKey& key) { return lowered(key.parts) == lowered(row.first); });
  });
  return stream(std::move(rows), shape);
}

bool TablesInMemory::open_view() {
  if (!has_views) return false;
  ++views_open;
  viewed_ = tables;
  return true;
}

void TablesInMemory::close_view() {
  --views_open;
  viewed_.reset();
}

std::optional<std::vector<std::string>> TablesInMemory::checksums(const TableRequest& table, const TableShape& shape,
                                                                  std::span<const KeyRange> ranges) {
  std::vector<std::string> sums;
  for (const KeyRange& range : ranges) {
    RowBatch rows;
    open_range(table, shape, range, 1'000)->next(rows);
    sums.push_back(table.from + std::to_string(rows.rows()));
  }
  return sums;
}

std::unique_ptr<RowStream> TablesInMemory::open_growth(const TableRequest& table, const TableShape& shape, const GrowthRange& range,
                                                       std::size_t limit) {
  std::vector<Keyed> rows = keyed(table, shape);
  const auto place = [&](const Keyed& row) { return std::pair(row.second[range.within.column].value_or(""), row.first); };
  std::stable_sort(rows.begin(), rows.end(), [&](const Keyed& one, const Keyed& other) { return place(one) < place(other); });
  std::erase_if(rows, [&](const Keyed& row) {
    const auto at = place(row);
    return at.first < range.within.from.value_or("") || (range.behind && at <= std::pair(range.behind->value, range.behind->key.parts));
  });
  if (rows.size() > limit) rows.resize(limit);
  return stream(std::move(rows), shape);
}

std::unique_ptr<ChangeLog> TablesInMemory::change_log(const TableRequest&, const TableShape& shape, const LogName& name) {
  if (logs.empty()) return nullptr;
  logged_by[name.table] = shape.layout.key;
  return logs.at(name.table).open();
}

}  // namespace test
