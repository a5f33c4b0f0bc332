#include "test/simulation/small_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"

namespace simulation {

using namespace engine;
using model::CallKind;
using test::Cells;
using test::Fate;

namespace {

constexpr int keys = 5;
constexpr std::int64_t late_ids = 20;  ///< so far behind the highest number one may commit: the overlap covers it

model::Layout layout() {
  model::Layout columns;
  columns.columns = {{.name = "code"}, {.name = "name"}, {.name = "version", .type = model::ColumnType::integer}};
  columns.key = {0};
  return columns;
}

settings::Expression sql(const std::string& text) { return {text, {"pipeline.yaml", 1, 1}, -1}; }

settings::TableDefinition table_definition(const Table& table) {
  settings::TableDefinition definition;
  definition.name = table.name;
  definition.connection = "erp";
  definition.request.from = table.name;
  definition.request.key = {"code"};
  definition.initial = settings::Initial::deliver;
  definition.capture.mode = table.mode;
  definition.capture.every_ms = 1'000;
  definition.capture.chunk_rows = 3;
  if (table.mode == "diff") return definition;
  definition.capture.full_every_ms = 3'600'000;
  definition.capture.columns = {{"version", {"table.yaml", 1, 1}}};
  definition.capture.overlap_ids = 2 * late_ids;
  definition.capture.log = "change_log";
  return definition;
}

settings::PipelineDefinition pipeline_definition(const Table& table) {
  settings::PipelineDefinition pipeline;
  pipeline.name = "of_" + table.name;
  pipeline.table = table.name;
  pipeline.map = {{"name", {sql("name")}, false}, {"version", {sql("version")}, false}};
  pipeline.target.connection = "shop";
  pipeline.target.object = "customer";
  pipeline.target.match = {{"code", {sql("code")}, false}};
  return pipeline;
}

void make_api(test::FakeTarget& target, Api api) {
  target.automatic = false;
  if (api == Api::keyed) {
    target.offers(CallKind::upsert, {.native_upsert = true}).offers(CallKind::delete_);
  } else if (api == Api::searched) {
    target.offers(CallKind::find).offers(CallKind::create).offers(CallKind::update).offers(CallKind::delete_);
  } else {
    target.offers(CallKind::create, {.repeat_safe = true}).offers(CallKind::update, {.repeat_safe = true});
    target.offers(CallKind::delete_, {.repeat_safe = true});
  }
}

/// A process' end of the wire: the other side lives on without it.
class Wire final : public model::Target {
 public:
  explicit Wire(test::FakeTarget& other_side) : other_side_(other_side) {}
  const model::ObjectTraits& traits(std::string_view object) const override { return other_side_.traits(object); }
  model::PreparedCall prepare(std::span<const model::Call> calls) const override { return other_side_.prepare(calls); }
  void send(const model::PreparedCall& call, Answered answered) override { other_side_.send(call, std::move(answered)); }
  void stop() override {}

