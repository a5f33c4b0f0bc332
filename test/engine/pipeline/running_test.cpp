// The planner and the schedulers with their threads: what one of them can't do must not stop the others.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "engine/base/error.h"
#include "engine/pipeline/capture_scheduler.h"
#include "engine/pipeline/planning/planner.h"
#include "test/engine/pipeline/small_instance.h"
#include "test/support/fake_clock.h"
#include "test/support/fake_source.h"

using namespace engine;
using namespace engine::pipeline;
using test::SmallJournal;

namespace {

void no_fatal(std::exception_ptr) { FAIL("the journal failed"); }

// Until a condition holds, at most half a minute: threads decide when.
template <class Condition>
bool comes_true(const Condition& condition) {
  const StopSignal never;
  for (int look = 0; look < 3'000; ++look) {
    if (condition()) return true;
    never.wait_for(10);
  }
  return false;
}

settings::Instance instance_with(std::vector<settings::PipelineDefinition> pipelines) {
  settings::Instance instance;
  instance.tables.emplace("customer", test::small_table("customer"));
  for (settings::PipelineDefinition& pipeline : pipelines) instance.pipelines.emplace(pipeline.name, std::move(pipeline));
  return instance;
}

const TableLive& table_named(const std::vector<TableLive>& tables, const std::string& name) {
  return *std::find_if(tables.begin(), tables.end(), [&](const TableLive& table) { return table.name == name; });
}

}  // namespace

TEST_CASE("a mapping that does not compile stops its own pipeline and says why") {
  SmallJournal small;
  settings::PipelineDefinition broken = test::small_pipeline("broken");
  broken.map[0].expressions[0] = test::expression("credits");
  const settings::Instance instance = instance_with({broken, test::small_pipeline("good")});
  Planner planner(small.journal(), instance, small.clock, no_fatal);
  const auto rows = planner.register_pipelines();
  small.change("C1", {}, test::image("C1", "S", "1.00"));
  planner.start();
  CHECK(comes_true([&] {
    auto reader = small.journal().read();
    return reader->deliveries.of_key(rows.at("good").id, R"(["C1"])", 10).size() == 1;
  }));
  CHECK(comes_true([&] { return planner.status()[0].state == "stopped"; }));
  CHECK(planner.status()[0].reason.find("credits") != std::string::npos);
  CHECK(planner.status()[1].state == "running");
  auto reader = small.journal().read();
  CHECK(reader->pipelines.find("broken")->position == 0);
}

TEST_CASE("a planner that starts again maps what it had not mapped, and nothing twice") {
  SmallJournal small;
  const settings::Instance instance = instance_with({test::small_pipeline("good")});
  for (int run = 0; run < 3; ++run) {
    Planner planner(small.journal(), instance, small.clock, no_fatal);
    const auto row = planner.register_pipelines().at("good");
    const auto change = small.change("C" + std::to_string(run), {}, test::image("C" + std::to_string(run), "S", "1.00"));
    planner.start();
    CHECK(comes_true([&] { return small.journal().read()->pipelines.find("good")->position == change.seq; }));
    for (int earlier = 0; earlier <= run; ++earlier) {
      auto reader = small.journal().read();
      CHECK(reader->deliveries.of_key(row.id, "[\"C" + std::to_string(earlier) + "\"]", 10).size() == 1);
    }
  }
}

TEST_CASE("a table that can't be read says so while its neighbour goes on, and catches up by itself") {
  SmallJournal small;
  std::atomic<bool> broken = true;
  settings::SourceConnection connection;
  connection.name = "erp";
  std::vector<settings::TableDefinition> tables{test::small_table("bad"), test::small_table("good")};
  for (settings::TableDefinition& table : tables) table.capture.every_ms = 20;
  // Each reader has a source of its own; the requests say which table is meant.
  class TwoTables final : public model::Source {
   public:
    explicit TwoTables(std::atomic<bool>& broken) : broken_(broken), rows_(test::small_layout()) {
      rows_.put({"C1", "S", "1.00"});
    }
    model::TableShape describe(const model::TableRequest& table) override {
      if (table.from == "bad" && broken_) throw Error(ErrorCode::source_unreachable, "nobody there");
      return rows_.describe(table);
    }
    std::unique_ptr<model::RowStream> open_range(const model::TableRequest& table, const model::TableShape& shape,
                                                 const model::KeyRange& range, std::size_t limit) override {
      return rows_.open_range(table, shape, range, limit);
    }
    std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& table, const model::TableShape& shape) override {
      return rows_.open_whole(table, shape);
    }
    std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& table, const model::TableShape& shape,
                                                std::span<const model::SourceKey> keys) override {
      return rows_.open_keys(table, shape, keys);
    }
    void close() override {}

   private:
    std::atomic<bool>& broken_;
    test::FakeSource rows_;
  };
  CaptureScheduler scheduler(connection, tables, small.journal(), system_clock(),
                             [&] { return std::make_unique<TwoTables>(broken); }, no_fatal);
  scheduler.start();
  CHECK(comes_true([&] { return table_named(scheduler.status(), "bad").state == "unreachable"; }));
  CHECK(comes_true([&] { return table_named(scheduler.status(), "good").rows_last_cycle == 1; }));
  CHECK(table_named(scheduler.status(), "bad").reason == "nobody there");
  broken = false;
  CHECK(comes_true([&] { return table_named(scheduler.status(), "bad").rows_last_cycle == 1; }));
  CHECK(table_named(scheduler.status(), "bad").reason.empty());
}

