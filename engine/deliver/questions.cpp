#include "engine/deliver/questions.h"

#include <fmt/format.h>

#include "engine/model/key.h"
#include "engine/model/row_json.h"

namespace engine::deliver {

namespace {

model::Question question_of(const settings::HoldWhile& condition, const model::Layout& layout, model::RowView row) {
  model::Question question{.connection = condition.connection};
  for (const settings::QueryPart& part : condition.parts) {
    question.sql += part.text;
    if (part.column.empty()) continue;
    const auto column = layout.find(part.column);
    if (!column || layout.columns[*column].is_table()) {
      question.problem = fmt::format("the row has no value '{}'", part.column);
      return question;
    }
    // A NULL has no value that could be bound, and no type that every driver takes it with.
    if (row.is_null(*column)) {
      question.sql += "NULL";
      continue;
    }
    const model::ColumnType type = layout.columns[*column].type;
    question.sql += "?";
    question.values.push_back({type, model::source_key_part(type, row.text(*column))});
  }
  return question;
}

}  // namespace

std::vector<model::Question> QuestionReader::of(const journal::Delivery& delivery, const PipelineTarget& pipeline) {
  std::vector<model::Question> questions;
  if (pipeline.hold_while.empty()) return questions;
  const std::optional<Row> row = row_of(delivery, pipeline);
  for (const settings::HoldWhile& condition : pipeline.hold_while) {
    questions.push_back(row ? question_of(condition, *row->layout, row->cells.row(0))
                            : model::Question{.connection = condition.connection, .problem = "the journal has no image of the row any more"});
  }
  return questions;
}

std::optional<QuestionReader::Row> QuestionReader::row_of(const journal::Delivery& delivery, const PipelineTarget& pipeline) {
  const auto change = records_.changes.find(delivery.last_seq);
  if (change && change->key == delivery.key) {
    if (auto row = image_of(*change)) return row;
  }
  const auto table = records_.tables.find(pipeline.table);
  const model::Layout* layout = table && table->layout_id ? layout_of(*table->layout_id) : nullptr;
  if (layout == nullptr) return std::nullopt;
  const std::vector<std::string> key = model::key_parts(delivery.key);
  const bool has_key = model::key_json_of(*layout, key) == delivery.key;
  const auto image = has_key ? records_.images.find(table->id, model::encoded_key_of(*layout, key)) : std::nullopt;
  if (image) return read(image->layout_id, image->image);
  const auto newest = records_.changes.of_key(table->id, delivery.key, 1);
  return newest.empty() ? std::nullopt : image_of(newest.back());
}

std::optional<QuestionReader::Row> QuestionReader::image_of(const model::Change& change) {
  const auto& image = change.after ? change.after : change.before;
  return image ? read(change.layout_id, *image) : std::nullopt;
}

const model::Layout* QuestionReader::layout_of(std::int64_t layout_id) {
  auto known = layouts_.find(layout_id);
  if (known == layouts_.end()) known = layouts_.emplace(layout_id, records_.tables.layout(layout_id)).first;
  return known->second ? &*known->second : nullptr;
}

std::optional<QuestionReader::Row> QuestionReader::read(std::int64_t layout_id, const std::string& image) {
  Row row{.layout = layout_of(layout_id)};
  if (row.layout == nullptr) return std::nullopt;
  row.cells.begin(row.layout->columns.size());
  model::append_row_from_json(*row.layout, image, row.cells);
  return row;
}

}  // namespace engine::deliver
