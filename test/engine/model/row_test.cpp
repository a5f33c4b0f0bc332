#include "engine/model/row.h"

#include <doctest/doctest.h>

#include "test/support/random_rows.h"

using namespace engine::model;

TEST_CASE("NULL, empty text and a missing column's neighbour stay apart in a row and in its digest") {
  RowBatch batch;
  batch.begin(2);
  test::append({std::nullopt, ""}, batch);
  test::append({"", std::nullopt}, batch);
  test::append({"ab", "c"}, batch);
  test::append({"a", "bc"}, batch);
  REQUIRE(batch.rows() == 4);
  CHECK(batch.row(0).is_null(0));
  CHECK_FALSE(batch.row(0).is_null(1));
  CHECK(batch.row(0).text(0).empty());
  CHECK(batch.row(3).text(1) == "bc");
  CHECK(digest_of(batch.row(0)) != digest_of(batch.row(1)));
  CHECK(digest_of(batch.row(2)) != digest_of(batch.row(3)));
}

TEST_CASE("equal rows have one digest wherever they stand") {
  RowBatch batch;
  batch.begin(2);
  test::append({"x", "1"}, batch);
  test::append({"pushes the next row elsewhere", std::nullopt}, batch);
  test::append({"x", "1"}, batch);
  CHECK(digest_of(batch.row(0)) == digest_of(batch.row(2)));
}

TEST_CASE("a cell written in place is cut to what was really read") {
  RowBatch batch;
  batch.begin(2);
  std::memcpy(batch.append_space(10), "abcdefghij", 10);
  batch.shrink_last(3);
  batch.append("next");
  batch.end_row();
  CHECK(batch.row(0).text(0) == "abc");
  CHECK(batch.row(0).text(1) == "next");
}

TEST_CASE("a batch begun again is empty and may have other columns") {
  RowBatch batch;
  batch.begin(1);
  batch.append("x");
  batch.begin(3);
  CHECK(batch.rows() == 0);
  test::append({"a", "b", "c"}, batch);
  CHECK(batch.rows() == 1);
}
