// A file that is changed, half written, replaced, gone.
#include "connectors/files/file_gate.h"

#include <doctest/doctest.h>

#include "connectors/files/whole_source.h"
#include "test/connectors/files/csv_folder.h"

using namespace csv_test;
using Lines = std::vector<std::string>;

namespace {

/// Each probe comes a second after the last.
std::vector<std::string> probe(CsvFolder& folder, engine::model::Source& source) {
  folder.clock.advance(1'000);
  return source.probe(folder.table);
}

}  // namespace

TEST_CASE("a file that stays proves that nothing changed, and one that was written does not") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(3'000);
  const auto source = folder.source();
  const auto before = probe(folder, *source);
  REQUIRE(before.size() == 1);
  CHECK(probe(folder, *source) == before);
  folder.append("2\n");
  CHECK(probe(folder, *source) == before);  // being written: nothing of it is to be seen yet
  CHECK(error_of([&] { folder.rows(*source); }).starts_with("source.busy"));
  folder.clock.advance(2'000);
  CHECK(probe(folder, *source) != before);
  CHECK(folder.rows(*source) == Lines{"1", "2"});
}

TEST_CASE("a file that was put in another's place is another, though size and time are the same") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(3'000);
  const auto source = folder.source();
  const auto before = probe(folder, *source);
  folder.write("id\n2\n", "new");
  std::filesystem::last_write_time(folder.path / "new", std::filesystem::last_write_time(folder.path / "customers.csv"));
  std::filesystem::rename(folder.path / "new", folder.path / "customers.csv");
  folder.clock.advance(3'000);
  CHECK(probe(folder, *source) != before);
  CHECK(folder.rows(*source) == Lines{"2"});
}

TEST_CASE("a last line without its end is half written, unless the file never has one") {
  CsvFolder folder;
  CHECK(error_of([&] { folder.rows_of("id,name\n1,a\n2,Ros"); }).starts_with("source.busy"));
  CHECK(error_of([&] { folder.rows_of("id,name\n1,\"a\nb\n"); }).starts_with("source.busy"));
  CHECK(error_of([&] { folder.rows_of(""); }).starts_with("source.busy"));
  folder.connection.csv->final_newline = false;
  CHECK(folder.rows_of("id,name\n1,a\n2,Ros") == Lines{"1|a", "2|Ros"});
}

TEST_CASE("a file that is gone cannot be reached: its rows are not deleted") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(3'000);
  const auto source = folder.source();
  CHECK(folder.rows(*source) == Lines{"1"});
  std::filesystem::remove(folder.path / "customers.csv");
  CHECK(error_of([&] { probe(folder, *source); }).starts_with("source.unreachable"));
  CHECK(error_of([&] { folder.rows(*source); }).starts_with("source.unreachable"));
}

TEST_CASE("a file that is written while it is read gives nothing of what was written") {
  CsvFolder folder;
  std::string text = "id,name\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",a\n";
  folder.write(text);
  folder.clock.advance(3'000);
  const auto source = folder.source();
  const auto rows = source->open_whole(folder.table, source->describe(folder.table));
  engine::model::RowBatch batch;
  REQUIRE(rows->next(batch));
  folder.write("id,name\n");
  CHECK(error_of([&] { while (rows->next(batch)) CHECK(batch.row(0).text(1) == "a"); }).starts_with("source.busy"));
}

TEST_CASE("a file that is written without a pause is told of after a minute") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(3'000);
  const auto source = folder.source();
  const auto before = probe(folder, *source);
  std::string error = "nothing";
  int looks = 0;
  for (; looks < 100 && error == "nothing"; ++looks) {
    folder.append("2\n");
    std::vector<std::string> now = before;
    error = error_of([&] { now = probe(folder, *source); });
    CHECK(now == before);
  }
  CHECK(error.find("is being written without a pause") != std::string::npos);
  CHECK(looks > 50);
}

TEST_CASE("a driver's database that is one file is read when it has settled, and not while it changes") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(3'000);
  const auto source = connectors::files::with_file_gate(
      connectors::files::read_whole_only(folder.source()), connectors::files::FileGate(folder.path / "customers.csv", 2'000, folder.clock));
  const auto before = probe(folder, *source);
  CHECK(before.size() == 1);
  CHECK(folder.rows(*source) == Lines{"1"});
  const auto shape = source->describe(folder.table);
  CHECK_FALSE(shape.key_is_indexed);
  const auto rows = source->open_whole(folder.table, shape);
  folder.append("2\n");
  engine::model::RowBatch batch;
  CHECK(error_of([&] { rows->next(batch); }).starts_with("source.busy"));
  CHECK(probe(folder, *source) == before);
}

TEST_CASE("times of a file server's clock, which may run behind, are believed when they lie far back; below that only looks count") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(30'000);  // so far the other clock is behind
  const auto gate = [&folder](bool is_ours) {
    return connectors::files::FileGate(folder.path / "customers.csv", 2'000, folder.clock,
                                       is_ours ? [](const std::filesystem::path&) { return true; } : [](const std::filesystem::path&) { return false; });
  };
  CHECK(gate(true).settled());
  auto on_server = gate(false);
  CHECK_FALSE(on_server.settled());
  folder.clock.advance(1'900);
  folder.append("2\n");
  CHECK_FALSE(on_server.settled());
  folder.clock.advance(1'900);
  CHECK_FALSE(on_server.settled());
  folder.clock.advance(100);
  CHECK(on_server.settled());
  folder.clock.advance(600'000);
  CHECK(gate(false).settled());
}

TEST_CASE("who looks once an hour is told to come back soon when the file was written just now") {
  CsvFolder folder;
  folder.write("id\n1\n");
  folder.clock.advance(3'000);
  const auto source = folder.source();
  REQUIRE(source->describe(folder.table).layout.columns.size() == 1);
  const auto before = probe(folder, *source);
  folder.clock.advance(3'600'000);
  folder.append("2\n");
  const auto wall = std::filesystem::file_time_type::clock::now() + std::chrono::milliseconds(3'604'000);
  std::filesystem::last_write_time(folder.path / "customers.csv", wall);
  source->describe(folder.table);
  CHECK(error_of([&] { source->probe(folder.table); }).find("is still being written") != std::string::npos);
  CHECK(error_of([&] { probe(folder, *source); }).find("is still being written") != std::string::npos);
  folder.clock.advance(5'000);
  CHECK(probe(folder, *source) != before);
}

TEST_CASE("who reads a file once waits for the second look that it takes") {
  CsvFolder folder;
  folder.write("id\n1\n");
  std::vector<std::int64_t> pauses;
  const auto gate = [&](std::int64_t settle_ms) {
    return connectors::files::FileGate(folder.path / "customers.csv", settle_ms, folder.clock, [](const std::filesystem::path&) { return false; },
                                       [&](std::chrono::milliseconds time) {
                                         pauses.push_back(time.count());
                                         folder.clock.advance(time.count());
                                       });
  };
  auto once = gate(2'000);
  CHECK_FALSE(once.settled());
  folder.clock.advance(500);
  CHECK(once.ready().size == 5);
  CHECK(pauses == std::vector<std::int64_t>{1'500});
  folder.append("2\n");
  CHECK(error_of([&] { once.ready(); }).starts_with("source.busy"));
  CHECK(error_of([&] { gate(60'000).ready(); }).starts_with("source.busy"));
  CHECK(pauses.size() == 1);
}

TEST_CASE("a database that is one file has the columns it had while it is being written") {
  CsvFolder folder;
  folder.write("id,name\n1,a\n");
  folder.clock.advance(3'000);
  const auto source = connectors::files::with_file_gate(
      connectors::files::read_whole_only(folder.source()), connectors::files::FileGate(folder.path / "customers.csv", 2'000, folder.clock));
  CHECK(source->describe(folder.table).layout.columns.size() == 2);
  folder.write("id\n");
  folder.clock.advance(1'000);
  CHECK(source->describe(folder.table).layout.columns.size() == 2);
  folder.clock.advance(3'000);
  CHECK(source->describe(folder.table).layout.columns.size() == 1);
}
