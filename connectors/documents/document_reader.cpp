#include "connectors/documents/document_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/base/error.h"

namespace connectors::documents {

namespace model = engine::model;
using engine::Error;
using engine::ErrorCode;
using model::RowBatch;
using model::RowView;
using model::SourceKey;

namespace {

/// Readings of one document that may differ before its cycle gives up.
constexpr int readings_max = 6;
constexpr std::size_t chunk_rows = 1'000;

KeyedRows begun(std::size_t columns) {
  KeyedRows rows;
  rows.rows.begin(columns);
  return rows;
}

/// Where each document of a reading stands, by the key as the source gave it.
std::map<std::vector<std::string>, std::size_t> places_in(const KeyedRows& documents) {
  std::map<std::vector<std::string>, std::size_t> places;
  for (std::size_t row = 0; row < documents.keys.size(); ++row) places.emplace(documents.keys[row].parts, row);
  return places;
}

class Documents final : public model::RowStream {
 public:
  Documents(std::shared_ptr<DocumentReader> reader, std::unique_ptr<View> view, KeyedRows roots)
      : reader_(std::move(reader)), view_(std::move(view)), roots_(std::move(roots)) {}

  bool next(RowBatch& into) override {
    into.begin(reader_->document().columns);
    while (given_ < roots_.keys.size()) {
      read_group();
      if (documents_.keys.empty()) continue;
      found_ = true;
      for (const SourceKey& key : documents_.keys) documents_.rows.append_key(key);
      std::swap(into, documents_.rows);
      return true;
    }
    // Nothing at all would be taken for the end of the table.
    if (!found_ && given_ > 0) throw Error(ErrorCode::source_busy, "documents went while they were read");
    return false;
  }

 private:
  void read_group() {
    const std::size_t count = std::min(roots_.keys.size() - given_, reader_->source().keys_max());
    group_.begin(roots_.rows.columns());
    for (std::size_t row = given_; row < given_ + count; ++row) append_row(roots_.rows.row(row), group_);
    documents_.rows.begin(reader_->document().columns);
    documents_.keys.clear();
    reader_->read(group_, std::span(roots_.keys).subspan(given_, count), view_->is_open(), documents_);
    given_ += count;
  }

  std::shared_ptr<DocumentReader> reader_;
  std::unique_ptr<View> view_;
  KeyedRows roots_;
  std::size_t given_ = 0;  ///< roots whose documents were read
  bool found_ = false;
  RowBatch group_;
  KeyedRows documents_;
};

class AllDocuments final : public model::RowStream {
 public:
  explicit AllDocuments(std::shared_ptr<DocumentReader> reader) : reader_(std::move(reader)) {}

  bool next(RowBatch& into) override {
    while (!ended_) {
      if (chunk_ && chunk_->next(into)) return true;
      chunk_.reset();
      open_chunk();
    }
    into.begin(reader_->document().columns);
    return false;
  }

 private:
  void open_chunk() {
    const Part& root = reader_->document().parts.front();
    auto view = std::make_unique<View>(reader_->views());
    KeyedRows roots = begun(root.rows.columns.size());
    append_rows(*reader_->source().open_range(root.request, root.shape, {last_, std::nullopt}, chunk_rows), roots);
    ended_ = roots.keys.empty();
    if (ended_) return;
    last_ = roots.keys.back();
    chunk_ = stream_of(reader_, std::move(view), std::move(roots));
  }

  std::shared_ptr<DocumentReader> reader_;
  std::unique_ptr<model::RowStream> chunk_;
  std::optional<SourceKey> last_;
  bool ended_ = false;
};

}  // namespace

bool Views::open() {
  if (open_ == 0 && !source_.open_view()) return false;
  ++open_;
  return true;
}

void Views::close() {
  if (open_ == 0 || --open_ > 0) return;
  source_.close_view();
}

View::~View() {
  try {
    if (open_) views_.close();
  } catch (const Error&) {
    // The connection is gone, and the view with it: the next statement says so.
  }
}

KeyedRows DocumentReader::roots(std::span<const SourceKey> keys) {
  const Part& root = document_.parts.front();
  KeyedRows rows = begun(root.rows.columns.size());
  append_rows(*source_.open_keys(root.request, root.shape, keys), rows);
  return rows;
}

void DocumentReader::read(const RowBatch& roots, std::span<const SourceKey> keys, bool in_view, KeyedRows& into) {
  if (in_view) {
    Assembly(source_, document_).assemble(roots, keys, into.rows);
    into.keys.insert(into.keys.end(), keys.begin(), keys.end());
    return;
  }
  KeyedRows first = begun(document_.columns);
  Assembly(source_, document_).assemble(roots, keys, first.rows);
  first.keys.assign(keys.begin(), keys.end());
  agree(std::move(first), {keys.begin(), keys.end()}, into);
}

void DocumentReader::read_keys(std::span<const SourceKey> keys, bool in_view, KeyedRows& into) {
  const KeyedRows found = roots(keys);
  if (!found.keys.empty()) read(found.rows, found.keys, in_view, into);
}

/// Between two equal readings nothing was written that both would have had to see, unless it was taken back in between.
void DocumentReader::agree(KeyedRows last, std::vector<SourceKey> keys, KeyedRows& into) {
  for (int reading = 1; !keys.empty(); ++reading) {
    if (reading == readings_max) {
      throw Error(ErrorCode::source_busy, "a document keeps changing while it is read: " + model::source_key_json(keys.front()),
                  {{"key", model::source_key_json(keys.front())}});
    }
    const KeyedRows found = roots(keys);
    KeyedRows again = begun(document_.columns);
    if (!found.keys.empty()) Assembly(source_, document_).assemble(found.rows, found.keys, again.rows);
    again.keys = found.keys;
    const auto before = places_in(last);
    const auto now = places_in(again);
    std::vector<SourceKey> open;
    for (SourceKey& key : keys) {
      const auto was = before.find(key.parts);
      const auto is = now.find(key.parts);
      const bool gone = was == before.end() && is == now.end();
      if (gone) continue;
      const bool agrees =
          was != before.end() && is != now.end() && last.rows.row(was->second).canonical_bytes() == again.rows.row(is->second).canonical_bytes();
      if (!agrees) {
        open.push_back(std::move(key));
        continue;
      }
      append_row(again.rows.row(is->second), into.rows);
      into.keys.push_back(std::move(key));
    }
    last = std::move(again);
    keys = std::move(open);
  }
}

std::unique_ptr<model::RowStream> stream_of(std::shared_ptr<DocumentReader> reader, std::unique_ptr<View> view, KeyedRows roots) {
  return std::make_unique<Documents>(std::move(reader), std::move(view), std::move(roots));
}

std::unique_ptr<model::RowStream> stream_of_all(std::shared_ptr<DocumentReader> reader) { return std::make_unique<AllDocuments>(std::move(reader)); }

}  // namespace connectors::documents
