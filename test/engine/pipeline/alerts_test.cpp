// Alerts without threads, mail servers or a clock: what is told, when, and that it is told once.
#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/pipeline/alerts/alert_book.h"
#include "engine/pipeline/alerts/outbox.h"
#include "engine/pipeline/alerts/rhythm.h"

using namespace engine;
using namespace engine::pipeline;
using Subjects = std::vector<std::string>;

namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t week = 168 * hour;
constexpr std::int64_t monday = 1'799'020'800'000;  // 2027-01-04 00:00 UTC

Observed well() {
  Observed observed;
  TableLive table;
  table.name = "anacli";
  table.connection = "erp";
  table.state = "waiting";
  table.last_cycle_ms = 1;
  observed.live.tables.push_back(table);
  observed.live.pipelines.push_back({"customers", "running", ""});
  observed.live.targets.push_back({"shop", "running", "", 0, 7});
  return observed;
}

Observed with_source(const std::string& state) {
  Observed observed = well();
  observed.live.tables[0].state = state;
  observed.live.tables[0].reason = "no answer";
  return observed;
}

Observed with_target(const std::string& state, std::int64_t delivered = 7) {
  Observed observed = well();
  observed.live.targets[0].state = state;
  observed.live.targets[0].delivered = delivered;
  return observed;
}

class Book {
 public:
  Subjects at(std::int64_t ms, const Observed& observed) {
    Subjects subjects;
    for (const model::Notice& notice : book_.update(conditions_in(observed), monday + ms)) subjects.push_back(notice.subject);
    return subjects;
  }
  void restart() {
    AlertBook next("acme");
    next.restore(book_.json());
    book_ = std::move(next);
  }

 private:
  AlertBook book_{"acme"};
};

}  // namespace

