#include "connectors/documents/document_growth.h"

#include <algorithm>
#include <set>
#include <utility>

namespace connectors::documents {

namespace model = engine::model;
using model::SourceKey;

namespace {

class GrowingDocuments final : public model::RowStream {
 public:
  GrowingDocuments(std::shared_ptr<DocumentReader> reader, model::GrowthRange range, std::size_t limit)
      : reader_(std::move(reader)), range_(std::move(range)), limit_(limit) {
    const GrowingPart growing = growing_part(reader_->document(), range_.within.column);
    part_ = growing.part;
    range_.within.column = growing.column;
    ended_ = range_.behind.has_value();
    // Another column's bounds are of other tables; a document that both find is read twice.
    range_.without.clear();
  }

  bool next(model::RowBatch& into) override {
    into.begin(reader_->document().columns);
    while (true) {
      if (keys_.empty() && !find_more()) return false;
      const std::size_t count = std::min(keys_.size(), reader_->source().keys_max());
      const std::vector<SourceKey> group(keys_.end() - static_cast<std::ptrdiff_t>(count), keys_.end());
      keys_.resize(keys_.size() - count);
      documents_.rows.begin(reader_->document().columns);
      documents_.keys.clear();
      const View view(reader_->views());
      reader_->read_keys(group, view.is_open(), documents_);
      if (documents_.keys.empty()) continue;
      for (const SourceKey& key : documents_.keys) documents_.rows.append_key(key);
      std::swap(into, documents_.rows);
      return true;
    }
  }

 private:
  /// Keys of documents that did not come yet.
  bool find_more() {
    const Part& part = reader_->document().parts[part_];
    model::RowBatch rows;
    while (keys_.empty() && !ended_) {
      std::size_t found = 0;
      const auto stream = reader_->source().open_growth(part.request, part.shape, range_, limit_);
      while (stream->next(rows)) {
        found += rows.rows();
        for (std::size_t row = 0; row < rows.rows(); ++row) {
          if (known_.insert(rows.source_key(row).parts).second) keys_.push_back(rows.source_key(row));
        }
        if (rows.rows() == 0) continue;
        const std::size_t last = rows.rows() - 1;
        range_.behind = model::GrowthRange::Place{std::string(rows.row(last).text(range_.within.column)), rows.source_key(last)};
      }
      ended_ = found == 0;
    }
    return !keys_.empty();
  }

  std::shared_ptr<DocumentReader> reader_;
  model::GrowthRange range_;
  std::size_t limit_;
  std::size_t part_ = 0;
  bool ended_ = false;
  std::set<std::vector<std::string>> known_;
  std::vector<SourceKey> keys_;  ///< to be read
  KeyedRows documents_;
};

}  // namespace

GrowingPart growing_part(const Document& document, std::size_t column) {
  for (std::size_t part = 1; part < document.parts.size(); ++part) {
    for (const Part::Growing& growing : document.parts[part].growing) {
      if (growing.document == column) return {part, growing.column};
    }
  }
  return {0, column};
}

std::unique_ptr<model::RowStream> stream_of_growth(std::shared_ptr<DocumentReader> reader, const model::GrowthRange& range, std::size_t limit) {
  return std::make_unique<GrowingDocuments>(std::move(reader), range, limit);
}

}  // namespace connectors::documents
