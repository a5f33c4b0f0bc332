// `deliver: together`: which changes of a cycle become one bundle, and that a kill in between plans nothing twice.
#include <doctest/doctest.h>

#include "engine/base/metrics.h"
#include "engine/pipeline/planning/planner.h"
#include "test/engine/pipeline/small_instance.h"

using namespace engine;
using namespace engine::pipeline;
using test::SmallJournal;

namespace {

class Together {
 public:
  explicit Together(std::size_t together_max = 100) {
    settings::PipelineDefinition pipeline = test::small_pipeline("to_shop");
    pipeline.deliver = settings::DeliverPolicy::together;
    pipeline.together_max = together_max;
    pipeline.mass_change.deletes = {};
    pipeline.mass_change.rhythm.is_on = false;
    instance_.tables.emplace("customer", test::small_table("customer"));
    instance_.pipelines.emplace(pipeline.name, std::move(pipeline));
    restart();
  }

  void restart() {
    planner_.reset();
    planner_ = std::make_unique<Planner>(small_.journal(), instance_, small_.clock, [](std::exception_ptr error) { std::rethrow_exception(error); });
    planner_->register_pipelines();
  }
  std::int64_t begin_cycle(const std::string& kind = "diff") {
    small_.journal().write([&](journal::Records& records) { cycle_ = records.cycles.start(1, kind, 0); });
    return cycle_;
  }
  void end_cycle() {
    small_.journal().write([&](journal::Records& records) { records.cycles.close(cycle_, 0); });
  }
  void tie(const std::string& one, const std::string& other) {
    small_.journal().write([&](journal::Records& records) { records.cycles.tie(cycle_, one, other); });
  }
  void change(const std::string& code, std::optional<std::string> transaction, const std::string& active = "S") {
    model::Change change{.table_id = 1,
                         .layout_id = 1,
                         .cycle_id = cycle_,
                         .key = "[\"" + code + "\"]",
                         .operation = model::Operation::insert,
                         .after = test::image(code, active, "1.00"),
                         .changed_columns = "[]",
                         .source_transaction = std::move(transaction)};
    small_.journal().write([&](journal::Records& records) { records.changes.append(change); });
  }
  bool follow_once() { return planner_->follow_once(); }
  void follow() {
    while (planner_->follow_once()) continue;
  }
  /// "1=A B, -=C": the bundles in the order of planning, each with its rows.
  std::string planned() {
    auto reader = small_.journal().read();
    std::map<std::int64_t, std::string> bundles;
    std::string text;
    std::optional<std::int64_t> last;
    for (std::int64_t id = 1; id <= reader->deliveries.last_id(); ++id) {
      const auto delivery = reader->deliveries.find(id);
      const std::string row = delivery->key.substr(2, delivery->key.size() - 4) + (is_open(delivery->state) ? "" : "(" + std::string(name_of(delivery->state)) + ")");
      const bool same = id > 1 && delivery->bundle_id && delivery->bundle_id == last;
      if (same) text += " " + row;
      else text += (text.empty() ? "" : ", ") + name_of_bundle(*reader, delivery->bundle_id) + "=" + row;
      last = delivery->bundle_id;
    }
    return text;
  }
  SmallJournal& small() { return small_; }

 private:
  static std::string name_of_bundle(journal::Records& records, std::optional<std::int64_t> id) {
    if (!id) return "-";
    const std::string name = records.bundles.find(*id)->source_transaction;
    return name.empty() ? "all" : name;
  }

  SmallJournal small_;
  settings::Instance instance_;
  std::unique_ptr<Planner> planner_;
  std::int64_t cycle_ = 0;
};

/// Of the whole process: other tests count, too.
int counted_apart() {
  static const std::string name = "datapicker_transactions_apart_total{pipeline=\"to_shop\"} ";
  const std::string text = metrics_text();
  const auto at = text.find(name);
  return at == std::string::npos ? 0 : std::stoi(text.substr(at + name.size()));
}

}  // namespace

TEST_CASE("the changes of a transaction are planned together once their cycle is closed, others beside them") {
  Together world;
  world.begin_cycle();
  world.change("A", "7");
  world.change("B", "8");
  world.change("C", "7");
  world.follow();
  CHECK(world.planned().empty());
  world.change("D", "8");
  world.change("E", "9");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "7=A C, 8=B D, -=E");
  world.begin_cycle();
  world.change("F", "10");
  world.change("G", "10");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "7=A C, 8=B D, -=E, 10=F G");
}

