#include "connectors/documents/document_source.h"

#include <utility>

#include "connectors/documents/document.h"
#include "connectors/documents/document_growth.h"
#include "connectors/documents/document_log.h"
#include "connectors/documents/document_reader.h"
#include "engine/base/error.h"

namespace connectors::documents {

namespace model = engine::model;
using model::KeyRange;
using model::RowStream;
using model::SourceKey;
using model::TableRequest;
using model::TableShape;

namespace {

bool is_document(const TableRequest& table) { return !table.nested.empty(); }

class DocumentSource final : public model::Source {
 public:
  explicit DocumentSource(std::unique_ptr<model::Source> source) : source_(std::move(source)), views_(*source_) {}

  TableShape describe(const TableRequest& table) override {
    return is_document(table) ? describe_document(*source_, table) : source_->describe(table);
  }

  std::unique_ptr<RowStream> open_range(const TableRequest& table, const TableShape& shape, const KeyRange& range, std::size_t limit) override;
  std::unique_ptr<RowStream> open_whole(const TableRequest& table, const TableShape& shape) override;
  std::unique_ptr<RowStream> open_keys(const TableRequest& table, const TableShape& shape, std::span<const SourceKey> keys) override;
  bool open_view() override { return views_.open(); }
  void close_view() override { views_.close(); }
  std::vector<std::string> probe(const TableRequest& table) override;
  std::optional<std::vector<std::string>> checksums(const TableRequest& table, const TableShape& shape, std::span<const KeyRange> ranges) override;
  std::size_t keys_max() const override { return source_->keys_max(); }
  std::unique_ptr<model::ChangeLog> change_log(const TableRequest& table, const TableShape& shape, const model::LogName& name) override;
  std::unique_ptr<model::ChangeFeed> change_feed(const TableRequest& table, const TableShape& shape, const model::LogName& name) override;
  std::optional<std::string> now(const TableRequest& table, const model::Column& column) override { return source_->now(table, column); }
  std::optional<std::string> highest(const TableRequest& table, const TableShape& shape, std::size_t column,
                                     const std::optional<std::string>& not_above) override;
  std::unique_ptr<RowStream> open_growth(const TableRequest& table, const TableShape& shape, const model::GrowthRange& range,
                                         std::size_t limit) override;
  void close() override {
    views_.forget();
    source_->close();
  }

 private:
  std::shared_ptr<DocumentReader> reader(const TableRequest& table, const TableShape& shape) {
    return std::make_shared<DocumentReader>(*source_, views_, document_of(table, shape));
  }

  std::unique_ptr<model::Source> source_;
  Views views_;
};

std::unique_ptr<RowStream> DocumentSource::open_range(const TableRequest& table, const TableShape& shape, const KeyRange& range, std::size_t limit) {
  if (!is_document(table)) return source_->open_range(table, shape, range, limit);
  auto reads = reader(table, shape);
  auto view = std::make_unique<View>(views_);
  const Part& root = reads->document().parts.front();
  KeyedRows roots;
  roots.rows.begin(root.rows.columns.size());
  append_rows(*source_->open_range(root.request, root.shape, range, limit), roots);
  return stream_of(std::move(reads), std::move(view), std::move(roots));
}

std::unique_ptr<RowStream> DocumentSource::open_whole(const TableRequest& table, const TableShape& shape) {
  return is_document(table) ? stream_of_all(reader(table, shape)) : source_->open_whole(table, shape);
}

std::unique_ptr<RowStream> DocumentSource::open_keys(const TableRequest& table, const TableShape& shape, std::span<const SourceKey> keys) {
  if (!is_document(table)) return source_->open_keys(table, shape, keys);
  auto reads = reader(table, shape);
  auto view = std::make_unique<View>(views_);
  KeyedRows roots = reads->roots(keys);
  return stream_of(std::move(reads), std::move(view), std::move(roots));
}

/// What proves that nothing changed must prove it of every table. Each text is one table's own, so a pair of them holds as long as both do.
std::vector<std::string> DocumentSource::probe(const TableRequest& table) {
  TableRequest root = table;
  root.nested.clear();
  std::vector<std::string> proofs = source_->probe(root);
  for (const model::NestedTable& nested : table.nested) {
    const std::vector<std::string> own = source_->probe(model::request_of(table, nested));
    if (own.size() != proofs.size()) return {};
    for (std::size_t i = 0; i < own.size(); ++i) proofs[i] += "\n" + own[i];
  }
  return proofs;
}

/// Ranges are of the root's keys, which the rows of each table must hold.
std::optional<std::vector<std::string>> DocumentSource::checksums(const TableRequest& table, const TableShape& shape,
                                                                  std::span<const KeyRange> ranges) {
  if (!is_document(table)) return source_->checksums(table, shape, ranges);
  const Document document = document_of(table, shape);
  std::optional<std::vector<std::string>> all;
  for (const Part& part : document.parts) {
    auto sums = part.by_root ? source_->checksums(part.request, part.shape, ranges) : std::nullopt;
    if (!sums || !all) {
      all = std::move(sums);
      if (!all) return std::nullopt;
      continue;
    }
    for (std::size_t range = 0; range < all->size(); ++range) all->at(range) += "\n" + sums->at(range);
  }
  return all;
}

/// Documents are followed by triggers: the log of a database names rows of one table, and does not wait for the others.
std::unique_ptr<model::ChangeFeed> DocumentSource::change_feed(const TableRequest& table, const TableShape& shape, const model::LogName& name) {
  return is_document(table) ? nullptr : source_->change_feed(table, shape, name);
}

std::unique_ptr<model::ChangeLog> DocumentSource::change_log(const TableRequest& table, const TableShape& shape, const model::LogName& name) {
  if (!is_document(table)) return source_->change_log(table, shape, name);
  return open_document_log(*source_, table, document_of(table, shape), name);
}

std::optional<std::string> DocumentSource::highest(const TableRequest& table, const TableShape& shape, std::size_t column,
                                                   const std::optional<std::string>& not_above) {
  if (!is_document(table)) return source_->highest(table, shape, column, not_above);
  const Document document = document_of(table, shape);
  const GrowingPart growing = growing_part(document, column);
  const Part& part = document.parts[growing.part];
  return source_->highest(part.request, part.shape, growing.column, not_above);
}

std::unique_ptr<RowStream> DocumentSource::open_growth(const TableRequest& table, const TableShape& shape, const model::GrowthRange& range,
                                                       std::size_t limit) {
  if (!is_document(table)) return source_->open_growth(table, shape, range, limit);
  return stream_of_growth(reader(table, shape), range, limit);
}

}  // namespace

std::unique_ptr<model::Source> with_documents(std::unique_ptr<model::Source> source) { return std::make_unique<DocumentSource>(std::move(source)); }

}  // namespace connectors::documents
