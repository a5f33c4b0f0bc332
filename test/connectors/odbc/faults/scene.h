// A table under capture, read through a driver that breaks on cue.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/capture/capture_mode.h"
#include "test/connectors/odbc/database.h"
#include "test/engine/journal/temporary_journal.h"
#include "test/support/fake_clock.h"

namespace odbc_test {

using Lines = std::vector<std::string>;

/// How rows come from the driver: many at a time, or each for itself because a value may be longer than its buffer.
enum class Rows { in_arrays, one_by_one };

/// 40 rows under capture by chunks of 8, and a second way to the table that nothing breaks. The source is one as the daemon has it: a call of more than
/// 0.2 seconds is cancelled, one of more than a second left behind.
class Scene {
 public:
  static constexpr const char* connection_name = "erp";

  explicit Scene(Rows rows);
  ~Scene();

  void break_at(const std::string& call, int nth, const std::string& fault) const;
  static bool struck();

  /// One row each is new, changed and gone. Returns what a pipeline shall hear of it.
  Lines edit();
  /// Its error's code, or how many changes it told: "quiet" for none.
  std::string cycle();
  /// What the last cycle that failed said.
  const std::string& message() const { return message_; }

  std::int64_t last_seq() { return journal_->read()->changes.last_seq(); }
  Lines changes_after(std::int64_t seq);
  std::int64_t images() { return journal_->read()->images.count(1); }

  std::unique_ptr<engine::model::Source> source;
  engine::settings::SourceConnection connection;
  engine::settings::DialectDefinition dialect;

 private:
  void insert(int k) const;

  int rows_ = 40;
  std::size_t note_bytes_ = 0;
  std::string message_;
  engine::journal::test::TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
  engine::settings::TableDefinition definition_;
  test::FakeClock clock_;
  std::unique_ptr<engine::journal::Journal> journal_;
  std::unique_ptr<engine::capture::CaptureMode> mode_;
  engine::StopSignal stop_;
};

}  // namespace odbc_test