TEST_CASE("a table that is always due again does not keep another from being read") {
  test::FakeClock clock;
  SmallJournal small;
  settings::SourceConnection connection;
  connection.name = "erp";
  connection.readers = 1;
  std::vector<settings::TableDefinition> tables{test::small_table("greedy"), test::small_table("modest")};
  tables[0].capture.every_ms = 20;
  tables[1].capture.every_ms = 40;
  CaptureScheduler scheduler(connection, tables, small.journal(), clock, [&clock] {
    auto source = std::make_unique<test::FakeSource>(test::small_layout());
    source->put({"C1", "S", "1.00"});
    // A cycle takes longer than the interval.
    source->before_statement = [&clock](std::size_t) { clock.advance(50); };
    return source;
  }, no_fatal);
  scheduler.start();
  CHECK(comes_true([&] { return table_named(scheduler.status(), "modest").rows_last_cycle == 1; }));
}

TEST_CASE("chunks are read between the cycles of a table, neither of which keeps the other from its turn, until there are no more") {
  SmallJournal small;
  settings::SourceConnection connection;
  connection.name = "erp";
  connection.readers = 1;
  settings::TableDefinition table = test::small_table("customer");
  table.capture.every_ms = 1;
  std::atomic<int> chunks = 0, cycles = 0, failures = 0;
  CaptureScheduler scheduler(connection, {table}, small.journal(), system_clock(), [&] {
    auto source = std::make_unique<test::FakeSource>(test::small_layout());
    source->before_statement = [&](std::size_t) { ++cycles; };
    return source;
  }, no_fatal);
  int cycles_before = -1, turns = 0;
  scheduler.on_chunk([&](const std::string& name, capture::CaptureMode&, model::Source&, const StopSignal&) {
    CHECK(name == "customer");
    if (chunks == 2 && failures++ == 0) throw Error(ErrorCode::source_unreachable, "for a moment");
    turns += cycles != cycles_before;
    cycles_before = cycles;
    return ++chunks < 20;
  });
  CHECK(scheduler.begin_chunks("customer"));
  CHECK_FALSE(scheduler.begin_chunks("another"));
  scheduler.start();
  CHECK(comes_true([&] { return chunks == 20; }));
  const int cycles_then = cycles;
  CHECK(comes_true([&] { return cycles > cycles_then + 20; }));
  scheduler.stop();
  CHECK(chunks == 20);
  CHECK(turns > 1);
}

TEST_CASE("a table whose key changed is paused, and the journal says so") {
  SmallJournal small;
  settings::SourceConnection connection;
  connection.name = "erp";
  settings::TableDefinition table = test::small_table("customer");
  table.capture.every_ms = 20;
  model::Layout changed = test::small_layout();
  changed.columns[0].type = model::ColumnType::integer;
  std::atomic<bool> has_changed = false;
  const auto run_until = [&](const auto& condition) {
    CaptureScheduler scheduler(connection, {table}, small.journal(), system_clock(), [&] {
      return std::make_unique<test::FakeSource>(has_changed ? changed : test::small_layout());
    }, no_fatal);
    scheduler.start();
    return comes_true([&] { return condition(scheduler.status()[0]); });
  };
  CHECK(run_until([](const TableLive& live) { return live.last_cycle_ms > 0; }));
  has_changed = true;
  CHECK(run_until([&](const TableLive& live) {
    return live.state == "paused" && small.journal().read()->tables.find("customer")->state == "paused";
  }));
  CHECK(small.journal().read()->tables.find("customer")->state_reason.find("code") != std::string::npos);
}

TEST_CASE("a driver that is slow to close a connection keeps nobody from asking how the tables stand") {
  SmallJournal small;
  settings::SourceConnection connection;
  connection.name = "erp";
  settings::TableDefinition table = test::small_table("customer");
  table.capture.every_ms = 3'600'000;
  std::atomic<bool> is_closing = false, may_go = false;
  class SlowToClose final : public model::Source {
   public:
    SlowToClose(std::atomic<bool>& is_closing, std::atomic<bool>& may_go) : is_closing_(is_closing), may_go_(may_go), rows_(test::small_layout()) {}
    model::TableShape describe(const model::TableRequest& request) override { return rows_.describe(request); }
    std::unique_ptr<model::RowStream> open_range(const model::TableRequest& request, const model::TableShape& shape, const model::KeyRange& range,
                                                 std::size_t limit) override {
      return rows_.open_range(request, shape, range, limit);
    }
    std::unique_ptr<model::RowStream> open_whole(const model::TableRequest& request, const model::TableShape& shape) override {
      return rows_.open_whole(request, shape);
    }
    std::unique_ptr<model::RowStream> open_keys(const model::TableRequest& request, const model::TableShape& shape,
                                                std::span<const model::SourceKey> keys) override {
      return rows_.open_keys(request, shape, keys);
    }
    void close() override {
      is_closing_ = true;
      is_closing_.notify_all();
      may_go_.wait(false);
    }

   private:
    std::atomic<bool>& is_closing_;
    std::atomic<bool>& may_go_;
    test::FakeSource rows_;
  };
  CaptureScheduler scheduler(connection, {table}, small.journal(), system_clock(), [&] { return std::make_unique<SlowToClose>(is_closing, may_go); }, no_fatal);
  scheduler.start();
  CHECK(comes_true([&] { return is_closing.load(); }));
  // On a thread of its own: one that waits for the driver would wait for ever.
  std::atomic<bool> is_told = false;
  std::thread asking([&] { is_told = scheduler.status()[0].last_cycle_ms > 0; });
  CHECK(comes_true([&] { return is_told.load(); }));
  may_go = true;
  may_go.notify_all();
  asking.join();
}