TEST_CASE("a source that is down for a minute is told once, and once that it is over") {
  Book book;
  CHECK(book.at(0, with_source("unreachable")) == Subjects{});
  CHECK(book.at(30'000, with_source("unreachable")) == Subjects{});
  CHECK(book.at(60'000, with_source("unreachable")) == Subjects{"[datapicker acme] source erp cannot be read"});
  CHECK(book.at(90'000, with_source("unreachable")) == Subjects{});
  CHECK(book.at(100'000, well()) == Subjects{});
  CHECK(book.at(160'000, well()) == Subjects{"[datapicker acme] over: source erp cannot be read"});
  CHECK(book.at(300'000, well()) == Subjects{});
}

TEST_CASE("a source that is away for a moment is not told at all, and one that flaps is one alert") {
  Book book;
  CHECK(book.at(0, with_source("unreachable")) == Subjects{});
  CHECK(book.at(50'000, well()) == Subjects{});
  CHECK(book.at(100'000, with_source("unreachable")) == Subjects{});
  CHECK(book.at(160'000, with_source("unreachable")).size() == 1);
  for (std::int64_t ms = 170'000; ms < 400'000; ms += 20'000) {
    CHECK(book.at(ms, well()) == Subjects{});
    CHECK(book.at(ms + 10'000, with_source("unreachable")) == Subjects{});
  }
}

TEST_CASE("fifty tables of a dead server are one alert") {
  Observed observed = with_source("unreachable");
  observed.live.tables.resize(50, observed.live.tables[0]);
  Book book;
  book.at(0, observed);
  CHECK(book.at(60'000, observed).size() == 1);
}

TEST_CASE("what was told before a restart is neither told again nor taken for over before the source was read") {
  Book book;
  book.at(0, with_source("refused"));
  CHECK(book.at(60'000, with_source("refused")).size() == 1);
  book.restart();
  Observed starting = with_source("waiting");
  starting.live.tables[0].last_cycle_ms = 0;
  CHECK(book.at(70'000, starting) == Subjects{});
  CHECK(book.at(200'000, starting) == Subjects{});
  CHECK(book.at(210'000, with_source("refused")) == Subjects{});
  CHECK(book.at(220'000, well()) == Subjects{});
  CHECK(book.at(280'000, well()) == Subjects{"[datapicker acme] over: source erp cannot be read"});
}

TEST_CASE("refused credentials are told at once, an open breaker after five minutes") {
  Book book;
  CHECK(book.at(0, with_target("auth_refused")) == Subjects{"[datapicker acme] shop refuses our credentials"});
  Book other;
  CHECK(other.at(0, with_target("open")) == Subjects{});
  CHECK(other.at(5 * minute, with_target("open")) == Subjects{"[datapicker acme] shop takes nothing"});
  other.restart();
  CHECK(other.at(10 * minute, with_target("running", 0)) == Subjects{});
  CHECK(other.at(20 * minute, with_target("running", 0)) == Subjects{});
}

TEST_CASE("dead letters, uncertain deliveries, a paused table, a stopped pipeline and a full disk are told") {
  Observed observed = with_source("paused");
  observed.live.pipelines[0].state = "stopped";
  observed.live.targets[0].state = "paused";
  observed.awaiting = {{"customers", 3, 1}};
  Book book;
  Subjects all = book.at(0, observed);
  const Subjects later = book.at(2 * minute, observed);
  all.insert(all.end(), later.begin(), later.end());
  CHECK(all == Subjects{"[datapicker acme] table anacli is paused", "[datapicker acme] dead letters of customers",
                        "[datapicker acme] the journal's disk is full", "[datapicker acme] pipeline customers maps nothing",
                        "[datapicker acme] uncertain deliveries of customers"});
}

TEST_CASE("an anomaly is told when it opens and when it is decided, not while it grows") {
  Book book;
  Observed held = well();
  held.held.push_back({"customers", 7, 97, "97 records would be taken away"});
  CHECK(book.at(0, held) == Subjects{"[datapicker acme] held: unusual changes of customers (7)"});
  held.held[0].deliveries = 120;
  CHECK(book.at(minute, held).empty());
  held.held.push_back({"customers", 8, 60, "60 records would be changed"});
  CHECK(book.at(2 * minute, held) == Subjects{"[datapicker acme] held: unusual changes of customers (8)"});
  CHECK(book.at(3 * minute, well()).empty());
  CHECK(book.at(5 * minute, well()).size() == 2);
}

TEST_CASE("a snoozed anomaly is neither told nor taken for over, and told anew when the snooze ends") {
  Observed observed = well();
  observed.held = {{"to_shop", 7, 12, "12 records would be deleted"}};
  Book book;
  CHECK(book.at(0, observed).size() == 1);
  observed.held.front().is_snoozed = true;
  for (const int minutes : {1, 5, 30}) CHECK(book.at(minutes * minute, observed) == Subjects{});
  observed.held.front().is_snoozed = false;
  CHECK(book.at(60 * minute, observed).size() == 1);
  observed.held.front().is_snoozed = true;
  CHECK(book.at(61 * minute, observed) == Subjects{});
  observed.held.clear();
  CHECK(book.at(90 * minute, observed) == Subjects{});
}

TEST_CASE("what a person paused is no news") {
  Observed observed = with_source("paused");
  observed.live.tables[0].by_person = true;
  observed.live.pipelines[0].state = "paused";
  Book book;
  CHECK(book.at(0, observed) == Subjects{});
  CHECK(book.at(10 * minute, observed) == Subjects{});
}

TEST_CASE("a book that cannot be read is an empty one") {
  AlertBook book("acme");
  book.restore("[{\"kind\":7}]");
  book.restore("nonsense");
  CHECK(book.json() == "[]");
}

// A table that changes every ten minutes from Monday to Friday, 8 to 18.
class Office {
 public:
  void run_weeks(int weeks) {
    const std::int64_t end = now_ + weeks * week;
    for (; now_ < end; now_ += 5 * minute) look(is_open(now_) && now_ % (10 * minute) == 0);
  }
  void look(bool change) {
    if (change) last_change_ = now_;
    rhythm_.observe("orders", last_change_, now_);
  }
  /// Nothing changes until the given time of the week; when that is told first.
  std::optional<std::int64_t> first_told(std::int64_t from, std::int64_t until) {
    now_ = now_ - (now_ - monday) % week;
    const std::int64_t start = now_;
    for (; now_ < start + until; now_ += 5 * minute) {
      look(now_ < start + from && is_open(now_) && now_ % (10 * minute) == 0);
      if (rhythm_.unusual_silence("orders", now_)) return now_ - start;
    }
    return std::nullopt;
  }
  Rhythm& rhythm() { return rhythm_; }

 private:
  static bool is_open(std::int64_t ms) {
    const std::int64_t of_week = (ms - monday) % week;
    const std::int64_t of_day = of_week % (24 * hour);
    return of_week < 5 * 24 * hour && of_day >= 8 * hour && of_day < 18 * hour;
  }
  Rhythm rhythm_;
  std::int64_t now_ = monday;
  std::int64_t last_change_ = 0;
};

TEST_CASE("a silence of an hour in office hours is unusual, nights and weekends are not") {
  Office office;
  office.run_weeks(3);
  CHECK_FALSE(office.first_told(week, week));
  const auto told = office.first_told(11 * hour, 24 * hour);  // Monday at eleven the last change
  REQUIRE(told);
  CHECK(*told > 11 * hour);
  CHECK(*told <= 12 * hour);
}

TEST_CASE("nothing is said of a rhythm that is not known yet") {
  Office office;
  office.run_weeks(1);
  CHECK_FALSE(office.first_told(11 * hour, 24 * hour));
}

TEST_CASE("a rhythm and a silence under way survive a restart") {
  Office office;
  office.run_weeks(3);
  Rhythm after;
  after.restore(office.rhythm().json());
  const std::int64_t monday_noon = monday + 3 * week + 12 * hour;
  after.observe("orders", 0, monday_noon);
  const auto silence = after.unusual_silence("orders", monday_noon);
  REQUIRE(silence);  // since Friday, though a Monday's noon is silent for ten minutes at most
  CHECK(silence->lasts_ms > 60 * hour);
  CHECK(silence->usual_ms <= 20 * minute);
}

TEST_CASE("a channel that is down is tried again with growing waits, in order, while the other goes on") {
  Outbox outbox({"mail a@example.com", "webhook chat"});
  bool down = true;
  std::vector<std::string> mails;
  int chats = 0;
  int tries = 0;
  const auto tell = [&](std::size_t channel, const model::Notice& notice) {
    if (channel == 1) return void(++chats);
    ++tries;
    if (down) throw Error(ErrorCode::target_unreachable, "no connection");
    mails.push_back(notice.subject);
  };
  outbox.add({"1", "first", "", ""}, 0);
  outbox.add({"2", "second", "", ""}, 0);
  for (std::int64_t ms = 0; ms < 10 * minute; ms += 5'000) outbox.send_due(ms, tell);
  CHECK(chats == 2);
  CHECK(tries == 5);  // after 0, 30, 90, 210 and 450 seconds
  Outbox restarted({"mail a@example.com", "webhook chat"});
  restarted.restore(outbox.json());
  CHECK(restarted.waiting() == 2);
  down = false;
  restarted.send_due(11 * minute, tell);
  CHECK(mails == Subjects{"first", "second"});
  CHECK(chats == 2);
  CHECK(restarted.waiting() == 0);
}

TEST_CASE("an alert is given up after a day, and no channel keeps more than two hundred") {
  Outbox outbox({"mail a@example.com"});
  const auto refuse = [](std::size_t, const model::Notice&) { throw Error(ErrorCode::target_unreachable, "down"); };
  for (int i = 0; i < 300; ++i) outbox.add({std::to_string(i), "s", "", ""}, 0);
  CHECK(outbox.waiting() == 200);
  outbox.send_due(0, refuse);
  outbox.send_due(25 * hour, refuse);
  CHECK(outbox.waiting() == 199);
}
