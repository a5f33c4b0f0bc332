// A whole instance in one thread and one seed: three tables that change, an engine that captures, maps and delivers them, a target,
// a disk and a clock, of which each may fail at any moment.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/pipeline/rehearsal.h"
#include "test/engine/journal/disk/fault_vfs.h"
#include "test/engine/journal/temporary_journal.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_source.h"
#include "test/support/fake_target.h"

namespace simulation {

/// A table as its application sees it, and how we learn of its changes.
struct Table {
  explicit Table(const std::string& mode);

  /// Rows of the table change as applications change them. `version` is higher than any before, unless the change commits late.
  void put(const std::string& code, const std::string& name, std::int64_t version);
  void erase(const std::string& code);
  /// Of the row with this code; none: there is no such row.
  const test::Cells* find(const std::string& code) const;

  std::string name;
  std::string mode;
  test::FakeSource source;
};

enum class Api { keyed, searched, honours_keys };

class SmallWorld {
 public:
  SmallWorld(std::uint64_t seed, Api api);
  ~SmallWorld();
  SmallWorld(const SmallWorld&) = delete;
  SmallWorld& operator=(const SmallWorld&) = delete;

  /// Anything that may happen, happens.
  void act();
  /// From now on all is well, and nobody edits; a day passes.
  void recover();

  std::vector<std::unique_ptr<Table>> tables;
  test::FakeTarget target;
  /// Open or dead deliveries and open anomalies, in words; empty when all is done.
  std::string left_over();
  int kills = 0;

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  Table& any_table() { return *tables[static_cast<std::size_t>(below(static_cast<int>(tables.size())))]; }

  void start();
  void kill();
  /// Runs a piece of the engine's work on a disk that may break in its middle, which ends the process there.
  void work(const std::function<void()>& piece);
  void capture(Table& table);
  void answer_one();
  void edit(Table& table);
  void commit_late(Table& table);
  void break_source(Table& table, std::size_t statement);

  std::mt19937_64 random_;
  engine::journal::test::Faults& disk_;
  engine::journal::test::TemporaryFolder folder_;
  test::FakeClock clock_;
  engine::settings::Instance instance_;
  std::unique_ptr<engine::journal::Journal> journal_;
  std::unique_ptr<engine::pipeline::Rehearsal> engine_;
  std::int64_t version_ = 1'000;
  bool all_is_well_ = false;
};

}  // namespace simulation
