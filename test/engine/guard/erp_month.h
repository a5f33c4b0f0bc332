// Thirty days of a made-up company's ERP, as counts of what each cycle does at the targets, with the disasters in it labelled. What guards are judged by.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace test {

/// What nobody meant. Everything else is business, however unusual it looks.
enum class Disaster : std::uint8_t {
  none,
  priceless,    ///< UPDATE … SET price = 0, without its WHERE
  emptied,      ///< the nightly job empties the table, and loads it again
  halved,       ///< a driver gives half of the rows, without an error
  code_page,    ///< every name is read in another code page
  restored,     ///< the database is last week's backup
  dripping,     ///< 2 % of the rows each minute, for an hour
  deactivated,  ///< many rows at once leave `where`
};
inline constexpr std::array<Disaster, 7> all_disasters{Disaster::priceless, Disaster::emptied,  Disaster::halved,     Disaster::code_page,
                                                       Disaster::restored,  Disaster::dripping, Disaster::deactivated};
std::string name_of(Disaster disaster);

struct ErpPipeline {
  std::string name;
  std::int64_t records = 0;  ///< at its target
};

/// One cycle of one pipeline that does something. Each effect is of another record.
struct ErpCycle {
  std::size_t pipeline = 0;
  std::int64_t at_ms = 0;
  std::int64_t inserts = 0;
  std::int64_t updates = 0;
  std::int64_t deletes = 0;
  std::int64_t down_ms = 0;  ///< nothing was read for so long before it, since the daemon did not run
  bool announced = false;    ///< by `expect`
  Disaster disaster = Disaster::none;
};

/// An office that works from Monday to Friday, a shop that never closes, a stock that a nightly job counts anew, invoices that are posted at
/// night, twice as much of all of it when the month ends. In every month there are a holiday, a Saturday on which people work, a nightly
/// job that ran in the morning instead, hours for which the daemon was down, the change to winter time, prices of a supplier that nobody
/// announced, a yearly price list that somebody did, and a table that is cleaned of what is old.
class ErpMonth {
 public:
  static constexpr int days = 30;
  /// The same seed is the same month; `disaster` happens once, in its second half.
  ErpMonth(std::uint64_t seed, Disaster disaster);

  static const std::vector<ErpPipeline>& pipelines();
  static std::int64_t begin_ms();
  /// In order of time.
  const std::vector<ErpCycle>& cycles() const { return cycles_; }

 private:
  std::vector<ErpCycle> cycles_;
};

}  // namespace test
