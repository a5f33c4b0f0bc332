// A table of a case: the seam to a source, implemented in memory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/source.h"
#include "engine/settings/read/case/case_definition.h"
#include "engine/settings/connection_definition.h"
#include "engine/settings/table_definition.h"

namespace engine::operate {

/// Rows by key, in an order of its own, as servers have theirs. Values become canonical as a driver would make them, and CHARs
/// lose their padding as the connection says.
class CaseTable final : public model::Source {
 public:
  CaseTable(const settings::TableDefinition& table, settings::CharPadding padding, model::Layout layout);

  const model::Layout& layout() const { return layout_; }

  /// These throw Error config_invalid with the row's place: a value that does not fit its column, a key that is there
  /// already, or is not.
  void insert(const settings::CaseRow& row);
  /// Columns that the row does not name keep their values.
  void update(const settings::CaseRow& row);
  void erase(const settings::CaseRow& row);
  void truncate() { rows_.clear(); }

  model::TableShape describe(const model::TableRequest& table) override;
  std::unique_ptr<model::RowStream> open_range(const model::TableRequest& table, const model::TableShape& shape,
                                               const model::KeyRange& range, std::size_t limit) override;
  std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override;
  std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                              std::span<const model::SourceKey> keys) override;
  void close() override {}

 private:
  using Cells = std::vector<std::optional<std::string>>;
  using Key = std::vector<std::string>;
  class Stream;

  void assign(const settings::CaseCell& cell, Cells& cells) const;
  void assign(const settings::CaseRow& row, Cells& cells) const;
  Key key_of(const Cells& cells, const settings::CaseRow& row) const;
  Key key_of(const settings::CaseRow& row) const;

  settings::TableDefinition table_;
  settings::CharPadding padding_;
  model::Layout layout_;
  std::map<Key, Cells> rows_;
};

}  // namespace engine::operate
