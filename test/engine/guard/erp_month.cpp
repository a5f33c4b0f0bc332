#include "test/engine/guard/erp_month.h"

#include <algorithm>
#include <cmath>

#include "engine/base/text/durations.h"

namespace test {

using engine::day_ms;
using engine::hour_ms;
using engine::minute_ms;

namespace {

constexpr std::int64_t first_day_ms = 1'791'158'400'000;       ///< Monday, 5 October 2026, as if its local midnight were UTC's
constexpr std::int64_t winter_time_ms = 1'792'890'000'000;     ///< 25 October, 01:00 UTC
constexpr int month_end_day = 25;                              ///< Friday, 30 October
constexpr int archive_day = 27;                                ///< 1 November
constexpr int learnt_day = 15;                                 ///< disasters come in the second half

enum Table : std::size_t { prices, customers, stock, orders, invoices };

/// Numbers that are the same everywhere: the distributions of the standard library are not.
class Dice {
 public:
  /// Mixed once, since neighbouring states are the same numbers one throw later.
  explicit Dice(std::uint64_t seed) : state_(seed) { state_ = next(); }
  double share() { return static_cast<double>(next() >> 11) / static_cast<double>(1ULL << 53); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(share() * static_cast<double>(high - low + 1));
  }
  /// How often something happens that does so `mean` times on average.
  std::int64_t events(double mean) {
    if (mean > 60) return std::max<std::int64_t>(0, std::llround(mean + std::sqrt(mean) * normal()));
    std::int64_t count = 0;
    for (double left = std::exp(-mean), product = share(); product > left; product *= share()) ++count;
    return count;
  }
  double normal() {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += share();
    return sum - 6;
  }

 private:
  std::uint64_t next() {  // splitmix64
    std::uint64_t mixed = (state_ += 0x9E3779B97F4A7C15U);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31);
  }
  std::uint64_t state_;
};

/// What people do in an office hour of an average day, on average, and how much of it comes at once.
struct Desk {
  double inserts = 0;
  double updates = 0;
  double deletes = 0;
  double at_once = 1;
};
constexpr std::array<Desk, 5> desks{Desk{0.5, 3, 0.05, 1}, Desk{1.5, 18, 0.1, 2}, Desk{0.2, 60, 0.1, 6}, Desk{25, 50, 0.2, 3}, Desk{2, 12, 0.1, 2}};

constexpr std::array<double, 24> office_hours{0, 0, 0, 0, 0, 0, 0.05, 0.3, 1, 1.4, 1.5, 1.4, 0.7, 0.6, 1.2, 1.4, 1.2, 0.8, 0.3, 0.1, 0.02, 0, 0, 0};
constexpr std::array<double, 24> shop_hours{0.3, 0.1, 0, 0, 0, 0.1, 0.3, 0.6, 0.8, 1, 1, 1.1, 1.2, 1, 0.9, 1, 1.1, 1.3, 1.6, 2, 2.4, 2, 1.2, 0.6};
constexpr std::array<double, 7> weekdays{1.3, 1.05, 1, 1, 0.85, 0.05, 0.01};

class Writer {
 public:
  Writer(std::uint64_t seed, std::vector<ErpCycle>& cycles) : dice_(seed), cycles_(cycles) {
    holiday_ = workday(3, 22);
    busy_saturday_ = static_cast<int>(7 * dice_.between(0, 3) + 5);
    late_job_ = workday(8, 28);
    price_list_ = workday(15, 27);
    supplier_ = workday(2, 28);
    cleaning_ = workday(2, 28);
    down_day_ = workday(9, 28);
  }

  void write_business() {
    for (int day = 0; day < ErpMonth::days; ++day) {
      // Some days are busier, and everybody notices: all tables at once.
      const double of_day = std::exp(0.25 * dice_.normal()) * factor_of(day);
      for (int hour = 0; hour < 24; ++hour) write_hour(day, hour, of_day);
      write_jobs(day);
    }
    write_rare();
    sort();
    go_down();
  }

