// A file under capture, with a journal on disk: what a pipeline would hear of it.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/base/log.h"
#include "engine/capture/capture_mode.h"
#include "test/connectors/files/csv_folder.h"
#include "test/engine/journal/temporary_journal.h"

using namespace csv_test;
using Lines = std::vector<std::string>;

namespace {

class CapturedFile : public CsvFolder {
 public:
  CapturedFile() {
    engine::set_log_level(engine::LogLevel::error);
    table.key = {"id"};
    definition.name = "customers";
    definition.request = table;
    definition.capture.full_every_ms = 3'600'000;
    definition.initial = engine::settings::Initial::deliver;
    start();
  }

  /// As after a kill: what the process knew is gone, what it journaled is there.
  void start() {
    mode.reset();
    journal.reset();
    journal = engine::journal::Journal::open({.path = folder.journal()});
    mode = engine::capture::make_capture_mode(definition, *journal, clock);
    files = source();
  }

  /// The cycle a second later: "insert [\"1\"]" a change, or its error.
  Lines cycle() {
    clock.advance(1'000);
    const std::int64_t before = journal->read()->changes.last_seq();
    rows_read = 0;
    const std::string error = error_of([&] { rows_read = mode->run_cycle(*files, stop, {}).rows_read; });
    if (error != "nothing") return {error.substr(0, error.find(':'))};
    Lines heard;
    for (const auto& change : journal->read()->changes.page(before, 1'000'000, false)) {
      heard.push_back(std::string(engine::model::name_of(change.operation)) + " " + change.key);
    }
    return heard;
  }
  Lines cycle_when_settled() {
    clock.advance(3'000);
    return cycle();
  }

  engine::settings::TableDefinition definition;
  engine::journal::test::TemporaryFolder folder;
  std::unique_ptr<engine::journal::Journal> journal;
  std::unique_ptr<engine::capture::CaptureMode> mode;
  std::unique_ptr<engine::model::Source> files;
  engine::StopSignal stop;
  std::int64_t rows_read = 0;
};

}  // namespace

TEST_CASE("a file that is changed, appended to and replaced tells its changes, and one that stays is not read") {
  CapturedFile file;
  file.write("id,name\n1,Rossi\n2,Bianchi\n3,Neri\n");
  CHECK(file.cycle_when_settled().size() == 3);
  CHECK(file.rows_read == 3);
  CHECK(file.cycle() == Lines{});
  CHECK(file.rows_read == 0);
  file.append("4,Verdi\n");
  CHECK(file.cycle_when_settled() == Lines{"insert [\"4\"]"});
  file.write("id,name\n4,Verdi\n1,Rossi\n3,Neri Srl\n", "next.csv");
  std::filesystem::rename(file.path / "next.csv", file.path / "customers.csv");
  Lines heard = file.cycle_when_settled();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == Lines{"delete [\"2\"]", "update [\"3\"]"});
  CHECK(file.cycle() == Lines{});
  CHECK(file.rows_read == 0);
}

TEST_CASE("a half-written file deletes nothing and tells nothing, and is read when it is whole") {
  CapturedFile file;
  const std::string whole = "id,name\n1,Rossi\n2,Bianchi\n3,Neri\n";
  file.write(whole);
  CHECK(file.cycle_when_settled().size() == 3);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    file.write(whole.substr(0, size));
    CHECK(file.cycle() == Lines{});  // still being written
    const Lines heard = file.cycle_when_settled();
    // Whole lines are all that a file can say of itself: fewer of them are fewer rows.
    if (size > 0 && whole[size - 1] == '\n') break;
    CHECK(heard == Lines{"source.busy"});
  }
  file.write(whole);
  file.cycle_when_settled();
  CHECK(file.journal->read()->images.count(1) == 3);
}

TEST_CASE("a file that is gone for a while, or changed while nobody looked, loses no row") {
  CapturedFile file;
  file.write("id,name\n1,Rossi\n2,Bianchi\n");
  CHECK(file.cycle_when_settled().size() == 2);
  std::filesystem::remove(file.path / "customers.csv");
  CHECK(file.cycle() == Lines{"source.unreachable"});
  file.write("id,name\n2,Bianchi\n5,Gallo\n");
  file.start();
  Lines heard = file.cycle_when_settled();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == Lines{"delete [\"1\"]", "insert [\"5\"]"});
}

TEST_CASE("two rows of one key stop the table, and columns in another order are the same ones") {
  CapturedFile file;
  file.write("id,name\n1,Rossi\n2,Bianchi\n");
  CHECK(file.cycle_when_settled().size() == 2);
  file.write("id,name\n1,Rossi\n2,Bianchi\n1,Neri\n");
  CHECK(file.cycle_when_settled() == Lines{"source.bad_data"});
  file.write("name,id\nRossi,1\nGallo,2\n");
  CHECK(file.cycle_when_settled() == Lines{"update [\"2\"]"});
  CHECK(file.cycle() == Lines{});
  CHECK(file.rows_read == 0);
}
