// Rows come in their order, and what ends or breaks a reading in its place among them, though another thread reads them before they are asked for.
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "connectors/catalog/rows_ahead.h"
#include "engine/base/error.h"
#include "engine/model/key.h"

using namespace connectors::catalog;
using engine::Error;
using engine::ErrorCode;
using engine::model::RowBatch;
using engine::model::RowStream;

namespace {

/// What became of the stream, told by the driver's thread and read behind it.
struct Seen {
  int reads = 0;
  bool gone = false;
  std::vector<std::thread::id> threads;
};

/// One row a batch, numbered from 1, in chunks of `chunk` rows (0: in one statement); an error in place of row `fails_at`.
struct Numbers {
  int rows = 0;
  int chunk = 0;
  int fails_at = 0;
};

class NumberStream final : public RowStream {
 public:
  NumberStream(std::shared_ptr<Seen> seen, Numbers numbers) : seen_(std::move(seen)), numbers_(numbers) {}
  ~NumberStream() override {
    seen_->gone = true;
    seen_->threads.push_back(std::this_thread::get_id());
  }

  bool next(RowBatch& into) override {
    ++seen_->reads;
    seen_->threads.push_back(std::this_thread::get_id());
    into.begin(1);
    if (given_ == numbers_.rows || (in_chunk_ != 0 && in_chunk_ == numbers_.chunk)) {
      in_chunk_ = 0;
      return false;
    }
    if (given_ + 1 == numbers_.fails_at) throw Error(ErrorCode::source_unreachable, "lost");
    const std::string number = std::to_string(++given_);
    ++in_chunk_;
    into.append(number);
    into.end_row();
    into.append_key_part("key " + number);
    return true;
  }

 private:
  std::shared_ptr<Seen> seen_;
  Numbers numbers_;
  int given_ = 0;
  int in_chunk_ = 0;
};

struct Scene {
  explicit Scene(Numbers numbers) {
    rows = rows_ahead(thread, std::make_unique<NumberStream>(seen, numbers), numbers.chunk == 0 ? Ends::with_its_statement : Ends::with_an_empty_chunk);
  }
  /// Waits until all is done that was begun.
  void settle() {
    thread->run([] {});
  }
  /// The number of the next row, "." for an end.
  std::string next() {
    if (!rows->next(batch)) return ".";
    REQUIRE(batch.rows() == 1);
    CHECK(batch.source_key(0).parts == std::vector<std::string>{"key " + std::string(batch.row(0).text(0))});
    return std::string(batch.row(0).text(0));
  }

  std::shared_ptr<connectors::odbc::DriverThread> thread = std::make_shared<connectors::odbc::DriverThread>(connectors::odbc::CallLimits{"erp", std::chrono::minutes(1)});
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  std::unique_ptr<RowStream> rows;
  RowBatch batch;
};

}  // namespace

TEST_CASE("rows come in their order with their keys, the ends of chunks in their places, and then the end") {
  for (const int chunk : {0, 1, 2, 3, 50}) {
    CAPTURE(chunk);
    Scene scene({.rows = 50, .chunk = chunk});
    for (int number = 1; number <= 50; ++number) {
      CHECK(scene.next() == std::to_string(number));
      if (chunk != 0 && number % chunk == 0) CHECK(scene.next() == ".");
    }
    CHECK(scene.next() == ".");
  }
}

TEST_CASE("an error comes behind the rows before it, and the stream never looks complete afterwards") {
  for (const int fails_at : {1, 2, 3, 4, 7}) {
    CAPTURE(fails_at);
    Scene scene({.rows = 9, .chunk = 3, .fails_at = fails_at});
    for (int number = 1; number < fails_at; ++number) {
      CHECK(scene.next() == std::to_string(number));
      if (number % 3 == 0) CHECK(scene.next() == ".");
    }
    for (int again = 0; again < 4; ++again) CHECK_THROWS_WITH_AS(scene.next(), "lost", Error);
    const int reads = scene.seen->reads;
    CHECK(reads == fails_at + (fails_at - 1) / 3);
  }
}

TEST_CASE("of a small table nothing is read before it is asked for") {
  Scene scene({.rows = 1, .chunk = 10});
  CHECK(scene.next() == "1");
  scene.settle();
  CHECK(scene.seen->reads == 1);
  CHECK(scene.next() == ".");
  scene.settle();
  CHECK(scene.seen->reads == 2);
}

TEST_CASE("two batches are read ahead, beyond the end of a chunk, and no more") {
  Scene scene({.rows = 9, .chunk = 3});
  CHECK(scene.next() == "1");
  CHECK(scene.next() == "2");
  scene.settle();
  CHECK(scene.seen->reads == 4);
  CHECK(scene.next() == "3");
  scene.settle();
  CHECK(scene.seen->reads == 5);
}

TEST_CASE("nothing is read behind the end") {
  for (const int chunk : {0, 2}) {
    CAPTURE(chunk);
    Scene scene({.rows = 4, .chunk = chunk});
    std::string all;
    for (int i = 0; i < (chunk == 0 ? 5 : 7); ++i) all += scene.next();
    CHECK(all == (chunk == 0 ? "1234." : "12.34.."));
    scene.settle();
    CHECK(scene.seen->reads == static_cast<int>(all.size()));
  }
}

TEST_CASE("a stream that is let go is read no further, and the thread that read it closes it before it does anything else") {
  Scene scene({.rows = 1'000, .chunk = 3});
  CHECK(scene.next() == "1");
  CHECK(scene.next() == "2");
  scene.rows.reset();
  bool was_gone = false;
  scene.thread->run([&was_gone, seen = scene.seen] { was_gone = seen->gone; });
  CHECK(was_gone);
  CHECK(scene.seen->reads <= 4);
  const std::thread::id driver = scene.thread->run([] { return std::this_thread::get_id(); });
  CHECK(scene.seen->threads == std::vector(scene.seen->threads.size(), driver));
}
