#include "engine/model/source.h"

#include <utility>

#include "engine/base/error.h"

namespace engine::model {

namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::source_refused, "this kind of source cannot be read by columns that grow", {}, "use `mode: diff`");
}

class Chunks final : public RowStream {
 public:
  Chunks(Source& source, const TableRequest& table, const TableShape& shape, KeyRange rest, std::size_t limit)
      : source_(source), table_(table), shape_(shape), rest_(std::move(rest)), limit_(limit) {}

  bool next(RowBatch& into) override {
    if (!chunk_) chunk_ = source_.open_range(table_, shape_, rest_, limit_);
    const bool more = chunk_->next(into);
    if (into.rows() > 0) rest_.after = into.source_key(into.rows() - 1);
    // Some drivers allow one open statement a connection.
    if (!more) chunk_.reset();
    return more;
  }

 private:
  Source& source_;
  TableRequest table_;
  TableShape shape_;
  KeyRange rest_;
  std::size_t limit_;
  std::unique_ptr<RowStream> chunk_;
};

}  // namespace

std::unique_ptr<RowStream> Source::open_chunks(const TableRequest& table, const TableShape& shape, const KeyRange& range, std::size_t limit) {
  return std::make_unique<Chunks>(*this, table, shape, range, limit);
}

std::optional<std::string> Source::now(const TableRequest&, const Column&) { refuse(); }

std::optional<std::string> Source::highest(const TableRequest&, const TableShape&, std::size_t, const std::optional<std::string>&) { refuse(); }

std::unique_ptr<RowStream> Source::open_growth(const TableRequest&, const TableShape&, const GrowthRange&, std::size_t) { refuse(); }

}  // namespace engine::model
