#include "connectors/catalog/rows_ahead.h"

#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

namespace connectors::catalog {

namespace model = engine::model;

namespace {

constexpr std::size_t ahead_max = 2;

struct Read {
  model::RowBatch rows;
  bool more = false;  ///< what the stream's `next` said
  bool over = false;  ///< nothing comes behind it
};

/// The stream as the driver's thread has it.
class Reader {
 public:
  Reader(std::unique_ptr<model::RowStream> rows, Ends ends) : rows_(std::move(rows)), ends_(ends) {}

  /// Nobody waits for rows any more: what was begun and not yet run calls no driver. For any thread.
  void let_go() { let_go_ = true; }

  Read read(model::RowBatch memory) {
    Read read{.rows = std::move(memory), .over = over_};
    read.rows.begin(0);
    if (let_go_ || over_) return read;
    if (error_) std::rethrow_exception(error_);
    try {
      read.more = rows_->next(read.rows);
    } catch (...) {
      error_ = std::current_exception();
      throw;
    }
    over_ = read.over = !read.more && (ends_ == Ends::with_its_statement || !any_in_chunk_);
    any_in_chunk_ = read.more && (any_in_chunk_ || read.rows.rows() > 0);
    return read;
  }

 private:
  std::unique_ptr<model::RowStream> rows_;
  Ends ends_;
  bool any_in_chunk_ = false;
  bool over_ = false;
  std::exception_ptr error_;
  std::atomic<bool> let_go_ = false;
};

class RowsAhead final : public model::RowStream {
 public:
  RowsAhead(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<model::RowStream> rows, Ends ends)
      : thread_(std::move(thread)), reader_(std::make_shared<Reader>(std::move(rows), ends)) {}
  ~RowsAhead() override {
    reader_->let_go();
    thread_->leave(std::move(reader_));
  }

  bool next(model::RowBatch& into) override {
    spare_.push_back(std::move(into));
    if (ahead_.empty()) begin();
    auto first = std::move(ahead_.front());
    ahead_.pop_front();
    Read read = thread_->finish(std::move(first));
    into = std::move(read.rows);
    if (read.more) ++batches_;
    while (batches_ > 1 && !read.over && ahead_.size() < ahead_max) begin();
    return read.more;
  }

 private:
  void begin() {
    model::RowBatch memory;
    if (!spare_.empty()) {
      memory = std::move(spare_.back());
      spare_.pop_back();
    }
    ahead_.push_back(thread_->begin([reader = reader_, memory = std::move(memory)]() mutable { return reader->read(std::move(memory)); }));
  }

  std::shared_ptr<odbc::DriverThread> thread_;
  std::shared_ptr<Reader> reader_;
  std::deque<engine::LeavableThread::Begun<Read>> ahead_;
  std::vector<model::RowBatch> spare_;  ///< memory
  std::size_t batches_ = 0;
};

}  // namespace

std::unique_ptr<model::RowStream> rows_ahead(std::shared_ptr<odbc::DriverThread> thread, std::unique_ptr<model::RowStream> rows, Ends ends) {
  return std::make_unique<RowsAhead>(std::move(thread), std::move(rows), ends);
}

}  // namespace connectors::catalog
