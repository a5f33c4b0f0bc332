// Sources that can only be read from end to end: a row that is wanted by its key is looked for among all of them.
#pragma once

#include <memory>

#include "engine/model/source.h"

namespace connectors::files {

/// Every look-up costs a reading of all rows, so many keys are asked for at once.
class WholeSource : public engine::model::Source {
 public:
  /// The first `limit` rows in the source's own order. Throws source_refused for a range that has ends.
  std::unique_ptr<engine::model::RowStream> open_range(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                       const engine::model::KeyRange& range, std::size_t limit) final;
  std::unique_ptr<engine::model::RowStream> open_keys(const engine::model::TableRequest& table, const engine::model::TableShape& shape,
                                                      std::span<const engine::model::SourceKey> keys) final;
  std::size_t keys_max() const final { return 10'000; }
};

/// For a driver without parameters and without an order that could be trusted: no key is indexed, and `query` is refused.
std::unique_ptr<engine::model::Source> read_whole_only(std::unique_ptr<engine::model::Source> source);

/// Throws source_refused for a table that is a query.
void refuse_query(const engine::model::TableRequest& table);

}  // namespace connectors::files
