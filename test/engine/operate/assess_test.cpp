// What counted changes say, without a source.
#include <doctest/doctest.h>

#include "engine/base/text/characters.h"
#include "engine/operate/inspect/assess/charts.h"
#include "engine/operate/inspect/assess/choose_tables.h"
#include "engine/operate/inspect/assess/findings.h"
#include "engine/operate/inspect/assess/report.h"
#include "engine/operate/inspect/assess/summary.h"
#include "engine/operate/inspect/hints.h"

namespace engine::operate {

namespace {

constexpr std::int64_t minute = 60'000, hour = 60 * minute;
constexpr std::int64_t begin = 1'767'225'600'000;  // 1 January 2026, midnight UTC

/// A table that is watched from `begin` for a day, and what happens in it.
class Watched {
 public:
  explicit Watched(std::vector<Stretch> stretches = {{begin, begin + day_ms}}) : stretches_(std::move(stretches)) {}

  /// `now` rows are in it; all that changed are different ones.
  std::vector<WouldHold> holds(std::int64_t rows, const ProposedLimits& limits) const {
    const auto count_rows = [](std::int64_t first_seq, std::int64_t last_seq) { return last_seq - first_seq + 1; };
    return would_hold({.name = "item", .stretches = stretches_}, tally, {.rows = rows, .count_rows = count_rows}, limits);
  }

  void change(std::int64_t at_ms, model::Operation operation, const std::string& key, std::string columns = "[]", std::string user = "anna") {
    model::Change change{.seq = ++seq_, .cycle_id = at_ms, .key = "[\"" + key + "\"]", .operation = operation, .changed_columns = std::move(columns), .captured_ms = begin + at_ms};
    if (operation != model::Operation::delete_) change.after = R"({"nested":[{"user_mod":"x"}],"user_mod":")" + user + R"(","n":1})";
    tally.add(change, stretches_, begin);
  }
  void update(std::int64_t at_ms, const std::string& key, std::string columns = R"(["price"])") {
    change(at_ms, model::Operation::update, key, std::move(columns));
  }
  void update_many(std::int64_t at_ms, int rows) {
    for (int i = 0; i < rows; ++i) update(at_ms, std::to_string(i));
  }

  TableTally tally{"user_mod", 0};

