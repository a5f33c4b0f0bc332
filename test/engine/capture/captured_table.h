// One table under capture: a fake source, a journal in a folder of its own, a clock turned by hand.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/capture/capture_mode.h"
#include "engine/journal/journal.h"
#include "engine/settings/table_definition.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_source.h"

namespace test {

/// A folder that goes with its object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

class CapturedTable {
 public:
  explicit CapturedTable(engine::model::Layout layout, std::size_t chunk_rows = 4);

  /// One cycle, a second after the last. An error leaves as it came.
  engine::capture::CycleResult cycle();
  /// Rows of these text keys are read again, as a person asks for it.
  engine::capture::SelectedRows read_again(const std::vector<std::string>& keys);
  /// A range of text keys is read again, chunk by chunk, until there are no more rows.
  std::vector<engine::capture::ChunkRows> read_range(const std::optional<std::string>& first, const std::optional<std::string>& last, std::size_t chunk_rows);
  /// Ends the journal with its writer thread: what listens to commits has then heard all of them.
  void close();
  /// As after a kill: a new process opens the journal.
  void restart();
  /// Goes on with a copy of the journal, taken while nobody wrote it.
  void restart_from(const std::filesystem::path& journal_copy);

  std::vector<engine::model::Change> changes();
  std::vector<engine::model::Change> changes_after(std::int64_t seq);
  std::int64_t last_seq();
  std::optional<engine::journal::SourceTable> row();
  std::vector<engine::journal::Cycle> cycles();
  std::int64_t images();
  /// What the images say the table holds, by key JSON.
  std::map<std::string, std::string> imaged();
  /// What the source holds, in the same form.
  std::map<std::string, std::string> held();
  /// What becomes of `state` when the changes are applied to it, with every before image checked.
  std::map<std::string, std::string> applied(std::map<std::string, std::string> state,
                                             const std::vector<engine::model::Change>& changes);

  engine::settings::TableDefinition definition;
  FakeSource source;
  FakeClock clock;
  engine::StopSignal stop;
  engine::capture::Progress progress;
  std::unique_ptr<engine::journal::Journal> journal;
  std::filesystem::path journal_path() const { return path_; }

 private:
  void open();
  std::string key_json(const Cells& row) const;
  engine::capture::Selection::Key selected(const std::string& key);

  TemporaryFolder folder_;
  std::filesystem::path path_;
  std::unique_ptr<engine::capture::CaptureMode> mode_;
};

/// Key column `k` of one type, two columns `a` and `b` of text.
engine::model::Layout small_layout(engine::model::ColumnType key = engine::model::ColumnType::text);

/// Rows of the small layout with these keys, all with the same values.
void fill(CapturedTable& table, const std::vector<std::string>& keys);

/// "insert [\"x\"]", one a change.
std::vector<std::string> told(const std::vector<engine::model::Change>& changes);
/// Cycles once and returns what the journal was told by it.
std::vector<std::string> news(CapturedTable& table);

}  // namespace test
