// Reads whole documents, each as it stood at one moment.
#pragma once

#include <memory>

#include "connectors/documents/assembly.h"
#include "connectors/documents/document.h"

namespace connectors::documents {

/// Views of a source that lie in one another are one.
class Views {
 public:
  explicit Views(engine::model::Source& source) : source_(source) {}
  bool open();
  void close();
  /// The connection is closed, and any view with it.
  void forget() { open_ = 0; }

 private:
  engine::model::Source& source_;
  int open_ = 0;
};

/// While one lives, all is read of one state of the database, where it can.
class View {
 public:
  explicit View(Views& views) : views_(views), open_(views.open()) {}
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  bool is_open() const { return open_; }

 private:
  Views& views_;
  bool open_;
};

class DocumentReader {
 public:
  DocumentReader(engine::model::Source& source, Views& views, Document document) : source_(source), views_(views), document_(std::move(document)) {}

  const Document& document() const { return document_; }
  engine::model::Source& source() { return source_; }
  Views& views() { return views_; }

  /// The documents of some rows of the root, at most as many as the source takes keys at once. A source without views is read until two readings of
  /// a document agree; then one that went meanwhile is missing. `into.rows` has been begun. Throws source_busy for one that keeps changing.
  void read(const engine::model::RowBatch& roots, std::span<const engine::model::SourceKey> keys, bool in_view, KeyedRows& into);
  /// The same for the rows that have these keys now.
  void read_keys(std::span<const engine::model::SourceKey> keys, bool in_view, KeyedRows& into);
  /// Rows of the root with these keys.
  KeyedRows roots(std::span<const engine::model::SourceKey> keys);

 private:
  void agree(KeyedRows last, std::vector<engine::model::SourceKey> keys, KeyedRows& into);

  engine::model::Source& source_;
  Views& views_;
  Document document_;
};

/// Documents of rows of the root that were read before, while `view` holds.
std::unique_ptr<engine::model::RowStream> stream_of(std::shared_ptr<DocumentReader> reader, std::unique_ptr<View> view, KeyedRows roots);
/// All documents, chunk by chunk, each chunk in a view of its own.
std::unique_ptr<engine::model::RowStream> stream_of_all(std::shared_ptr<DocumentReader> reader);

}  // namespace connectors::documents