 private:
  std::vector<Stretch> stretches_;
  std::int64_t seq_ = 0;
};

}  // namespace

TEST_CASE("changes are counted by column, and by whom the row itself names") {
  Watched table;
  table.update(minute, "1", R"(["price","seen"])");
  table.update(2 * minute, "2", R"(["seen"])");
  table.change(3 * minute, model::Operation::insert, "3", "[]", "bruno");
  table.change(4 * minute, model::Operation::delete_, "1");
  CHECK(table.tally.counts.inserts == 1);
  CHECK(table.tally.counts.updates == 2);
  CHECK(table.tally.counts.deletes == 1);
  REQUIRE(table.tally.column_names == std::vector<std::string>{"price", "seen"});
  CHECK(table.tally.columns[0].alone == 0);
  CHECK(table.tally.columns[1].changed == 2);
  CHECK(table.tally.columns[1].alone == 1);
  CHECK(table.tally.users == std::map<std::string, std::int64_t>{{"anna", 2}, {"bruno", 1}});
  CHECK(table.tally.rows_of_day.at(0) == 3);
}

TEST_CASE("what is found after a pause is counted, but at no time") {
  Watched table({{begin, begin + hour}, {begin + 2 * hour, begin + 3 * hour}});
  table.update(minute, "1");
  table.update(hour + 5'000, "2");          // the end of a stretch is noted every ten seconds
  table.update(2 * hour - 1'000, "3");      // by the first cycle after the pause
  table.update(2 * hour + minute, "4");
  CHECK(table.tally.counts.updates == 4);
  CHECK(table.tally.between.updates == 1);
  CHECK(table.tally.by_slot.size() == 3);
}

TEST_CASE("many changes within minutes are one burst, and a busy day is none") {
  Watched table;
  for (int i = 0; i < 1'000; ++i) table.update(i * minute, "r" + std::to_string(i));
  CHECK(bursts_of("item", table.tally, 10'000, day_ms).empty());
  table.update_many(1'100 * minute, 300);
  table.update_many(1'101 * minute, 200);
  const std::vector<Burst> bursts = bursts_of("item", table.tally, 10'000, day_ms);
  REQUIRE(bursts.size() == 1);
  CHECK(bursts[0].counts.updates == 500);
  CHECK(bursts[0].columns == std::vector<std::string>{"price"});
  CHECK(bursts[0].share == doctest::Approx(0.05));
}

TEST_CASE("limits lie above what is usual, and what towers above it is not usual") {
  Watched table;
  for (int h = 0; h < 20; ++h) {
    for (int i = 0; i < 30; ++i) table.update(h * hour + i * minute, std::to_string(h * 100 + i));
  }
  table.update_many(21 * hour, 5'000);
  const ProposedLimits limits = propose_limits(table.tally, 10'000);
  CHECK(limits.updates == 100);
  CHECK(limits.deletes == 50);
  CHECK(limits.usual_hour_max == 30);
  const std::vector<WouldHold> holds = table.holds(10'000, limits);
  REQUIRE(holds.size() == 1);
  CHECK(holds[0].counts.updates == 5'000);
  CHECK_FALSE(holds[0].by_default);
  CHECK(holds[0].text.find("5,000 records would be changed") == 0);
}

TEST_CASE("a mass delete is held without any configuration, once, however many cycles bring it") {
  Watched table;
  for (int i = 0; i < 900; ++i) table.change(hour + i / 100 * minute, model::Operation::delete_, std::to_string(i));
  const std::vector<WouldHold> holds = table.holds(100, propose_limits(table.tally, 100));
  std::size_t by_default = 0;
  for (const WouldHold& each : holds) by_default += each.by_default ? 1 : 0;
  CHECK(by_default == 1);
}

namespace {

/// Twenty updates an hour, and a mass change on one of the days.
std::vector<std::string> defaults_hold(std::int64_t watched_days, std::int64_t on_day) {
  Watched table({{begin, begin + watched_days * day_ms}});
  for (std::int64_t at = 0; at < watched_days * day_ms; at += hour) {
    table.update_many(at + minute, 20);
    if (at == on_day * day_ms + 10 * hour) table.update_many(at + 30 * minute, 412);
  }
  std::vector<std::string> texts;
  for (const WouldHold& each : table.holds(100'000, propose_limits(table.tally, 100'000))) {
    if (each.by_default) texts.push_back(each.text);
  }
  return texts;
}

}  // namespace

TEST_CASE("what is unusual for its hour is held as soon as enough was watched to know that, and teaches nothing") {
  CHECK(defaults_hold(20, 17) == std::vector<std::string>{"412 updates in this cycle; usual at this hour: 20 to 20"});
  CHECK_MESSAGE(defaults_hold(20, 13).empty(), "one that nobody could know as unusual makes nothing usual either, alone");
  const WatchedTable watched{.name = "item", .stretches = {{begin, begin + day_ms}, {begin + 2 * day_ms, begin + 20 * day_ms}}};
  CHECK(knows_rhythm_from(watched, begin + 20 * day_ms) == begin + 14 * day_ms);
  CHECK(knows_rhythm_from(watched, begin + 13 * day_ms) == 0);
}

TEST_CASE("a row that changes again and again is one row to a limit") {
  Watched table;
  for (int i = 0; i < 10; ++i) table.update_many(hour + i * minute, 30);
  const ProposedLimits limits{.inserts = 50, .updates = 100, .deletes = 50};
  CHECK(table.holds(10'000, limits).size() == 1);
  const auto same_thirty = [](std::int64_t, std::int64_t) { return 30; };
  CHECK(would_hold({.name = "item"}, table.tally, {.rows = 10'000, .count_rows = same_thirty}, limits).empty());
}

TEST_CASE("a quiet moment is proposed where it would merge a third of the updates") {
  Watched table;
  for (int i = 0; i < 100; ++i) table.update(i * 30'000, std::to_string(i / 4));
  CHECK(propose_settle(table.tally, 5'000) == minute);
  Watched calm;
  for (int i = 0; i < 100; ++i) calm.update(i * 30'000, std::to_string(i));
  CHECK(propose_settle(calm.tally, 5'000) == 0);
}

TEST_CASE("a column that did not move with every update is no watermark") {
  WatchedTable table{.name = "orders", .from = "orders"};
  table.proposal = {.mode = "watermark", .every_ms = 2'000, .column = "ts_mod", .overlap_ms = 600'000, .full_every_ms = hour, .diff_every_ms = 30'000};
  Watched faithful;
  faithful.update(minute, "1", R"(["state","ts_mod"])");
  CHECK(refined(table, faithful.tally).mode == "watermark");
  faithful.update(minute, "2", R"(["state"])");
  const CaptureProposal proposal = refined(table, faithful.tally);
  CHECK(capture_yaml(proposal) == "{ mode: diff, every: 30s }");
  CHECK(proposal.reasons.front().find("did not move with 1 of 2 updates") != std::string::npos);
}

TEST_CASE("a day is one nightly copy, which carries all rows for those that changed") {
  Watched watched;
  watched.update(hour, "1");
  watched.update(2 * hour, "1");
  watched.update(26 * hour, "1");
  WatchedTable table{.name = "item", .from = "item", .key = {"id"}, .stretches = {{begin, begin + day_ms}}};
  Assessment whole{.connection = "erp", .begin_ms = begin, .end_ms = begin + day_ms + minute, .watched_ms = day_ms, .slot_ms = slot_for(day_ms)};
  summarise(table, watched.tally, {.rows = 1'000, .bytes = 50'000}, false, whole);
  CHECK(whole.slot_ms == hour);
  CHECK(whole.tables[0].copied_rows == 1'000);
  CHECK(whole.tables[0].needed_rows == 2);
  whole.end_ms = begin + 2 * day_ms;
  summarise(table, watched.tally, {.rows = 1'000, .bytes = 50'000}, true, whole);
  CHECK(whole.tables[1].copied_rows == 2'000);
  CHECK(whole.tables[1].users[0].name == "user 1");
  CHECK(sums_of(whole).for_nothing() == doctest::Approx(2'996.0 / 3'000));
}

TEST_CASE("tables are named with or without their schema, in any case, with stars") {
  CHECK(is_named("GESTIO.ANACLI", "anacli"));
  CHECK(is_named("GESTIO.ANACLI", "gestio.*"));
  CHECK(is_named("GESTIO.ANACLI", "ana*"));
  CHECK(is_named("anacli", "*cli"));
  CHECK_FALSE(is_named("GESTIO.ANACLI", "gestio"));
  CHECK_FALSE(is_named("OTHER.ANACLI", "gestio.anacli"));
}

TEST_CASE("a column that names who changed the row is known by its name, and who made it is somebody else") {
  const auto user_of = [](const std::vector<std::string>& names) {
    model::Layout layout;
    for (const std::string& name : names) layout.columns.push_back({.name = name});
    return user_column(layout);
  };
  CHECK(user_of({"code", "created_by_user", "UTEMOD"}) == "UTEMOD");
  CHECK(user_of({"user_name", "modified_by"}) == "modified_by");
  CHECK(user_of({"ERNAM", "AENAM"}) == "AENAM");
  CHECK(user_of({"code", "name"}).empty());
}

TEST_CASE("the page holds what it shows: no script, nothing from elsewhere, no names as markup") {
  Assessment assessment{.connection = "erp <b>", .server = "PostgreSQL", .begin_ms = begin, .end_ms = begin + day_ms, .watched_ms = day_ms, .wanted_ms = day_ms, .slot_ms = hour};
  AssessedTable table{.name = "a<i>&", .from = "a", .key = {"id"}, .watched_since_ms = begin, .rows = 10, .counts = {.updates = 7}};
  table.by_time[begin + hour] = {.updates = 7};
  table.users.push_back({"<script>alert(1)</script>", 7});
  assessment.tables.push_back(table);
  const std::string page = page_of(assessment);
  CHECK(page.find("what is unusual for its hour of the week. A guard holds by that once it has learnt for 14 days; this was watched for 24 h") != std::string::npos);
  assessment.tables.push_back({.name = "old", .from = "old", .watched_since_ms = begin, .rhythm_since_ms = begin + 14 * day_ms});
  CHECK(page_of(assessment).find("taught what is usual; 1 table was watched for less, and not judged by that") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("http://") == std::string::npos);
  CHECK(page.find("https://") == std::string::npos);
  CHECK(page.find("erp &lt;b&gt;") != std::string::npos);
  CHECK(page.find("a&lt;i&gt;&amp;") != std::string::npos);
  CHECK(grouped(1'250'112) == "1,250,112");
}

}  // namespace engine::operate