TEST_CASE("transactions that changed the same row before it was read are one") {
  Together world;
  world.begin_cycle();
  world.change("A", "7");
  world.change("B", "8");
  world.change("C", "9");
  world.change("D", "9");
  world.tie("8", "7");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "7=A B, 9=C D");
}

TEST_CASE("a change whose transaction nobody knows belongs to all of its cycle") {
  Together world;
  world.begin_cycle();
  world.change("A", "7");
  world.change("B", std::nullopt);
  world.change("C", "8");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "all=A B C");
}

TEST_CASE("the first reading goes row by row while it is under way") {
  Together world;
  world.begin_cycle("snapshot");
  world.change("A", std::nullopt);
  world.change("B", std::nullopt);
  world.follow();
  CHECK(world.planned() == "-=A, -=B");
}

TEST_CASE("rows that the pipeline has nothing to say of are no part of a transaction") {
  Together world;
  world.begin_cycle();
  world.change("A", "7");
  world.change("B", "7", "N");
  world.change("C", "8");
  world.change("D", "8");
  world.change("E", "8", "N");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "-=A, 8=C D");
}

TEST_CASE("a transaction of more rows than may go together goes row by row, and is counted") {
  Together world(3);
  const int before = counted_apart();
  world.begin_cycle();
  for (const std::string code : {"A", "B", "C", "D"}) world.change(code, "7");
  for (const std::string code : {"E", "F", "G"}) world.change(code, "8");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "-=A, -=B, -=C, -=D, 8=E F G");
  CHECK(counted_apart() == before + 1);
}

TEST_CASE("several changes of a row count as one row, of which the newest state is sent") {
  Together world(2);
  world.begin_cycle();
  for (const std::string code : {"A", "B", "A"}) world.change(code, "7");
  world.end_cycle();
  world.follow();
  CHECK(world.planned() == "7=A(superseded) B A");
}

TEST_CASE("a planner that was killed between two pages of a cycle plans the rest, and nothing twice") {
  Together world(300);
  world.begin_cycle();
  // Two rows in turn for each of many transactions, and one that is too large.
  for (int i = 0; i < 700; ++i) world.change("P" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 700; ++i) world.change("Q" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 1'200; ++i) world.change("R" + std::to_string(i), "large");
  world.end_cycle();
  for (bool more = true; more;) {
    more = world.follow_once();
    world.restart();
  }
  auto reader = world.small().journal().read();
  CHECK(reader->deliveries.last_id() == 2'600);
  std::map<std::int64_t, std::size_t> sizes;
  std::size_t alone = 0;
  for (std::int64_t id = 1; id <= 2'600; ++id) {
    const auto delivery = reader->deliveries.find(id);
    REQUIRE(delivery->state == journal::DeliveryState::pending);
    delivery->bundle_id ? ++sizes[*delivery->bundle_id] : ++alone;
  }
  CHECK(sizes.size() == 700);
  for (const auto& [id, size] : sizes) CHECK(size == 2);
  CHECK(alone == 1'200);
}

TEST_CASE("a dead letter of a transaction that waits for it is mapped anew in its place, as of that transaction") {
  Together world;
  world.begin_cycle();
  world.change("A", "7");
  world.change("B", "7");
  world.end_cycle();
  world.follow();
  world.begin_cycle();
  world.change("A", "8");
  world.change("C", "8");
  world.end_cycle();
  world.follow();
  journal::Delivery dead = world.small().deliveries("A").front();
  dead.state = journal::DeliveryState::dead;
  std::optional<std::int64_t> id;
  world.small().journal().write([&](journal::Records& records) {
    records.deliveries.update(dead);
    id = world.small().planning().plan_again(records, dead, world.small().clock);
  });
  CHECK(id == dead.id);
  CHECK(world.planned() == "7=A B, 8=A C");
  const journal::Delivery anew = world.small().deliveries("A").front();
  CHECK(anew.last_seq == dead.last_seq);
  CHECK(anew.generation == 1);
  CHECK(anew.state == journal::DeliveryState::pending);
}
