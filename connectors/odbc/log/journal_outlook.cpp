#include "connectors/odbc/log/journal_outlook.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/metrics.h"
#include "engine/model/source/change_log.h"

namespace connectors::odbc {

using engine::model::LogLost;

namespace {

/// Below it a weekend without a daemon, or a long reading, is enough to lose the place.
constexpr std::int64_t short_reach_s = 3 * 24 * 3'600;

std::string hours_text(std::int64_t seconds) {
  return seconds < 3'600 ? fmt::format("{} minutes", seconds / 60) : fmt::format("{} hours", seconds / 3'600);
}

}  // namespace

void tell_outlook(const ReceiverChain& chain, const JournalPosition& from, const std::string& table) {
  try {
    const std::optional<std::int64_t> left_s = chain.outlook(from).left_s;
    if (left_s) engine::gauge("datapicker_journal_left_seconds", {{"table", table}}, static_cast<double>(*left_s));
  } catch (const LogLost&) {
    // The next look reads all rows, and says why.
  }
}

std::vector<std::string> with_outlook(const ReceiverChain& chain, const std::optional<JournalPosition>& from, std::vector<std::string> remarks) {
  try {
    const ReceiverOutlook outlook = chain.outlook(from.value_or(chain.end()));
    if (outlook.kept_s && *outlook.kept_s < short_reach_s) {
      remarks.push_back(fmt::format("receivers of this journal are there for {} after they are detached: if Datapicker is down, or behind, for longer, all rows are read",
                                    hours_text(*outlook.kept_s)));
    }
    if (from && outlook.left_s && *outlook.left_s < short_reach_s) {
      remarks.push_back(fmt::format("{} entries of the journal are behind what was read, and the receiver {} that they begin in may be deleted in {}", outlook.behind,
                                    from->receiver, hours_text(std::max<std::int64_t>(0, *outlook.left_s))));
    }
  } catch (const LogLost& lost) {
    remarks.push_back(fmt::format("{}: all rows are read at the next look", lost.what()));
  }
  return remarks;
}

}  // namespace connectors::odbc