 private:
  test::FakeTarget& other_side_;
};

}  // namespace

Table::Table(const std::string& how) : name("by_" + how), mode(how), source(layout()) {
  if (mode == "tail") source.log.emplace();
}

const Cells* Table::find(const std::string& code) const {
  const auto found = std::ranges::find_if(source.rows, [&](const Cells& row) { return row[0] == code; });
  return found == source.rows.end() ? nullptr : &*found;
}

void Table::put(const std::string& code, const std::string& text, std::int64_t version) {
  source.put({code, text, std::to_string(version)});
  if (source.log) source.log->add({code});
}

void Table::erase(const std::string& code) {
  source.erase({code});
  if (source.log) source.log->add({code});
}

SmallWorld::SmallWorld(std::uint64_t seed, Api api) : random_(seed), disk_(journal::test::fault_vfs()) {
  disk_.breaks = true;
  disk_.sync_skipped = true;
  make_api(target, api);
  target.object().consistent_after_ms = below(2) * 1'000;
  if (chance(50)) {
    for (auto& [kind, traits] : target.object().calls) traits.records_max = model::only_reads(kind) ? 1 : 3;
  }
  for (const char* mode : {"diff", "watermark", "tail"}) {
    const Table& table = *tables.emplace_back(std::make_unique<Table>(mode));
    instance_.tables.emplace(table.name, table_definition(table));
    instance_.pipelines.emplace("of_" + table.name, pipeline_definition(table));
  }
  settings::TargetConnection& shop = instance_.targets["shop"];
  shop.name = "shop";
  shop.limits.in_flight = 1 + below(4);
  for (auto& table : tables) {
    table->source.before_statement = [this, &table = *table](std::size_t statement) { break_source(table, statement); };
    for (int rows = below(keys); rows > 0; --rows) edit(*table);
  }
  start();
}

SmallWorld::~SmallWorld() { disk_.writes_left = -1; }

void SmallWorld::start() {
  journal_ = journal::Journal::open({.path = folder_.journal(), .vfs = journal::test::fault_vfs_name});
  work([this] {
    engine_ = std::make_unique<pipeline::Rehearsal>(instance_, *journal_, clock_,
                                                    [this](const auto&) { return std::make_unique<Wire>(target); });
    engine_->settle();
  });
}

/// What was under way at the target arrives there or does not; nobody hears of it.
void SmallWorld::kill() {
  ++kills;
  engine_.reset();
  journal_.reset();
  while (target.waiting() > 0) target.process_at(0, chance(50) ? Fate::lost : Fate::taken_answer_lost);
  disk_.writes_left = -1;
  if (chance(30)) clock_.jump(below(7'200'000) - 3'600'000);
  if (chance(30)) edit(any_table());
  start();
}

void SmallWorld::work(const std::function<void()>& piece) {
  if (!all_is_well_ && chance(6)) disk_.writes_left = below(40);
  bool died = false;
  try {
    piece();
  } catch (const Error& error) {
    died = error.code() == ErrorCode::journal_failed && disk_.writes_left == 0;
    if (!died && error.code() != ErrorCode::source_unreachable) throw;
  }
  if (died) return kill();
  disk_.writes_left = -1;
}

void SmallWorld::capture(Table& table) {
  work([&] {
    engine_->capture(table.name, table.source);
    engine_->settle();
  });
}

void SmallWorld::act() {
  const int what = below(100);
  if (what < 30) {
    edit(any_table());
  } else if (what < 34) {
    commit_late(any_table());
  } else if (what < 60) {
    capture(any_table());
  } else if (what < 90) {
    answer_one();
  } else if (what < 94) {
    clock_.advance(chance(10) ? below(4 * 3'600'000) : below(5'000));
    work([this] { engine_->settle(); });
  } else if (what < 96) {
    clock_.jump(below(7'200'000) - 3'600'000);
  } else {
    kill();
  }
}

void SmallWorld::answer_one() {
  static constexpr Fate faults[] = {Fate::taken_answer_lost, Fate::lost, Fate::unreachable, Fate::busy, Fate::throttled};
  work([this] {
    if (target.waiting() > 0) {
      const Fate fate = all_is_well_ || chance(65) ? Fate::taken : faults[below(5)];
      target.process_at(static_cast<std::size_t>(below(static_cast<int>(target.waiting()))), fate)();
    }
    engine_->settle();
  });
}

void SmallWorld::edit(Table& table) {
  const std::string code = fmt::format("{}{}", table.mode[0], below(keys));
  if (table.find(code) != nullptr && chance(25)) return table.erase(code);
  // Few names, so that a row often returns to what it was but for its number.
  table.put(code, std::string(1, static_cast<char>('a' + below(3))), ++version_);
}

/// A transaction took its number some time ago, and is seen only now.
void SmallWorld::commit_late(Table& table) {
  const std::string code = fmt::format("{}{}", table.mode[0], below(keys));
  const Cells* row = table.find(code);
  const std::int64_t number = version_ - below(static_cast<int>(late_ids));
  if (row != nullptr && std::stoll((*row)[2].value()) < number) table.put(code, "late", number);
}

/// While it is read the table changes, or the database goes away.
void SmallWorld::break_source(Table& table, std::size_t) {
  if (all_is_well_) return;
  if (chance(10)) edit(table);
  if (chance(4)) throw Error(ErrorCode::source_unreachable, "the connection was lost");
}

void SmallWorld::recover() {
  all_is_well_ = true;
  kill();
  for (int minutes = 0; minutes < 24 * 60; minutes += 5) {
    for (const auto& table : tables) capture(*table);
    while (target.waiting() > 0) answer_one();
    clock_.advance(5 * 60'000);
    work([this] { engine_->settle(); });
  }
}

std::string SmallWorld::left_over() {
  std::string words;
  auto lease = journal_->read();
  for (const auto& [name, definition] : instance_.pipelines) {
    const auto row = lease->pipelines.find(name);
    if (!row) continue;
    for (const auto& [state, count] : lease->deliveries.counts(row->id)) words += fmt::format("{}: {} {}\n", name, count, journal::name_of(state));
  }
  for (const auto& anomaly : lease->anomalies.all_open()) words += fmt::format("anomaly {}\n", anomaly.id);
  return words;
}

}  // namespace simulation
