#include "engine/operate/cases/case_table.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/operate/cases/case_document.h"

namespace engine::operate {

namespace {

[[noreturn]] void refuse(const settings::Origin& origin, const std::string& message) {
  throw Error(ErrorCode::config_invalid, message, {{"file", origin.text()}});
}

}  // namespace

/// All rows at once, in the table's own order.
class CaseTable::Stream final : public model::RowStream {
 public:
  Stream(std::size_t columns, std::vector<std::pair<Key, Cells>> rows) : columns_(columns), rows_(std::move(rows)) {}

  bool next(model::RowBatch& into) override {
    into.begin(columns_);
    if (given_) return false;
    given_ = true;
    for (const auto& [key, cells] : rows_) {
      for (const auto& cell : cells) cell ? into.append(*cell) : into.append_null();
      into.end_row();
      into.append_key({key});
    }
    return into.rows() > 0;
  }

 private:
  std::size_t columns_;
  std::vector<std::pair<Key, Cells>> rows_;
  bool given_ = false;
};

CaseTable::CaseTable(const settings::TableDefinition& table, settings::CharPadding padding, model::Layout layout)
    : table_(table), padding_(padding), layout_(std::move(layout)) {}

/// As a driver would give the value: canonical, padded or not, NULL apart from an empty text.
void CaseTable::assign(const settings::CaseCell& cell, Cells& cells) const {
  const auto at = layout_.find(cell.column);
  if (!at) refuse_cell(cell, table_.name, layout_);
  const model::Column& column = layout_.columns[*at];
  if (cell.is_table != column.is_table()) {
    refuse(cell.origin, fmt::format("'{}' of the table '{}' is {}", cell.column, table_.name, cell.is_table ? "no nested table" : "a nested table: write a list of rows"));
  }
  if (!cell.is_table) cells[*at] = case_value(cell, column, padding_);
}

/// Rows of nested tables come last: they may have their parent's key from it.
void CaseTable::assign(const settings::CaseRow& row, Cells& cells) const {
  for (const settings::CaseCell& cell : row.cells) assign(cell, cells);
  for (const settings::CaseCell& cell : row.cells) {
    const std::size_t at = layout_.find(cell.column).value();
    if (cell.is_table) cells[at] = case_rows(table_, cell, layout_.columns[at], {layout_, cells}, padding_);
  }
}

CaseTable::Key CaseTable::key_of(const Cells& cells, const settings::CaseRow& row) const {
  Key key;
  for (const std::size_t column : layout_.key) {
    if (!cells[column]) refuse(row.origin, fmt::format("the row lacks the key column '{}'", layout_.columns[column].name));
    key.push_back(*cells[column]);
  }
  return key;
}

CaseTable::Key CaseTable::key_of(const settings::CaseRow& row) const {
  Cells cells(layout_.columns.size());
  for (const settings::CaseCell& cell : row.cells) assign(cell, cells);
  return key_of(cells, row);
}

void CaseTable::insert(const settings::CaseRow& row) {
  Cells cells(layout_.columns.size());
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (layout_.columns[column].is_table()) cells[column] = "[]";
  }
  assign(row, cells);
  Key key = key_of(cells, row);
  if (!rows_.emplace(std::move(key), std::move(cells)).second) {
    refuse(row.origin, fmt::format("a row with this key is in '{}' already: write 'update'", table_.name));
  }
}

void CaseTable::update(const settings::CaseRow& row) {
  const auto found = rows_.find(key_of(row));
  if (found == rows_.end()) refuse(row.origin, fmt::format("no row with this key is in '{}': write 'insert'", table_.name));
  assign(row, found->second);
}

void CaseTable::erase(const settings::CaseRow& row) {
  if (rows_.erase(key_of(row)) == 0) refuse(row.origin, fmt::format("no row with this key is in '{}'", table_.name));
}

model::TableShape CaseTable::describe(const model::TableRequest&) { return {.layout = layout_, .key_is_indexed = true}; }

std::unique_ptr<model::RowStream> CaseTable::open_range(const model::TableRequest&, const model::TableShape&,
                                                        const model::KeyRange& range, std::size_t limit) {
  std::vector<std::pair<Key, Cells>> rows;
  const auto end = range.up_to ? rows_.upper_bound(range.up_to->parts) : rows_.end();
  for (auto at = range.after ? rows_.upper_bound(range.after->parts) : rows_.begin(); at != end && rows.size() < limit; ++at) {
    rows.push_back(*at);
  }
  return std::make_unique<Stream>(layout_.columns.size(), std::move(rows));
}

std::unique_ptr<model::RowStream> CaseTable::open_whole(const model::TableRequest&, const model::TableShape&) {
  return std::make_unique<Stream>(layout_.columns.size(), std::vector<std::pair<Key, Cells>>(rows_.begin(), rows_.end()));
}

std::unique_ptr<model::RowStream> CaseTable::open_keys(const model::TableRequest&, const model::TableShape&,
                                                       std::span<const model::SourceKey> keys) {
  std::vector<std::pair<Key, Cells>> rows;
  for (const model::SourceKey& key : keys) {
    if (const auto found = rows_.find(key.parts); found != rows_.end()) rows.push_back(*found);
  }
  return std::make_unique<Stream>(layout_.columns.size(), std::move(rows));
}

}  // namespace engine::operate
