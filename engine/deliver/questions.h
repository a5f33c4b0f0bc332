// What the conditions of a pipeline ask about one row, with its values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/deliver/decision.h"
#include "engine/journal/journal.h"
#include "engine/model/layout.h"
#include "engine/model/row.h"

namespace engine::deliver {

/// Reads rows as the journal has them. Lives as long as one reading of the journal: layouts are kept meanwhile.
class QuestionReader {
 public:
  explicit QuestionReader(journal::Records& records) : records_(records) {}

  /// One for each condition, in their order. The row is the one that the delivery was made of, of a delete the last one that was there; what is
  /// sent again without a change is asked about as the row is now.
  std::vector<model::Question> of(const journal::Delivery& delivery, const PipelineTarget& pipeline);

 private:
  struct Row {
    const model::Layout* layout = nullptr;
    model::RowBatch cells;
  };
  std::optional<Row> row_of(const journal::Delivery& delivery, const PipelineTarget& pipeline);
  std::optional<Row> image_of(const model::Change& change);
  const model::Layout* layout_of(std::int64_t layout_id);
  std::optional<Row> read(std::int64_t layout_id, const std::string& image);

  journal::Records& records_;
  std::map<std::int64_t, std::optional<model::Layout>> layouts_;
};

}  // namespace engine::deliver