  void write(Disaster disaster) {
    const int day = workday(learnt_day, ErpMonth::days - 1);
    const std::int64_t at = in_day(day, static_cast<int>(dice_.between(8, 17)), dice_.between(0, 59));
    const std::int64_t night = in_day(day, 2, dice_.between(5, 40));
    switch (disaster) {
      case Disaster::none: return;
      case Disaster::priceless: add({prices, at, 0, all(prices), 0}, disaster); break;
      case Disaster::emptied:
        add({stock, night, 0, 0, all(stock)}, disaster);
        add({stock, night + 2 * minute_ms, all(stock), 0, 0}, disaster);
        break;
      case Disaster::halved: add({customers, at, 0, 0, dice_.between(all(customers) * 45 / 100, all(customers) * 55 / 100)}, disaster); break;
      case Disaster::code_page: add({customers, night, 0, all(customers), 0}, disaster); break;
      case Disaster::restored: restore(at); break;
      case Disaster::dripping:
        for (int minute = 0; minute < 60; ++minute) add({prices, at + minute * minute_ms, 0, all(prices) / 50, 0}, disaster);
        break;
      case Disaster::deactivated: add({customers, at, 0, 0, dice_.between(all(customers) * 5 / 100, all(customers) * 15 / 100)}, disaster); break;
    }
    sort();
  }

 private:
  static std::int64_t all(std::size_t table) { return ErpMonth::pipelines()[table].records; }
  static std::int64_t in_day(int day, int hour, std::int64_t minute) {
    const std::int64_t summer = first_day_ms + day * day_ms + hour * hour_ms + minute * minute_ms - 2 * hour_ms;
    return summer < winter_time_ms ? summer : summer + hour_ms;
  }
  int workday(int from, int to) {
    for (;;) {
      const int day = static_cast<int>(dice_.between(from, to));
      if (day % 7 < 5 && day != holiday_) return day;
    }
  }
  bool is_office_day(int day) const { return day % 7 < 5 && day != holiday_; }
  double factor_of(int day) const {
    if (day == holiday_) return weekdays[6];
    double factor = day == busy_saturday_ ? 0.6 : weekdays[static_cast<std::size_t>(day % 7)];
    if (day == holiday_ + 1) factor *= 1.4;
    return factor * month_end(day);
  }
  static double month_end(int day) { return day == month_end_day ? 2.5 : day == month_end_day - 1 ? 1.8 : day == archive_day + 1 ? 1.4 : 1; }

  void add(ErpCycle cycle, Disaster disaster = Disaster::none) {
    cycle.disaster = disaster;
    if (cycle.inserts + cycle.updates + cycle.deletes > 0) cycles_.push_back(cycle);
  }

  void write_hour(int day, int hour, double of_day) {
    const auto at = static_cast<std::size_t>(hour);
    for (std::size_t table = 0; table < desks.size(); ++table) {
      const Desk& desk = desks[table];
      const double office = office_hours[at] * of_day;
      const double shop = table == orders ? 5 * shop_hours[at] * month_end(day) : table == stock ? 8 * shop_hours[at] : 0;
      scatter(day, hour, table, desk.at_once, desk.inserts * office + shop, &ErpCycle::inserts);
      scatter(day, hour, table, desk.at_once, desk.updates * office + shop, &ErpCycle::updates);
      scatter(day, hour, table, 1, desk.deletes * office, &ErpCycle::deletes);
    }
  }

  /// Over the hour, a few at once: who works on a record touches its neighbours.
  void scatter(int day, int hour, std::size_t table, double at_once, double mean, std::int64_t ErpCycle::*count) {
    if (table == stock && count == &ErpCycle::inserts) mean = 0;
    for (std::int64_t left = dice_.events(mean / at_once); left > 0; --left) {
      ErpCycle cycle{.pipeline = table, .at_ms = in_day(day, hour, 0) + dice_.between(0, hour_ms - 1)};
      cycle.*count = 1 + dice_.events(at_once - 1);
      add(cycle);
    }
  }

  void write_jobs(int day) {
    const int job_hour = day == late_job_ ? 9 : 2;
    const std::int64_t job = in_day(day, job_hour, 10) + dice_.between(-25, 40) * minute_ms;
    add({stock, job, 0, all(stock) * dice_.between(30, 50) / 100, 0});
    if (!is_office_day(day)) return;
    const double busy = month_end(day);
    const auto times = [&](std::int64_t low, std::int64_t high) { return std::llround(busy * static_cast<double>(dice_.between(low, high))); };
    add({orders, in_day(day, 18, dice_.between(0, 20)), 0, times(120, 200), 0});
    add({invoices, in_day(day, 23, dice_.between(15, 50)), times(100, 200), times(60, 150), 0});
    if (day % 7 == 2) add({prices, in_day(day, static_cast<int>(dice_.between(9, 10)), dice_.between(0, 59)), 0, dice_.between(60, 180), 0});
  }

  void write_rare() {
    add({prices, in_day(supplier_, static_cast<int>(dice_.between(9, 16)), 5), 0, dice_.between(80, 250), 0});
    add({customers, in_day(cleaning_, static_cast<int>(dice_.between(9, 16)), 25), 0, 0, dice_.between(15, 45)});
    add({invoices, in_day(archive_day, 4, 0), 0, 0, dice_.between(400, 900)});
    add({.pipeline = prices, .at_ms = in_day(price_list_, static_cast<int>(dice_.between(18, 20)), 0), .updates = all(prices), .announced = true});
  }

  /// What would have been read meanwhile is read at once when the daemon is back.
  void go_down() {
    const std::int64_t from = in_day(down_day_, static_cast<int>(dice_.between(6, 16)), 0);
    const std::int64_t until = from + dice_.between(2, 7) * hour_ms;
    std::array<ErpCycle, desks.size()> caught_up{};
    std::vector<ErpCycle> kept;
    for (const ErpCycle& cycle : cycles_) {
      if (cycle.at_ms < from || cycle.at_ms >= until || cycle.announced) {
        kept.push_back(cycle);
        continue;
      }
      ErpCycle& sum = caught_up[cycle.pipeline];
      sum.inserts += cycle.inserts;
      sum.updates += cycle.updates;
      sum.deletes += cycle.deletes;
    }
    cycles_ = std::move(kept);
    for (std::size_t table = 0; table < caught_up.size(); ++table) {
      caught_up[table].pipeline = table;
      caught_up[table].at_ms = until;
      caught_up[table].down_ms = until - from;
      add(caught_up[table]);
    }
    sort();
  }

  /// All that was done in a week is undone at once: what was made is gone, what was changed is as it was.
  void restore(std::int64_t at) {
    std::array<ErpCycle, desks.size()> undone{};
    for (const ErpCycle& cycle : cycles_) {
      if (cycle.at_ms < at - 7 * day_ms || cycle.at_ms >= at) continue;
      undone[cycle.pipeline].deletes += cycle.inserts;
      undone[cycle.pipeline].inserts += cycle.deletes;
      undone[cycle.pipeline].updates += cycle.updates * 6 / 10;
    }
    for (const std::size_t table : {customers, stock, orders, invoices}) {
      undone[table].pipeline = table;
      undone[table].at_ms = at;
      undone[table].updates = std::min(undone[table].updates, all(table) * 9 / 10);
      add(undone[table], Disaster::restored);
    }
  }

  void sort() {
    std::stable_sort(cycles_.begin(), cycles_.end(), [](const ErpCycle& one, const ErpCycle& other) { return one.at_ms < other.at_ms; });
  }

  Dice dice_;
  std::vector<ErpCycle>& cycles_;
  int holiday_ = -1;
  int busy_saturday_ = 0;
  int late_job_ = 0;
  int price_list_ = 0;
  int supplier_ = 0;
  int cleaning_ = 0;
  int down_day_ = 0;
};

}  // namespace

std::string name_of(Disaster disaster) {
  static const std::array<std::string, 8> names{"none", "priceless", "emptied", "halved", "code page", "restored", "dripping", "deactivated"};
  return names.at(static_cast<std::size_t>(disaster));
}

const std::vector<ErpPipeline>& ErpMonth::pipelines() {
  static const std::vector<ErpPipeline> all{{"prices", 12'000}, {"customers", 20'000}, {"stock", 8'000}, {"orders", 30'000}, {"invoices", 15'000}};
  return all;
}

std::int64_t ErpMonth::begin_ms() { return first_day_ms - 2 * hour_ms; }

ErpMonth::ErpMonth(std::uint64_t seed, Disaster disaster) {
  Writer writer(seed, cycles_);
  writer.write_business();
  writer.write(disaster);
}

}  // namespace test
